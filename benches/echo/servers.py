"""The echo servers that are measured: how each is built, started and named."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT = ROOT / "target" / "echo"
PYTHON = str(OUT / "venv" / "bin" / "python")


@dataclass(frozen=True)
class Server:
    name: str
    title: str
    command: list[str]  # the port is appended
    version: Callable[[], str]
    target: str = ""  # of the Makefile in this folder, if it has to be built
    environment: dict[str, str] = field(default_factory=dict)


class Unavailable(Exception):
    """The reason why a server cannot be built here."""


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


# ---- versions ----


def output_of(*command: str, environment: dict[str, str] | None = None) -> str:
    env = {**os.environ, **(environment or {})}
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env)
    except OSError:
        return ""
    return done.stdout.strip()


def our_version() -> str:
    commit = output_of("git", "describe", "--always", "--dirty")
    match = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)
    return f"{match[1] if match else '?'}, {commit}"


def crate(name: str) -> str:
    lock = (HERE / "servers" / "rust" / "Cargo.lock").read_text()
    match = re.search(rf'name = "{name}"\nversion = "(.*)"', lock)
    return match[1] if match else "?"


def wslay_version() -> str:
    header = Path("/usr/include/wslay/wslayver.h").read_text()
    match = re.search(r'WSLAY_VERSION "(.*)"', header)
    return match[1] if match else "?"


def python_package(name: str) -> Callable[[], str]:
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    return lambda: f"{output_of(PYTHON, '-c', code)}, {output_of(PYTHON, '--version')}"


def ws_version() -> str:
    package = (OUT / "node" / "node_modules" / "ws" / "package.json").read_text()
    match = re.search(r'"version": "(.*)"', package)
    return f"{match[1] if match else '?'}, Node {output_of('node', '--version')}"


# ---- commands ----


def ours(*command: str, environment: dict[str, str] | None = None) -> list[str]:
    """One of our examples, without compression if it has an option for that."""
    options = output_of(*command, "--help", environment=environment)
    plain = ["--no-compression"] if "--no-compression" in options else []
    return [*command, *plain, "--host", "127.0.0.1", "--port"]


def all_servers() -> list[Server]:
    library = ROOT / "target" / "release" / "libwscodec.so"
    binding = {"WSCODEC_LIBRARY": str(library), "PYTHONPATH": str(ROOT / "python")}
    cargo = OUT / "cargo" / "release"
    servers = HERE / "servers"
    python_example = str(ROOT / "python" / "examples" / "echo_server.py")
    return [
        Server(
            "wscodec",
            "wscodec, examples-c",
            ours(str(ROOT / "examples-c" / "echo_server")),
            our_version,
        ),
        Server(
            "uws",
            "uWebSockets",
            [str(OUT / "uws")],
            lambda: f"in the crate libuwebsockets-sys {crate('libuwebsockets-sys')}",
            "uws",
        ),
        Server(
            "lws",
            "libwebsockets",
            [str(OUT / "lws")],
            lambda: output_of("pkg-config", "--modversion", "libwebsockets"),
            "lws",
        ),
        Server("wslay", "wslay", [str(OUT / "wslay")], wslay_version, "wslay"),
        Server(
            "tungstenite",
            "tokio-tungstenite",
            [str(cargo / "tungstenite")],
            lambda: crate("tokio-tungstenite"),
            "tungstenite",
        ),
        Server(
            "tungstenite-forward",
            "tokio-tungstenite, forward()",
            [str(cargo / "tungstenite"), "forward"],
            lambda: crate("tokio-tungstenite"),
            "tungstenite",
        ),
        Server(
            "fastwebsockets",
            "fastwebsockets",
            [str(cargo / "fastwebsockets")],
            lambda: crate("fastwebsockets"),
            "fastwebsockets",
        ),
        Server("ws", "ws (Node)", ["node", str(OUT / "node" / "ws.mjs")], ws_version, "ws"),
        Server(
            "wscodec-python",
            "wscodec, python/examples",
            ours(PYTHON, python_example, environment=binding),
            our_version,
            environment=binding,
        ),
        Server(
            "picows",
            "picows (Python)",
            [PYTHON, str(servers / "picows_server.py")],
            python_package("picows"),
        ),
        Server(
            "websockets",
            "websockets (Python)",
            [PYTHON, str(servers / "websockets_server.py")],
            python_package("websockets"),
        ),
    ]
