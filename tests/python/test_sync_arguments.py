"""Arguments of wscodec.sync: those that can never work are refused at once, by name; and what
type checkers and help() know of them."""

from __future__ import annotations

import functools
import inspect
import logging
import pydoc
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from echo_checks import goodbye
from sync_peers import Records, echo, nothing_is_left, raw, serving, wait_until  # noqa: F401
from wscodec.errors import InvalidArgument
from wscodec.sync import (
    ClientConnection,
    Connection,
    Server,
    ServerConnection,
    connect,
    reconnect,
    serve,
    unix_connect,
    unix_serve,
)

pytestmark = pytest.mark.filterwarnings("error")

LOCAL = ("127.0.0.1", 0)
NAN = float("nan")
URI = "ws://127.0.0.1:1/"


async def coroutine_function(*_: object) -> None:
    pass


class AsyncCallable:
    async def __call__(self, *_: object) -> None:
        pass


OF_BOTH: list[tuple[str, Any, type[Exception]]] = [
    *((name, 0, InvalidArgument) for name in ("open_timeout", "close_timeout")),
    *(
        (name, wrong, InvalidArgument)
        for name in ("open_timeout", "close_timeout", "ping_interval", "ping_timeout")
        for wrong in (-1, NAN, "x", "1", True, [1], float("inf"), 10**400)
    ),
    *(
        ("max_size", wrong, InvalidArgument)
        for wrong in (0, -1, "x", 1.5, True, (1, 2, 3), (), (1,), (10, -1), [1, 2])
    ),
    *(
        ("max_queue", wrong, InvalidArgument)
        for wrong in (0, "x", 1.5, (4, 5), (4, -1), (1, 2, 3))
    ),
    *(("compress_from", wrong, InvalidArgument) for wrong in (-1, "x", None)),
    ("compression", "gzip", InvalidArgument),
    ("compression", True, InvalidArgument),
    ("subprotocols", "chat", TypeError),
    ("subprotocols", 5, TypeError),
    ("subprotocols", ["chat", 5], TypeError),
    ("subprotocols", ["a b"], InvalidArgument),
    ("subprotocols", [""], InvalidArgument),
    ("logger", "x", TypeError),
    ("logger", 0, TypeError),
    ("create_connection", 5, TypeError),
    ("create_connection", lambda: None, TypeError),
    ("ssl", True, TypeError),
    ("ssl", "x", TypeError),
    ("sock", "x", TypeError),
    ("decode_test", True, TypeError),
    ("_path", "x", TypeError),
]

OF_SERVE: list[tuple[str, Any, type[Exception]]] = [
    ("host", 5, TypeError),
    ("port", "x", TypeError),
    ("port", True, TypeError),
    ("port", None, InvalidArgument),
    ("port", -1, InvalidArgument),
    ("port", 65536, InvalidArgument),
    ("family", "x", TypeError),
    ("backlog", "x", TypeError),
    ("origins", "https://a.example", TypeError),
    ("origins", [5], TypeError),
    ("origins", ["https://a.example/"], InvalidArgument),
    ("headers", {"A": "b\r\nC: d"}, InvalidArgument),
    ("headers", 5, TypeError),
    ("server_header", 5, TypeError),
    *(
        (name, wrong, TypeError)
        for name in ("process_request", "process_response", "select_subprotocol")
        for wrong in (5, lambda connection: None, coroutine_function, AsyncCallable())
    ),
]

OF_CONNECT: list[tuple[str, Any, type[Exception]]] = [
    ("process_exception", 5, TypeError),
    ("process_exception", lambda: None, TypeError),
    ("process_exception", coroutine_function, TypeError),
    ("reconnect_delays", [1, 2], TypeError),
    ("reconnect_delays", coroutine_function, TypeError),
    ("additional_headers", {"A": "b\r\nC: d"}, InvalidArgument),
    ("additional_headers", 5, TypeError),
    ("user_agent_header", 5, TypeError),
    ("origin", 5, TypeError),
    ("proxy", 5, TypeError),
    ("proxy", False, TypeError),
    ("proxy_ssl", True, TypeError),
    ("server_hostname", 5, TypeError),
    ("proxy_server_hostname", 5, TypeError),
    ("address", "x", TypeError),
    ("source_address", ("x", "y"), TypeError),
    ("timeout", "x", TypeError),
]


def title(case: Any) -> str:
    return case.__name__ if callable(case) and hasattr(case, "__name__") else repr(case)[:20]


@pytest.mark.parametrize(("name", "wrong", "error"), OF_BOTH + OF_SERVE, ids=title)
def test_serve_refuses_what_can_never_work_at_once_by_name(
    name: str, wrong: Any, error: type[Exception]
) -> None:
    address = {"host": LOCAL[0], "port": LOCAL[1]}
    with pytest.raises(error, match=name):
        serve(echo, **{**address, name: wrong})


@pytest.mark.parametrize(("name", "wrong", "error"), OF_BOTH + OF_CONNECT, ids=title)
def test_connect_refuses_what_can_never_work_at_once_by_name(
    name: str, wrong: Any, error: type[Exception]
) -> None:
    uri = "wss://127.0.0.1:1/" if name == "ssl" else URI
    for function in connect, reconnect:
        with pytest.raises(error, match=name):
            function(uri, **{name: wrong})


