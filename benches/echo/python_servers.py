"""The servers in Python: ours and those of others, each compared on the same event loop."""

from __future__ import annotations

from collections.abc import Callable

from our_examples import our_version
from server import HERE, OUT, ROOT, Group, Server, output_of

PYTHON = str(OUT / "venv" / "bin" / "python")
LIBRARY = {
    "WSCODEC_LIBRARY": str(ROOT / "target" / "release" / "libwscodec.so"),
    "PYTHONPATH": str(ROOT / "python"),
}

# Most of them need half a minute to open 10,000 connections.
FEW = 1000
ASYNCIO = Group("asyncio", "Python, asyncio", ("picows", "websockets"), most_open=FEW)
UVLOOP = Group(
    "uvloop", "Python, uvloop", ("picows-uvloop", "websockets-uvloop"), most_open=FEW
)
# One or two threads for each connection.
THREADS = Group("threads", "Python, threads", ("websockets-sync",), FEW, FEW)


def package(name: str) -> Callable[[], str]:
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    return lambda: f"{output_of(PYTHON, '-c', code)}, {output_of(PYTHON, '--version')}"


def python_servers() -> list[Server]:
    return [
        *both_loops("wscodec-asyncio", "wscodec.asyncio", "wscodec_asyncio.py"),
        *both_loops("wscodec-callback", "wscodec, callback", "wscodec_callback.py"),
        *both_loops("picows", "picows", "picows_core.py"),
        *both_loops("picows-websockets", "picows.websockets", "picows_websockets.py", "picows"),
        *both_loops("websockets", "websockets", "websockets_asyncio.py"),
        on(ASYNCIO, "aiohttp", "aiohttp", "aiohttp_server.py", "aiohttp"),
        on(THREADS, "wscodec-sync", "wscodec.sync", "wscodec_sync.py"),
        on(THREADS, "websockets-sync", "websockets.sync", "websockets_sync.py", "websockets"),
    ]


def both_loops(name: str, title: str, script: str, distribution: str = "") -> list[Server]:
    return [
        on(ASYNCIO, name, title, script, distribution or name),
        on(UVLOOP, f"{name}-uvloop", f"{title}, uvloop", script, distribution or name),
    ]


def on(group: Group, name: str, title: str, script: str, distribution: str = "") -> Server:
    """A server of the folder servers/, of this distribution on PyPI unless it is ours."""
    ours = name.startswith("wscodec")
    loop = ["--uvloop"] if group is UVLOOP else []
    return Server(
        group,
        name,
        title,
        [PYTHON, str(HERE / "servers" / script), *loop],
        our_version if ours else package(distribution),
        environment=LIBRARY if ours else {},
    )
