"""What a measured server is, and how one is built."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT = ROOT / "target" / "echo"


@dataclass(frozen=True)
class Group:
    """Servers that make one table."""

    name: str
    title: str
    peers: tuple[str, ...]  # names of the servers that all of them are compared with
    most_idle: int = 1 << 20  # idle connections that they can be asked to hold
    most_open: int = 1 << 20  # connections of a measurement of messages
    cores: int = 1  # that a server gets; the second one is that of the clients


@dataclass(frozen=True)
class Server:
    group: Group
    name: str
    title: str
    command: list[str]  # the port is appended
    version: Callable[[], str]
    target: str = ""  # of the Makefile in this folder, if it has to be built
    environment: dict[str, str] = field(default_factory=dict)
    compressing: dict[str, list[str]] = field(default_factory=dict)  # commands by IDLE_KINDS


class Unavailable(Exception):
    """The reason why a server cannot be measured here."""


def build(target: str) -> None:
    log = OUT / "logs" / f"build-{target}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["make", "-C", str(HERE), target], capture_output=True, text=True, errors="replace"
    )
    log.write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if "rror" in line]
        raise Unavailable((errors or ["make failed"])[0] + f" ({log.relative_to(ROOT)})")


def output_of(*command: str, environment: dict[str, str] | None = None) -> str:
    env = {**os.environ, **(environment or {})}
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env)
    except OSError:
        return ""
    return done.stdout.strip()
