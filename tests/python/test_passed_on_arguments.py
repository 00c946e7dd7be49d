"""Arguments that a function passes on to another one: what type checkers and help() know of
them."""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import needs
import pytest
import wscodec.asyncio
import wscodec.sync
from wire import ROOT
from wscodec.asyncio import _arguments as of_asyncio
from wscodec.sync import _arguments as of_sync

LOOPS = (asyncio.AbstractEventLoop, asyncio.SelectorEventLoop)
SERVE_LOOP = [loop.create_server for loop in LOOPS]
SERVE_UNIX_LOOP = [loop.create_unix_server for loop in LOOPS]
CONNECT_LOOP = [loop.create_connection for loop in LOOPS]
CONNECT_UNIX_LOOP = [loop.create_unix_connection for loop in LOOPS]
LATER = {"all_errors", "ssl_shutdown_timeout", "keep_alive", "cleanup_socket"}
"""Arguments that came after Python 3.9."""


def names(*functions: Any) -> set[str]:
    """Of the arguments, without those that are not given by name."""
    found = {name for each in functions for name in inspect.signature(each).parameters}
    return found - {"self", "protocol_factory", "kwargs", "arguments", "options"}


@pytest.mark.parametrize(
    ("types", "functions"),
    [
        (of_asyncio.ServeLoopArguments, SERVE_LOOP),
        (of_asyncio.ConnectLoopArguments, CONNECT_LOOP),
        (of_sync.ListenArguments, [socket.create_server]),
        (of_sync.SocketArguments, [socket.create_connection]),
    ],
)
def test_type_checkers_know_what_is_passed_on_to_asyncio_and_to_sockets(
    types: Any, functions: list[Any]
) -> None:
    own = {name for name in types.__annotations__ if not name.startswith("proxy_")}
    # They are arguments of serve() itself.
    assert names(*functions) - own <= {"host", "port", "address"}
    assert own - names(*functions) <= LATER


@pytest.mark.parametrize(
    ("function", "types", "others"),
    [
        (wscodec.asyncio.serve, of_asyncio.UnixServeArguments, SERVE_UNIX_LOOP),
        (wscodec.asyncio.connect, of_asyncio.UnixConnectArguments, CONNECT_UNIX_LOOP),
        (wscodec.sync.serve, of_sync.ServeArguments, [socket.create_server]),
        (wscodec.sync.reconnect, of_sync.ConnectArguments, [socket.create_connection]),
    ],
)
def test_type_checkers_know_what_is_passed_on_to_a_function_of_the_package(
    function: Callable[..., Any], types: Any, others: list[Any]
) -> None:
    parameters = inspect.signature(function).parameters.values()
    known = {
        each.name: each.annotation for each in parameters if each.kind is each.KEYWORD_ONLY
    }
    own: dict[str, Any] = types.__annotations__
    assert set(known) <= set(own)
    assert set(own) - set(known) <= names(*others) | LATER
    for name, annotation in known.items():
        plain = annotation.strip("()").replace("Logger |", "LoggerLike |")
        assert own[name].__forward_arg__.split() == plain.split(), name


@pytest.mark.parametrize(
    ("function", "target"),
    [
        (wscodec.asyncio.unix_connect, wscodec.asyncio.connect),
        (wscodec.asyncio.unix_serve, wscodec.asyncio.serve),
        (wscodec.sync.connect, wscodec.sync.reconnect),
        (wscodec.sync.unix_connect, wscodec.sync.reconnect),
        (wscodec.sync.unix_reconnect, wscodec.sync.reconnect),
        (wscodec.sync.unix_serve, wscodec.sync.serve),
    ],
)
def test_a_signature_has_the_arguments_that_are_passed_on(
    function: Callable[..., Any], target: Callable[..., Any]
) -> None:
    shown = inspect.signature(function).parameters
    passed = inspect.signature(target).parameters.values()
    by_name = [each for each in passed if each.kind is inspect.Parameter.KEYWORD_ONLY]
    assert len(by_name) > 20
    assert [shown[each.name] for each in by_name] == by_name


PROGRAM = """\
from wscodec.{0} import connect, serve, unix_connect, unix_serve, ServerConnection
{1}def handler(connection: ServerConnection) -> None: ...
connect('ws://x', ping_intervall=5)
connect('ws://x', ping_interval='x')
unix_connect('x', max_sise=5)
unix_serve(handler, 'x', subprotocol='x')
serve(handler, 'x', 5, orgins=[])
unix_serve(handler, 'x', backlog='x')
connect('ws://x', {2}=('x', 0), max_size=(1, None))
unix_serve(handler, 'x', backlog=5, origins=[None])
serve(handler, sock=None, ssl=None, reuse_port=True)
"""


@needs.mypy
@pytest.mark.parametrize(
    "values", [("asyncio", "async ", "local_addr"), ("sync", "", "source_address")]
)
def test_mypy_finds_wrong_arguments(values: tuple[str, ...], tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(*values))
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        [*command, "--follow-imports", "silent", str(program)],
        env={**os.environ, "MYPYPATH": str(ROOT / "python")},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    found = {line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line}
    assert found == {"3", "4", "5", "6", "7", "8"}, done.stdout + done.stderr
