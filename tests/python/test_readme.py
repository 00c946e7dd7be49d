"""The programs in README.md work without changes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import programs
import pytest
from websockets.sync.client import connect

ROOT = Path(__file__).parents[2]
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def program(language: str) -> str:
    """The only fenced block of a language."""
    (block,) = re.findall(
        rf"^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S
    )
    return str(block)


def run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_the_c_program_prints_what_its_comments_promise(tmp_path: Path) -> None:
    source, binary = tmp_path / "hello.c", tmp_path / "hello"
    source.write_text(program("c"))
    library = ROOT / "target" / "lib"
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}"]
    run(
        "cc", *flags, "-o", binary, source, f"-L{library}", f"-Wl,-rpath,{library}", "-lwscodec"
    )
    printed = run(binary)
    assert printed.startswith("HTTP/1.1 101 Switching Protocols\n")
    assert f"Sec-WebSocket-Accept: {ACCEPT}\n" in printed
    assert printed.endswith("\n\nopcode 1: Hello\n")


@pytest.mark.skipif(not shutil.which("c++"), reason="no C++ compiler")
@pytest.mark.skipif(
    "\n```cpp\n" not in (ROOT / "README.md").read_text(), reason="no program in C++"
)
def test_the_cpp_program_prints_what_its_comments_promise(tmp_path: Path) -> None:
    source, binary = tmp_path / "hello.cpp", tmp_path / "hello"
    source.write_text(program("cpp"))
    library = ROOT / "target" / "lib"
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}"]
    run(
        "c++",
        *flags,
        "-o",
        binary,
        source,
        f"-L{library}",
        f"-Wl,-rpath,{library}",
        "-lwscodec",
    )
    printed = run(binary)
    assert printed.startswith("HTTP/1.1 101 Switching Protocols\n")
    assert f"Sec-WebSocket-Accept: {ACCEPT}\n" in printed
    assert printed.endswith("\n\nHello\n7 bytes to send\n")


def test_the_python_program_echoes(tmp_path: Path) -> None:
    with programs.stage(tmp_path) as running:
        running.serve(program("python"))
        with connect(running.uri) as connection:
            connection.send("Hello")
            assert connection.recv() == "Hello"
