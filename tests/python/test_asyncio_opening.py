"""The opening handshake of servers of wscodec.asyncio, and ordinary HTTP requests."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import needs
import pytest
from asyncio_peer import FIN, TEXT, RawPeer, echo, frame, request, run, until, uri_of
from websockets.asyncio.client import connect as websockets_connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol
from wscodec.asyncio import Headers, Response, ServerConnection, basic_auth, serve
from wscodec.errors import InvalidArgument


async def answer(data: bytes, **options: Any) -> bytes:
    """All that a server sends in reply to these bytes."""
    async with serve(echo, "127.0.0.1", 0, **options) as server:
        peer = await RawPeer.connect(server)
        peer.write(data)
        received = await peer.rest()
        await peer.end()
    return received


async def accepted(*fields: str, **options: Any) -> str:
    """The head of the response that accepts a request."""
    async with serve(echo, "127.0.0.1", 0, **options) as server:
        peer = await RawPeer.connect(server)
        peer.write(request(*fields))
        head = await peer.head()
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n"), head
        await peer.end()
    return head.decode("latin-1")


# Accepting


@run
async def test_a_request_is_accepted_with_the_key_of_the_rfc() -> None:
    head = await accepted()
    assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
    assert "Server:" not in head


@run
async def test_the_request_can_arrive_byte_by_byte() -> None:
    async with serve(echo, "127.0.0.1", 0) as server:
        peer = await RawPeer.connect(server)
        for byte in request() + frame(FIN | TEXT, b"a"):
            peer.write(bytes([byte]))
            await asyncio.sleep(0)
        await peer.head()
        assert await peer.frame() == (FIN | TEXT, b"a")
        await peer.end()


@run
async def test_the_connection_has_the_request_and_the_response() -> None:
    seen: list[Any] = []

    async def handler(connection: Any) -> None:
        seen.append(connection)
        await connection.recv()

    async with serve(handler, "127.0.0.1", 0, subprotocols=["chat"]) as server:
        async with websockets_connect(
            uri_of(server, "/room?x=1"),
            subprotocols=[Subprotocol("chat")],
            origin=Origin("https://a.example"),
        ) as peer:
            await until(lambda: seen)
            connection = seen[0]
            assert connection.request.path == "/room?x=1"
            assert connection.request.headers["origin"] == "https://a.example"
            assert connection.response.status_code == 101
            assert connection.response.headers["Sec-WebSocket-Protocol"] == "chat"
            assert connection.subprotocol == peer.subprotocol == "chat"
            assert connection.local_address == peer.remote_address
            assert connection.remote_address == peer.local_address
            assert connection.server is server
            assert connection.id == connection.id


@run
async def test_additional_fields_and_the_server_field_are_sent() -> None:
    head = await accepted(headers={"X-One": "1"}, server_header="mine")
    assert "X-One: 1\r\n" in head and "Server: mine\r\n" in head
    assert b"Server: mine\r\n" in await answer(b"GET / HTTP/1.1\r\n\r\n", server_header="mine")


# Subprotocols


@run
async def test_the_subprotocol_is_the_servers_first_that_the_client_offers() -> None:
    offered = "Sec-WebSocket-Protocol: c, b, a"
    assert "Sec-WebSocket-Protocol: a\r\n" in await accepted(offered, subprotocols=["a", "b"])
    assert "Sec-WebSocket-Protocol" not in await accepted(offered)


@pytest.mark.parametrize("fields", [(), ("Sec-WebSocket-Protocol: c",)])
@run
async def test_a_client_that_offers_no_subprotocol_of_the_server_gets_a_400(
    fields: Any,
) -> None:
    received = await answer(request(*fields), subprotocols=["a"])
    assert received.startswith(b"HTTP/1.1 400 ")


@run
async def test_select_subprotocol_chooses() -> None:
    calls = []

    def select(connection: Any, offered: list[str]) -> str | None:
        calls.append(offered)
        return offered[-1] if offered else None

    options: Any = {"subprotocols": ["x"], "select_subprotocol": select}
    fields = ("Sec-WebSocket-Protocol: a , b", "Sec-WebSocket-Protocol: c")
    assert "Sec-WebSocket-Protocol: c\r\n" in await accepted(*fields, **options)
    assert "Sec-WebSocket-Protocol" not in await accepted(**options)
    assert calls == [["a", "b", "c"], []]


@run
async def test_a_subprotocol_that_was_not_offered_cannot_be_selected() -> None:
    received = await answer(request(), select_subprotocol=lambda _, offered: "mine")
    assert received.startswith(b"HTTP/1.1 500 ")


# Origins


@pytest.mark.parametrize(
    "origin, origins, expected",
    [
        ("https://a.example", ["https://a.example"], 101),
        ("https://A.example:443", ["https://a.example"], 101),
        ("https://b.example", ["https://a.example"], 403),
        ("https://a.example.evil.example", [re.compile(r"https://.*\.example")], 101),
        ("https://a.example.evil", [re.compile(r"https://.*\.example")], 403),
        ("null", ["https://a.example", None], 403),
        (None, ["https://a.example"], 403),
        (None, ["https://a.example", None], 101),
        (None, [None], 101),
        ("https://a.example", [None], 403),
        ("https://a.example", None, 101),
    ],
)
@run
async def test_only_acceptable_origins_connect(
    origin: Any, origins: Any, expected: int
) -> None:
    async with serve(echo, "127.0.0.1", 0, origins=origins) as server:
        peer = await RawPeer.connect(server)
        peer.write(request(*([f"Origin: {origin}"] if origin else [])))
        assert (await peer.head()).split()[1] == b"%d" % expected
        await peer.end()


# Invalid and ordinary requests


@pytest.mark.parametrize(
    "data, status",
    [
        (request().replace(b"Version: 13", b"Version: 12"), 426),
        (request().replace(b"dGhl", b"!!!!"), 400),
        (request().replace(b"Host: 127.0.0.1\r\n", b""), 400),
        (request().replace(b"HTTP/1.1", b"HTTP/1.0"), 505),
        (request(method="POST"), 405),
        (request("Transfer-Encoding: chunked"), 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n", 431),
        (b"GET /" + b"a" * 70_000, 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 426),
    ],
)
@run
async def test_what_is_no_valid_request_gets_its_status_and_a_short_text(
    data: bytes, status: int
) -> None:
    received = await answer(data)
    assert received.startswith(b"HTTP/1.1 %d " % status), received
    assert b"Connection: close\r\n" in received or status == 426
    assert received.partition(b"\r\n\r\n")[2]


@run
async def test_a_reply_is_not_lost_when_the_client_still_sends() -> None:
    received = await answer(request().replace(b"13", b"12") + b"x" * 500_000)
    assert received.startswith(b"HTTP/1.1 426 ")


@pytest.mark.parametrize("coroutine", [False, True])
@run
async def test_process_request_answers_ordinary_requests(coroutine: bool) -> None:
    def health(connection: ServerConnection, request: Any) -> Response | None:
        if request.path == "/health":
            return connection.respond(HTTPStatus.OK, f"{request.method} is fine\n")
        return None

    async def slow_health(connection: Any, request: Any) -> Response | None:
        await asyncio.sleep(0.01)
        return health(connection, request)

    process: Any = slow_health if coroutine else health
    for method, body in (("GET", b"GET is fine\n"), ("POST", b"POST is fine\n"), ("HEAD", b"")):
        data = f"{method} /health HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        received = await answer(data, process_request=process)
        head, _, rest = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"Content-Length: %d\r\n" % len(f"{method} is fine\n") in head + b"\r\n"
        assert rest == body
    other = await answer(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", process_request=process)
    assert other.startswith(b"HTTP/1.1 426 ")
    assert "101" in await accepted(process_request=process)


@run
async def test_a_response_of_your_own_is_sent_as_it_is() -> None:
    def teapot(connection: Any, request: Any) -> Response:
        fields = Headers({"X-A": "b", "Content-Length": "99", "connection": "keep-alive"})
        return Response(418, "Short And Stout", fields, b"tea")

    received = await answer(request(), process_request=teapot)
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 418 Short And Stout" and body == b"tea"
    assert (
        b"X-A: b" in lines and b"Content-Length: 3" in lines and b"Connection: close" in lines
    )
    assert b"99" not in head and b"keep-alive" not in head


def raising(*_: Any) -> Any:
    raise ValueError("secret")


async def raising_later(*_: Any) -> Any:
    await asyncio.sleep(0)
    raise ValueError("secret")


FAILING: list[Any] = [
    raising,
    raising_later,
    lambda *_: "a string",
    lambda *_: Response(99),
    lambda *_: Response(200, "two\r\nlines"),
    lambda *_: Response(200, headers=Headers({"A": "b\r\nC: d"})),
    lambda *_: Response(204, body=b"none"),
    lambda *_: Response(101),
]


@pytest.mark.parametrize("process", FAILING)
@pytest.mark.parametrize("option", ["process_request", "process_response"])
@run
async def test_a_callback_that_fails_gives_a_500_and_is_logged(
    option: str, process: Any, caplog: Any
) -> None:
    received = await answer(request(), **{option: process})
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"secret" not in received
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.name == "wscodec.server" and record.exc_info


@pytest.mark.parametrize("coroutine", [False, True])
@run
async def test_process_response_can_add_fields_and_replace_the_response(
    coroutine: bool,
) -> None:
    def change(connection: Any, request: Any, response: Response) -> Response | None:
        assert request is connection.request
        response.headers["Set-Cookie"] = "a=1"
        response.headers["Set-Cookie"] = "b=2"
        if request.path == "/other":
            return Response(404, headers=Headers({"X-Status": str(response.status_code)}))
        return None

    async def later(connection: Any, request: Any, response: Response) -> Response | None:
        await asyncio.sleep(0.01)
        return change(connection, request, response)

    process: Any = later if coroutine else change
    fields = ["Sec-WebSocket-Protocol: chat"]
    head = await accepted(*fields, process_response=process, subprotocols=["chat"])
    assert "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n" in head
    assert head.count("Sec-WebSocket-Protocol: chat") == 1
    received = await answer(request(target="/other"), process_response=process)
    assert received.startswith(b"HTTP/1.1 404 Not Found\r\n") and b"X-Status: 101" in received
    ordinary = await answer(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", process_response=process)
    assert ordinary.startswith(b"HTTP/1.1 426 ") and b"Set-Cookie: a=1" in ordinary


@run
async def test_process_response_cannot_change_the_fields_of_the_handshake() -> None:
    def change(connection: Any, request: Any, response: Response) -> None:
        del response.headers["Sec-WebSocket-Accept"]

    received = await answer(request(), process_response=change)
    assert received.startswith(b"HTTP/1.1 500 ")


@run
async def test_frames_wait_while_a_coroutine_decides_about_the_request() -> None:
    async def slow(connection: Any, request: Any) -> None:
        await asyncio.sleep(0.05)

    async with serve(echo, "127.0.0.1", 0, process_request=slow) as server:
        peer = await RawPeer.connect(server)
        peer.write(request() + frame(FIN | TEXT, b"1"))
        await asyncio.sleep(0.01)
        peer.write(frame(FIN | TEXT, b"2"))
        await peer.head()
        assert [await peer.frame(), await peer.frame()] == [
            (FIN | TEXT, b"1"),
            (FIN | TEXT, b"2"),
        ]
        await peer.end()


# Basic authentication


def authorization(text: str, scheme: str = "Basic") -> dict[str, str]:
    return {"Authorization": f"{scheme} {base64.b64encode(text.encode()).decode()}"}


async def check(username: str, password: str) -> bool:
    await asyncio.sleep(0)
    return (username, password) == ("me", "pass:word")


@pytest.mark.parametrize(
    "arguments",
    [
        {"credentials": ("me", "pass:word")},
        {"credentials": [("you", "x"), ("me", "pass:word")]},
        {"check_credentials": check},
        {"check_credentials": lambda name, word: (name, word) == ("me", "pass:word")},
    ],
)
@run
async def test_basic_auth_lets_through_who_knows_the_password(arguments: Any) -> None:
    async def handler(connection: Any) -> None:
        await connection.send(connection.username)

    process = basic_auth('a "realm"', **arguments)
    async with serve(handler, "127.0.0.1", 0, process_request=process) as server:
        fields = authorization("me:pass:word")
        async with websockets_connect(uri_of(server), additional_headers=fields) as peer:
            assert await peer.recv() == "me"
        for wrong in [
            {},
            authorization("me:wrong"),
            authorization("nobody:"),
            authorization("me"),
            authorization("me:pass:word", "Bearer"),
            {"Authorization": "Basic !"},
        ]:
            with pytest.raises(InvalidStatus) as raised:
                await websockets_connect(uri_of(server), additional_headers=wrong)
            response = raised.value.response
            assert response.status_code == 401
            expected = 'Basic realm="a \\"realm\\"", charset="UTF-8"'
            assert response.headers["WWW-Authenticate"] == expected


@pytest.mark.parametrize("name", ["known", "unknown"])
def test_basic_auth_compares_passwords_in_constant_time(name: str, monkeypatch: Any) -> None:
    compared = []

    def compare(expected: bytes, given: bytes) -> bool:
        compared.append(given)
        return False

    monkeypatch.setattr("hmac.compare_digest", compare)
    process = basic_auth(credentials=("known", "secret"))
    connection: Any = SimpleNamespace(respond=lambda *_: Response(401, "", Headers()))
    request: Any = SimpleNamespace(headers=Headers(authorization(f"{name}:guess")))
    process(connection, request)
    assert compared == [b"guess"]


def test_basic_auth_needs_one_source_of_credentials() -> None:
    for wrong in ({}, {"credentials": ("a", "b"), "check_credentials": check}):
        with pytest.raises(InvalidArgument):
            basic_auth(**wrong)  # type: ignore[arg-type]
    for wrong_credentials in ([("a",)], [("a", 1)], ["ab"]):
        with pytest.raises(TypeError):
            basic_auth(credentials=wrong_credentials)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        basic_auth("line\nbreak", credentials=("a", "b"))


# Time limits, and clients that go away


@run
async def test_a_handshake_that_takes_too_long_is_aborted() -> None:
    async def slow(connection: Any, request: Any) -> None:
        await asyncio.sleep(60)

    for data in (b"", request()[:-2], request()):
        async with serve(
            echo, "127.0.0.1", 0, open_timeout=0.05, process_request=slow
        ) as server:
            peer = await RawPeer.connect(server)
            peer.write(data)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await peer.head()
            await peer.end()


@run
async def test_clients_that_leave_during_the_handshake_leave_nothing_behind() -> None:
    async def slow(connection: Any, request: Any) -> None:
        await asyncio.sleep(0.02)

    async with serve(echo, "127.0.0.1", 0, process_request=slow) as server:
        for data in (b"", request()[:-2], request()):
            for leave in ("reset", "eof"):
                peer = await RawPeer.connect(server)
                peer.write(data)
                await asyncio.sleep(0.01)
                if leave == "reset":
                    peer.reset()
                else:
                    peer.writer.write_eof()
                    await peer.end()
        await until(lambda: not server._all)


# Compression


@needs.compression
@run
async def test_compression_is_agreed_without_context_takeover_by_default() -> None:
    head = await accepted("Sec-WebSocket-Extensions: permessage-deflate")
    assert "server_no_context_takeover" in head and "client_no_context_takeover" in head
    assert "Extensions" not in await accepted(
        "Sec-WebSocket-Extensions: permessage-deflate", compression=None
    )
