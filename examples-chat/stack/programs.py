"""What must be installed."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

CHAT = Path(__file__).resolve().parents[1]
ROOT = CHAT.parent
C_SERVER = CHAT / "c" / "chat_server"

DEBIAN = {
    "redis-server": "redis-server",
    "nginx": "nginx-light",
    "haproxy": "haproxy",
    "openssl": "openssl",
}
"""The package of each program."""
MODULES = {
    "redis": "pip install -r examples-chat/python/requirements.txt",
    "wscodec": "pip install ./python",
}
"""What installs each module of Python. `make chat` needs neither."""
LIBRARIES = {"hiredis": "libhiredis-dev", "jansson": "libjansson-dev"}


def find(program: str) -> str | None:
    """The path of a program. Debian has the proxies in /usr/sbin, which a PATH may lack."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin")


def path_of(program: str) -> str:
    path = find(program)
    if path is None:
        raise FileNotFoundError(f"{program} is not installed: apt install {DEBIAN[program]}")
    return path


def missing() -> list[str]:
    """The commands that install what is missing."""
    packages = [DEBIAN[program] for program in DEBIAN if find(program) is None]
    if not C_SERVER.exists():
        packages += _missing_for_building()
    commands = [f"apt install {' '.join(packages)}"] if packages else []
    for module, command in MODULES.items():
        if importlib.util.find_spec(module) is None:
            commands.append(command)
    return commands


def _missing_for_building() -> list[str]:
    if find("pkg-config") is None:
        return ["pkg-config", *LIBRARIES.values()]
    return [package for name, package in LIBRARIES.items() if not _has_library(name)]


def _has_library(name: str) -> bool:
    return subprocess.run(["pkg-config", "--exists", name]).returncode == 0
