"""Arguments of wscodec.asyncio: those that can never work are refused at once, by name."""

from __future__ import annotations

import functools
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asyncio_peer import RawPeer, echo, run
from wscodec.asyncio import connect, serve, unix_connect, unix_serve
from wscodec.errors import InvalidArgument

LOCAL = ("127.0.0.1", 0)
NAN = float("nan")
URI = "ws://127.0.0.1:1/"


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
    *(("write_limit", wrong, InvalidArgument) for wrong in (-1, "x", (4, 5), (1, 2, 3))),
    *(("compress_from", wrong, InvalidArgument) for wrong in (-1, "x", None)),
    ("compression", "gzip", InvalidArgument),
    ("compression", True, InvalidArgument),
    ("subprotocols", "chat", TypeError),
    ("subprotocols", b"chat", TypeError),
    ("subprotocols", 5, TypeError),
    ("subprotocols", ["chat", 5], TypeError),
    ("subprotocols", ["a b"], InvalidArgument),
    ("subprotocols", ["a", "a"], InvalidArgument),
    ("subprotocols", ["a,b"], InvalidArgument),
    ("subprotocols", [""], InvalidArgument),
    ("logger", "x", TypeError),
    ("logger", 0, TypeError),
    ("create_connection", 5, TypeError),
    ("create_connection", "x", TypeError),
    ("create_connection", lambda: None, TypeError),
    ("on_message", 5, TypeError),
    ("on_message", lambda connection: None, TypeError),
    ("on_message", echo, TypeError),
    ("ssl", "x", TypeError),
    ("sock", "x", TypeError),
    ("port", 1.5, TypeError),
    ("port", -1, InvalidArgument),
    ("port", 65536, InvalidArgument),
    ("decode_test", True, TypeError),
]

OF_SERVE: list[tuple[str, Any, type[Exception]]] = [
    ("ssl", True, TypeError),
    ("ssl", False, TypeError),
    ("origins", "https://a.example", TypeError),
    ("origins", 5, TypeError),
    ("origins", [5], TypeError),
    ("origins", ["https://a.example/"], InvalidArgument),
    ("headers", {"A": "b\r\nC: d"}, InvalidArgument),
    ("headers", {"Upgrade": "x"}, InvalidArgument),
    ("headers", {"A b": "x"}, InvalidArgument),
    ("headers", "x", TypeError),
    ("headers", 5, TypeError),
    ("headers", {"A": 5}, TypeError),
    ("server_header", "a\r\nb: c", InvalidArgument),
    ("server_header", 5, TypeError),
    ("process_request", 5, TypeError),
    ("process_request", lambda connection: None, TypeError),
    ("process_response", 5, TypeError),
    ("process_response", lambda connection, request: None, TypeError),
    ("select_subprotocol", 5, TypeError),
    ("select_subprotocol", lambda offered: None, TypeError),
    ("server_hostname", "x", TypeError),
    ("host", 5, TypeError),
    ("host", ["127.0.0.1", 5], TypeError),
    ("ssl_handshake_timeout", 5, InvalidArgument),
    ("path", "/tmp/socket", TypeError),
]

OF_CONNECT: list[tuple[str, Any, type[Exception]]] = [
    ("process_exception", 5, TypeError),
    ("process_exception", None, TypeError),
    ("process_exception", lambda: None, TypeError),
    ("reconnect_delays", [1, 2], TypeError),
    ("reconnect_delays", "12", TypeError),
    ("reconnect_delays", lambda attempt: [1], TypeError),
    ("additional_headers", {"A": "b\r\nC: d"}, InvalidArgument),
    ("additional_headers", {"A b": "x"}, InvalidArgument),
    ("additional_headers", "x", TypeError),
    ("additional_headers", 5, TypeError),
    ("user_agent_header", "a\r\nb: c", InvalidArgument),
    ("user_agent_header", 5, TypeError),
    ("origin", "a\r\nb: c", InvalidArgument),
    ("origin", 5, TypeError),
    ("proxy", 5, TypeError),
    ("proxy", False, TypeError),
    ("start_serving", True, TypeError),
    ("server_hostname", 5, TypeError),
    ("ssl_handshake_timeout", 5, ValueError),
    ("proxy_family", 2, TypeError),
]


def title(case: Any) -> str:
    return case.__name__ if callable(case) else repr(case)[:20]


@pytest.mark.parametrize(("name", "wrong", "error"), OF_BOTH + OF_SERVE, ids=title)
@run
async def test_serve_refuses_what_can_never_work_at_once_by_name(
    name: str, wrong: Any, error: type[Exception]
) -> None:
    handler = None if name.startswith("on_") else echo
    where: dict[str, Any] = {"host": "127.0.0.1", "port": 0}
    if name in ("host", "port", "sock"):
        where = {}
    with pytest.raises(error, match=name) as raised:
        serve(handler, **{**where, name: wrong})
    assert raised.type is error


@pytest.mark.parametrize(("name", "wrong", "error"), OF_BOTH + OF_CONNECT, ids=title)
def test_connect_refuses_what_can_never_work_at_once_by_name(
    name: str, wrong: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match=name) as raised:
        connect(URI, **{name: wrong})
    assert raised.type is error