def test_an_unknown_argument_is_refused_in_the_words_of_python() -> None:
    wrong: dict[str, Any] = {"x": 1}
    with pytest.raises(TypeError, match=r"^serve\(\) got an unexpected keyword argument 'x'$"):
        serve(echo, *LOCAL, **wrong)
    with pytest.raises(TypeError, match=r"^connect\(\) got an unexpected keyword argument 'x'"):
        connect(URI, **wrong)


@pytest.mark.parametrize("handler", ["x", None, lambda: None, lambda a, b: None])
def test_a_handler_is_called_with_the_connection(handler: Any) -> None:
    with pytest.raises(TypeError, match="handler"):
        serve(handler, *LOCAL)


class Room:
    def enter(self, connection: ServerConnection) -> None:
        connection.close(4000)

    async def wait(self, connection: ServerConnection) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    "handler",
    [
        coroutine_function,
        AsyncCallable(),
        Room().wait,
        functools.partial(coroutine_function, 1),
    ],
    ids=title,
)
def test_a_handler_is_no_coroutine_function(handler: Any) -> None:
    with pytest.raises(TypeError, match="handler is a plain function, not a coroutine"):
        serve(handler, *LOCAL)


def test_a_handler_is_no_generator_function() -> None:
    def generator(connection: ServerConnection) -> Iterator[None]:
        yield

    async def asynchronous(connection: ServerConnection) -> AsyncIterator[None]:
        yield

    for handler in generator, asynchronous:
        with pytest.raises(TypeError, match="handler has yield"):
            serve(handler, *LOCAL)


@pytest.mark.parametrize(
    "handler",
    [
        Room().enter,
        functools.partial(lambda code, connection: connection.close(code), 4000),
        lambda *all_of_them: all_of_them[0].close(4000),
        lambda connection, code=4000: connection.close(code),
    ],
)
def test_whatever_can_be_called_with_a_connection_is_a_handler(
    handler: Callable[[ServerConnection], object],
) -> None:
    with serving(handler) as server, raw(server) as peer:
        assert peer.read(4) == goodbye(4000)


def test_a_handler_that_returns_a_coroutine_has_failed() -> None:
    records = Records()
    with serving(lambda c: coroutine_function(c), logger=records.logger) as server:
        with raw(server) as peer:
            assert peer.read(4) == goodbye(1011)
        wait_until(lambda: "connection handler failed" in records.messages())


def test_arguments_that_exclude_each_other_are_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with socket.create_server(LOCAL) as listening, socket.socket() as fresh:
        for wrong in ({"host": "x"}, {"port": 1}, {"backlog": 5}):
            with pytest.raises(InvalidArgument, match="sock excludes"):
                serve(echo, sock=listening, **wrong)
        with pytest.raises(InvalidArgument, match="sock does not listen"):
            serve(echo, sock=fresh)
        with pytest.raises(InvalidArgument, match="either a path or sock"):
            unix_serve(echo, path, sock=listening)
        with pytest.raises(InvalidArgument, match="either a path or sock"):
            unix_connect(path, sock=fresh)
        with pytest.raises(InvalidArgument, match="sock excludes source_address"):
            connect(URI, sock=fresh, source_address=LOCAL)
    with pytest.raises(InvalidArgument, match="a path excludes source_address"):
        unix_connect(path, source_address=LOCAL)
    with pytest.raises(InvalidArgument, match="ssl is not for a ws:// URI"):
        connect(URI, ssl=ssl.create_default_context())


def test_unix_serve_leaves_no_socket_behind_if_an_argument_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    for wrong in ({"max_size": 0}, {"backlog": "x"}, {"x": 1}):
        with pytest.raises((TypeError, InvalidArgument)):
            unix_serve(echo, path, **wrong)
        assert not path.exists()
    with pytest.raises(TypeError, match="path"):
        unix_serve(echo, 5)  # type: ignore[arg-type]
    with unix_serve(echo, path, backlog=5):
        assert path.is_socket()


def test_an_adapter_is_a_logger() -> None:
    adapter = logging.LoggerAdapter(logging.getLogger("test"), {})
    serve(echo, *LOCAL, logger=adapter).shutdown()


# help()


def test_help_shows_nothing_that_is_not_for_users_and_explains_the_rest() -> None:
    for class_ in ServerConnection, ClientConnection:
        text = pydoc.plain(pydoc.render_doc(class_))
        for name in ("release", "on_timer", "is_served", "turns", "serve(self"):
            assert f" {name}" not in text
        public = {name for each in class_.__mro__ for name in vars(each)} - {"side"}
        for name in public:
            if not name.startswith("_"):
                assert inspect.getdoc(getattr(class_, name)), name
    described: tuple[tuple[type, tuple[str, ...]], ...] = (
        (Connection, ("latency", "socket")),
        (ServerConnection, ("request", "response", "server", "username")),
        (ClientConnection, ("request", "response")),
        (Server, ("socket", "logger")),
    )
    for described_class, names in described:
        for name in names:
            assert f"\n{name}  " in (inspect.getdoc(described_class) or ""), name
