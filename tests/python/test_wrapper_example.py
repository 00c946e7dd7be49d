"""The server at the top of wscodec.hpp compiles and serves a whole connection."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import wire
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, echo, goodbye
from test_header_example import talk
from wire import ROOT

AROUND = r"""
#include <sys/socket.h>
#include <unistd.h>
#include <wscodec.hpp>

static bool send_all(int fd, const std::string &bytes)
{
    for (const char byte : bytes)
        if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1) return false;
    return true;
}

static %s

int main()
{
    serve(0);
    return 0;
}
"""

pytestmark = pytest.mark.skipif(not shutil.which("c++"), reason="no C++ compiler")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    header = (ROOT / "include" / "wscodec.hpp").read_text()
    found = re.search(r"^//   (void serve.*?^//   })$", header, re.MULTILINE | re.DOTALL)
    assert found
    path = tmp_path_factory.mktemp("serve")
    source, binary = path / "serve.cpp", path / "serve"
    source.write_text(AROUND % re.sub(r"^//   ", "", found[1], flags=re.MULTILINE))
    library = ROOT / "target" / "lib"
    command = ["c++", "-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}"]
    command += ["-o", str(binary), str(source), f"-L{library}", f"-Wl,-rpath,{library}"]
    subprocess.run([*command, "-lwscodec"], check=True)
    return binary


def test_messages_and_a_close(server: Path) -> None:
    hello = wire.frame(0x81, b"Hello")
    sent = PLAIN_REQUEST + hello * 100 + wire.frame(0x89, b"p") + wire.close(1000)
    expected = PLAIN_ANSWER + echo(0x81, b"Hello") * 100 + echo(0x8A, b"p") + goodbye(1000)
    assert talk(server, sent) == expected


def test_an_error(server: Path) -> None:
    received = talk(server, PLAIN_REQUEST + wire.frame(0x81, b"Hello") + wire.frame(0x83, b""))
    assert received == PLAIN_ANSWER + echo(0x81, b"Hello") + goodbye(1002)


def test_a_refusal(server: Path) -> None:
    assert talk(server, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 426 ")