@pytest.mark.parametrize("wrong", [5, None, b"ws://a/"])
def test_the_uri_is_a_str(wrong: Any) -> None:
    with pytest.raises(TypeError, match="uri"):
        connect(wrong)


# Unknown arguments, and those of the event loop


@run
async def test_an_unknown_argument_is_a_type_error_in_the_words_of_python() -> None:
    words = r"{}\(\) got an unexpected keyword argument 'subprotocol'"
    calls: list[tuple[str, Any]] = [
        ("serve", functools.partial(serve, echo, *LOCAL)),
        ("unix_serve", functools.partial(unix_serve, echo, "/tmp/socket")),
        ("connect", functools.partial(connect, URI)),
        ("unix_connect", functools.partial(unix_connect, "/tmp/socket")),
    ]
    for name, call in calls:
        with pytest.raises(TypeError, match=words.format(name)):
            call(subprotocol="chat")


@run
async def test_arguments_of_the_event_loop_are_accepted() -> None:
    options: Any = {"family": socket.AF_INET, "flags": socket.AI_PASSIVE, "backlog": 5}
    async with serve(echo, *LOCAL, reuse_address=True, start_serving=True, **options):
        pass
    context = ssl.create_default_context()
    connect("wss://a.example/", ssl=context, ssl_handshake_timeout=5, server_hostname="b")
    connect("wss://a.example/", ssl=True, proxy_ssl=context, proxy_server_hostname="b")
    connect(URI, family=socket.AF_INET, happy_eyeballs_delay=0.1, interleave=1, proto=0)
    unix_connect("/tmp/socket", "wss://a.example/", server_hostname="b")


@run
async def test_a_server_needs_one_place_to_listen() -> None:
    with socket.socket() as sock:
        for wrong in ({}, {"sock": sock, "port": 1}, {"sock": sock, "host": "127.0.0.1"}):
            with pytest.raises(InvalidArgument, match="host and port, or sock"):
                serve(echo, **wrong)  # type: ignore[arg-type]
        cases: list[Any] = [(None, {}), ("/tmp/socket", {"sock": sock})]
        for path, given in cases:
            with pytest.raises(InvalidArgument, match="a path or sock"):
                unix_serve(echo, path, **given)
    with pytest.raises(TypeError, match="host"):
        unix_serve(echo, "/tmp/socket", host="127.0.0.1")  # type: ignore[call-arg]


# Handlers


@run
async def test_a_server_has_either_a_handler_or_a_callback() -> None:
    cases: list[Any] = [{}, {"handler": echo, "on_message": print}, {"on_connect": print}]
    for given in cases:
        with pytest.raises(InvalidArgument, match="handler.*on_message"):
            serve(host="127.0.0.1", port=0, **given)
    with pytest.raises(InvalidArgument, match="on_message"):
        serve(echo, *LOCAL, on_connect=print)
    with pytest.raises(InvalidArgument, match="on_message"):
        serve(None, *LOCAL, on_message=print, stream=True)


async def with_path(connection: Any, path: str) -> None:
    pass


async def yields(connection: Any) -> AsyncIterator[None]:
    yield


def generates(connection: Any) -> Iterator[None]:
    yield


@pytest.mark.parametrize(
    "wrong",
    ["x", 5, with_path, yields, generates, functools.partial(yields), lambda: None],
    ids=range(7),
)
@run
async def test_what_is_certainly_no_handler_is_refused_at_once(wrong: Any) -> None:
    with pytest.raises(TypeError, match="handler"):
        serve(wrong, *LOCAL)


class Callable:
    async def __call__(self, connection: Any) -> None:
        await echo(connection)


@pytest.mark.parametrize(
    "handler",
    [
        echo,
        Callable(),
        Callable().__call__,
        functools.partial(with_path, path="/"),
        lambda connection, *others: echo(connection),
    ],
    ids=range(5),
)
@run
async def test_whatever_returns_an_awaitable_is_a_handler(handler: Any) -> None:
    async with serve(handler, *LOCAL) as server:
        await (await RawPeer.open(server)).end()


@run
async def test_a_handler_that_returns_no_awaitable_is_logged_as_such(caplog: Any) -> None:
    def plain(connection: Any) -> int:
        return 7

    async with serve(plain, *LOCAL) as server:  # type: ignore[arg-type]
        peer = await RawPeer.open(server)
        assert await peer.closed_with() == (1011, "")
        await peer.end()
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    error = record.exc_info[1]
    assert isinstance(error, TypeError) and "7" in str(error) and "coroutine" in str(error)
    assert error.__context__ is None and error.__cause__ is None


# respond()


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        ("OK", "", InvalidArgument),
        (9999, "", InvalidArgument),
        (101, "", InvalidArgument),
        (None, "", InvalidArgument),
        (200, b"", TypeError),
        (200, None, TypeError),
    ],
)
@run
async def test_respond_refuses_what_is_no_response(
    status: Any, text: Any, error: type[Exception]
) -> None:
    raised = []

    def process(connection: Any, request: Any) -> Any:
        with pytest.raises(error, match="text" if status == 200 else "status") as info:
            connection.respond(status, text)
        raised.append(info.value)

    async with serve(echo, *LOCAL, process_request=process) as server:
        await (await RawPeer.open(server)).end()
    assert len(raised) == 1
