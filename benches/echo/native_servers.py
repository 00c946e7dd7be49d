"""The servers in C, C++ and Rust, and one on Node."""

from __future__ import annotations

import re
from pathlib import Path

from our_examples import our_example, our_version
from server import HERE, OUT, ROOT, Group, Server, output_of

NATIVE = Group("native", "C, C++, Rust, Node", ("uws", "tungstenite"))


def crate(name: str) -> str:
    lock = (HERE / "servers" / "rust" / "Cargo.lock").read_text()
    match = re.search(rf'name = "{name}"\nversion = "(.*)"', lock)
    return match[1] if match else "?"


def wslay_version() -> str:
    header = Path("/usr/include/wslay/wslayver.h").read_text()
    match = re.search(r'WSLAY_VERSION "(.*)"', header)
    return match[1] if match else "?"


def ws_version() -> str:
    package = (OUT / "node" / "node_modules" / "ws" / "package.json").read_text()
    match = re.search(r'"version": "(.*)"', package)
    return f"{match[1] if match else '?'}, Node {output_of('node', '--version')}"


def native_servers() -> list[Server]:
    cargo = OUT / "cargo" / "release"
    return [
        Server(
            NATIVE,
            "wscodec",
            "wscodec, examples-c",
            our_example(str(ROOT / "examples-c" / "echo_server")),
            our_version,
        ),
        Server(
            NATIVE,
            "uws",
            "uWebSockets",
            [str(OUT / "uws")],
            lambda: f"in the crate libuwebsockets-sys {crate('libuwebsockets-sys')}",
            "uws",
        ),
        Server(
            NATIVE,
            "lws",
            "libwebsockets",
            [str(OUT / "lws")],
            lambda: output_of("pkg-config", "--modversion", "libwebsockets"),
            "lws",
        ),
        Server(NATIVE, "wslay", "wslay", [str(OUT / "wslay")], wslay_version, "wslay"),
        Server(
            NATIVE,
            "tungstenite",
            "tokio-tungstenite",
            [str(cargo / "tungstenite")],
            lambda: crate("tokio-tungstenite"),
            "tungstenite",
        ),
        Server(
            NATIVE,
            "tungstenite-forward",
            "tokio-tungstenite, forward()",
            [str(cargo / "tungstenite"), "forward"],
            lambda: crate("tokio-tungstenite"),
            "tungstenite",
        ),
        Server(
            NATIVE,
            "fastwebsockets",
            "fastwebsockets",
            [str(cargo / "fastwebsockets")],
            lambda: crate("fastwebsockets"),
            "fastwebsockets",
        ),
        Server(
            NATIVE, "ws", "ws (Node)", ["node", str(OUT / "node" / "ws.mjs")], ws_version, "ws"
        ),
    ]
