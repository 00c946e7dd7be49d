"""CPU time and memory of processes, from /proc."""

from __future__ import annotations

import os
from pathlib import Path


def seconds(pid: int) -> float:
    """CPU time of the threads of a process, and of its children, as far as they live."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")  # the first number is nanoseconds
    own = sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
    return own + sum(map(seconds, children(pid)))


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
