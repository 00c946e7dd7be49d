"""Programs whose system calls fail now and then: see shim.c."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from echo_checks import Server
from wire import ROOT

SHIM = ROOT / "target/faults/shim.so"


class Faults:
    """The faults of one program. They may be changed while it runs."""

    def __init__(self, file: Path, seed: int) -> None:
        self.file = file
        self.prefix = (
            "env",
            f"LD_PRELOAD={SHIM}",
            f"FAULTS={file}",
            f"FAULT_SEED={seed}",
        )
        """Starts a command with these faults."""

    def set(
        self,
        *,
        one: int = 0,
        part: int = 0,
        eintr: int = 0,
        eagain: int = 0,
        accept: int = 0,
        error: int = 0,
        malloc: int = 0,
    ) -> None:
        """How many percent of the calls fail. `error` is the errno of accept()."""
        # In place: the program has mapped the file.
        with self.file.open("r+b") as file:
            file.write(bytes([one, part, eintr, eagain, accept, error, malloc, 0]))


@contextlib.contextmanager
def faults(seed: int = 1, **rates: int) -> Iterator[Faults]:
    """Faults at these rates."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(8))
        file.flush()
        result = Faults(Path(file.name), seed)
        result.set(**rates)
        yield result


@contextlib.contextmanager
def serving(command: tuple[str, ...], *options: str) -> Iterator[Server]:
    """A server that survives what is done to it, and ends properly."""
    server = Server(command, *options)
    try:
        yield server
        assert server.process.poll() is None, "the server has ended"
    finally:
        status = server.stop()
    assert status == 0


def descriptors(pid: int) -> int:
    """How many a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def settled(server: Server, expected: int) -> bool:
    """Whether the server has closed all descriptors but so many, soon."""
    end = time.monotonic() + 5
    while descriptors(server.process.pid) > expected and time.monotonic() < end:
        time.sleep(0.05)
    return descriptors(server.process.pid) <= expected
