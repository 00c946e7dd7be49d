"""The servers in C, C++ and Rust, and one on Node."""

from __future__ import annotations

import re
from pathlib import Path

from our_examples import our_example, our_version
from server import HERE, OUT, ROOT, Group, Server, output_of

NATIVE = Group("native", "C, C++, Rust, Node", ("uws", "tungstenite"))
TWO_CORES = Group("two-cores", "Two threads on two cores", ("uws-two",), cores=2)

EXAMPLES = ROOT / "examples-c"
UWS = str(OUT / "uws")


def crate(name: str) -> str:
    lock = (HERE / "servers" / "rust" / "Cargo.lock").read_text()
    match = re.search(rf'name = "{name}"\nversion = "(.*)"', lock)
    return match[1] if match else "?"


def uws_version() -> str:
    return f"in the crate libuwebsockets-sys {crate('libuwebsockets-sys')}"


def wslay_version() -> str:
    header = Path("/usr/include/wslay/wslayver.h").read_text()
    match = re.search(r'WSLAY_VERSION "(.*)"', header)
    return match[1] if match else "?"


def beast_version() -> str:
    header = Path("/usr/include/boost/version.hpp").read_text()
    match = re.search(r'BOOST_LIB_VERSION "(.*)"', header)
    return f"Boost {match[1].replace('_', '.') if match else '?'}"


def ws_version() -> str:
    package = (OUT / "node" / "node_modules" / "ws" / "package.json").read_text()
    match = re.search(r'"version": "(.*)"', package)
    return f"{match[1] if match else '?'}, Node {output_of('node', '--version')}"


def our_servers() -> list[Server]:
    epoll, uring = str(EXAMPLES / "echo_server"), str(EXAMPLES / "loops" / "uring_server")
    return [
        Server(
            NATIVE,
            "wscodec",
            "wscodec, epoll",
            our_example(epoll),
            our_version,
            compressing={
                "deflate": our_example(epoll, "--no-client-context"),
                "context": our_example(epoll, "--context-takeover"),
            },
        ),
        Server(
            NATIVE,
            "wscodec-uring",
            "wscodec, io_uring",
            our_example(uring),
            our_version,
            "uring_server",
        ),
    ]


def on_tokio(name: str, title: str, distribution: str = "", *words: str) -> Server:
    """The program of this name in servers/rust, which is called with these words."""
    program = str(OUT / "cargo" / "release" / name)
    server = "-".join([name, *words])
    version = crate(distribution or name)
    return Server(NATIVE, server, title, [program, *words], lambda: version, name)


def others() -> list[Server]:
    node = ["node", str(OUT / "node" / "ws.mjs")]
    return [
        Server(
            NATIVE,
            "uws",
            "uWebSockets",
            [UWS],
            uws_version,
            "uws",
            compressing={"deflate": [UWS, "--shared"], "context": [UWS, "--dedicated"]},
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
        Server(NATIVE, "beast", "Boost.Beast", [str(OUT / "beast")], beast_version, "beast"),
        on_tokio("tungstenite", "tokio-tungstenite", "tokio-tungstenite"),
        on_tokio("tungstenite", "tokio-tungstenite, forward()", "tokio-tungstenite", "forward"),
        on_tokio("tokio-websockets", "tokio-websockets"),
        on_tokio("sockudo-ws", "sockudo-ws"),
        on_tokio("fastwebsockets", "fastwebsockets"),
        Server(
            NATIVE,
            "ws",
            "ws (Node)",
            node,
            ws_version,
            "ws",
            compressing={"deflate": [*node, "--deflate"], "context": [*node, "--context"]},
        ),
    ]


def servers_on_two_cores() -> list[Server]:
    threads = str(EXAMPLES / "loops" / "threads_server")
    ours = our_example(threads, "--no-compression", "--threads", "2")
    theirs = [UWS, "--threads", "2"]
    return [
        Server(
            TWO_CORES,
            "wscodec-two",
            "wscodec, epoll, 2 threads",
            ours,
            our_version,
            "threads_server",
        ),
        Server(TWO_CORES, "uws-two", "uWebSockets, 2 threads", theirs, uws_version, "uws"),
    ]


def native_servers() -> list[Server]:
    return [*our_servers(), *others(), *servers_on_two_cores()]
