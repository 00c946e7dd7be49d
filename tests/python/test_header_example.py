"""The server in the description of ws_conn_accept() compiles and serves a whole connection."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
import wire
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, echo, goodbye
from wire import ROOT

AROUND = r"""
#include <sys/socket.h>
#include <unistd.h>
#include <wscodec.h>

static void send_all(int fd, const void *bytes, ws_result len)
{
    for (; len > 0; len--, bytes = (const char *)bytes + 1)
        if (send(fd, bytes, 1, MSG_NOSIGNAL) != 1) return;
}

static void handle(int fd, ws_conn *conn, const ws_event *ev, const void *data)
{
    unsigned char out[256];

    if (ev->opcode == WS_OPCODE_TEXT)
        send_all(fd, out, ws_conn_send(conn, WS_OPCODE_TEXT, 0, data, (size_t)ev->len,
                                       out, sizeof out));
}

static %s

int main(void)
{
    serve(0);
    return 0;
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    header = (ROOT / "include" / "wscodec.h").read_text()
    found = re.search(r"^ \*   (void serve.*?^ \*   })$", header, re.MULTILINE | re.DOTALL)
    assert found
    program = AROUND % re.sub(r"^ \*", "", found[1], flags=re.MULTILINE)
    path = tmp_path_factory.mktemp("serve")
    source, binary = path / "serve.c", path / "serve"
    source.write_text(program)
    library = ROOT / "target" / "lib"
    command = [
        "cc",
        "-std=gnu99",
        "-Wall",
        "-Wextra",
        "-Werror",
        f"-I{ROOT / 'include'}",
    ]
    command += ["-o", str(binary), str(source), f"-L{library}", f"-Wl,-rpath,{library}"]
    subprocess.run([*command, "-lwscodec"], check=True)
    return binary


def talk(server: Path, sent: bytes) -> bytes:
    """What the server sends until it closes its side."""
    ours, its = socket.socketpair()
    with ours, its, subprocess.Popen([server], stdin=its.fileno()) as process:
        its.close()
        ours.settimeout(20)
        ours.sendall(sent)
        received = b"".join(iter(lambda: ours.recv(4096), b""))
        ours.close()
        assert process.wait(timeout=20) == 0
    return received


pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")


def test_messages_and_a_close(server: Path) -> None:
    sent = PLAIN_REQUEST + wire.frame(0x81, b"Hello") + wire.frame(0x89, b"p")
    received = talk(server, sent + wire.close(1000))
    assert received == PLAIN_ANSWER + echo(0x81, b"Hello") + echo(0x8A, b"p") + goodbye(1000)


def test_an_error(server: Path) -> None:
    received = talk(server, PLAIN_REQUEST + wire.frame(0x81, b"Hello") + wire.frame(0x83, b""))
    assert received == PLAIN_ANSWER + echo(0x81, b"Hello") + goodbye(1002)


def test_a_refusal(server: Path) -> None:
    assert talk(server, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 426 ")
