"""Programs that are written in a page, run as processes of their own."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import wscodec
from guide import slug
from ports import free_port

PATIENCE = 10
PORT = 8765
"""The port in the programs of a page; they get a free one instead."""


def programs(page: Path, language: str = "python") -> dict[str, list[str]]:
    """The blocks of each section that has some, by the name of the section in links."""
    parts = re.split(r"^##+ (.+)\n", page.read_text(), flags=re.M)
    pattern = re.compile(rf"^```{language}\n(.*?)^```$", re.M | re.S)
    found = {slug(name): pattern.findall(text) for name, text in zip(parts[1::2], parts[2::2])}
    return {name: blocks for name, blocks in found.items() if blocks}


class Running:
    """A program that was started."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.output = ""
        """What it has printed, once it has ended."""

    def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        self.output += line
        return line.rstrip("\n")

    def end(self, number: signal.Signals | None = None) -> int:
        """Waits for the end, after this signal if there is one. Returns the exit status."""
        if number is not None:
            self.process.send_signal(number)
        self.output += self.process.communicate(timeout=PATIENCE)[0]
        return self.process.returncode


class Stage:
    """Runs the programs of a page in an empty folder, with a port that is free."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.replaced: dict[str, str] = {str(PORT): str(self.port)}
        """What else than in the page the programs have to contain."""
        self.environment = {
            **{name: value for name, value in os.environ.items() if "proxy" not in name},
            "PYTHONPATH": str(Path(wscodec.__file__).parents[1]),
            "WSCODEC_LIBRARY": os.path.abspath(wscodec.library_path()),
            "PYTHONWARNINGS": "error",
        }
        self._started: list[Running] = []

    @property
    def uri(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def start(self, program: str, *arguments: str) -> Running:
        """Starts a program. Its errors are part of its output."""
        for ours, theirs in self.replaced.items():
            program = program.replace(ours, theirs)
        file = self.folder / f"program-{len(self._started)}.py"
        file.write_text(program)
        return self.start_command(str(file), *arguments)

    def start_command(self, *arguments: str) -> Running:
        """Starts the interpreter with these arguments."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._started.append(Running(process))
        return self._started[-1]

    def serve(self, program: str) -> Running:
        """Starts a server, and waits until it listens."""
        server = self.start(program)
        deadline = time.monotonic() + PATIENCE
        while server.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), PATIENCE).close()
                return server
            time.sleep(0.02)
        server.process.kill()
        server.end()
        raise AssertionError(f"the server does not listen: {server.output}")

    def run(self, program: str, *arguments: str) -> str:
        """Runs a program to its end, and returns what it has printed."""
        return self._finished(self.start(program, *arguments))

    def run_command(self, *arguments: str) -> str:
        """Runs the interpreter with these arguments."""
        return self._finished(self.start_command(*arguments))

    def _finished(self, running: Running) -> str:
        try:
            status = running.end()
        except subprocess.TimeoutExpired:
            raise AssertionError("the program does not end") from None
        assert status == 0, running.output
        return running.output

    def close(self) -> None:
        for running in self._started:
            if running.process.poll() is None:
                running.process.kill()
                running.process.communicate()
            elif running.process.stdout:
                running.process.stdout.close()


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    result = Stage(folder)
    try:
        yield result
    finally:
        result.close()
