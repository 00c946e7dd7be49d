"""connect(): the opening handshake, with the server of websockets and with servers that break
the rules."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import sys
import warnings
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import needs
import pytest
import wscodec
from client_peers import accepting, echo, reply, run, scripted, serving
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.datastructures import Headers as TheirHeaders
from websockets.http11 import Request as TheirRequest
from websockets.http11 import Response as TheirResponse
from websockets.typing import Subprotocol
from wscodec.asyncio.client import ClientConnection, connect, unix_connect
from wscodec.exceptions import (
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
)


def test_messages_are_exchanged() -> None:
    async def main() -> None:
        async with serving() as port, connect(f"ws://127.0.0.1:{port}/") as connection:
            assert isinstance(connection, ClientConnection)
            for message in ("Grüße", "", b"\x00\xff", "x" * 100_000):
                await connection.send(message)
                assert await connection.recv() == message
        assert connection.close_code == 1000

    run(main())


def test_it_can_be_awaited() -> None:
    async def main() -> None:
        async with serving() as port:
            connection = await connect(f"ws://localhost:{port}/")
            await connection.send("hello")
            assert await connection.recv() == "hello"
            await connection.close()

    run(main())


def test_it_is_not_entered_twice_at_once() -> None:
    async def main() -> None:
        async with serving() as port:
            connecting = connect(f"ws://127.0.0.1:{port}/")
            async with connecting:
                with pytest.raises(RuntimeError):
                    await connecting.__aenter__()
            async with connecting as again:
                await again.send("hello")

    run(main())


def test_each_connection_of_one_connect_is_kept_alive() -> None:
    async def main() -> None:
        async with serving() as port:
            connecting = connect(f"ws://127.0.0.1:{port}/", ping_interval=0.05)
            connections = [await connecting, await connecting]
            while not all(connection.latency for connection in connections):
                await asyncio.sleep(0.01)
            for connection in connections:
                await connection.close()

    run(main())


def test_an_exception_in_the_block_closes_the_connection_and_is_raised() -> None:
    async def main() -> None:
        async with serving() as port:
            with pytest.raises(KeyError):
                async with connect(f"ws://127.0.0.1:{port}/") as connection:
                    raise KeyError
            assert connection.close_code == 1011

    run(main())


def test_the_request_has_what_was_asked_for() -> None:
    requests: list[TheirRequest] = []

    async def keep(connection: ServerConnection) -> None:
        assert connection.request
        requests.append(connection.request)

    async def main() -> None:
        async with serving(keep) as port:
            async with connect(
                f"ws://Aladdin:open%20sesame@127.0.0.1:{port}/chat?room=1",
                origin="https://page.example",
                additional_headers={"X-One": "1", "Cookie": "a=b"},
            ):
                pass
            async with connect(
                f"ws://127.0.0.1:{port}/",
                additional_headers=[("Host", "other.example"), ("X", "1"), ("X", "2")],
                user_agent_header=None,
                compression=None,
            ):
                pass

    run(main())
    first, second = requests
    assert first.path == "/chat?room=1"
    assert first.headers["Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # RFC 7617, 2
    assert first.headers["Origin"] == "https://page.example"
    assert (first.headers["X-One"], first.headers["Cookie"]) == ("1", "a=b")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert first.headers["User-Agent"] == f"wscodec/{wscodec.__version__} Python/{version}"
    assert second.headers["Host"] == "other.example"
    assert second.headers.get_all("X") == ["1", "2"]
    assert "User-Agent" not in second.headers
    assert "Sec-WebSocket-Extensions" not in second.headers


def test_a_subprotocol_is_agreed() -> None:
    async def main() -> None:
        async with serving(
            subprotocols=[Subprotocol("superchat"), Subprotocol("chat")]
        ) as port:
            uri = f"ws://127.0.0.1:{port}/"
            async with connect(uri, subprotocols=["chat", "superchat"]) as connection:
                assert connection.subprotocol in ("chat", "superchat")
        async with serving() as port, connect(f"ws://127.0.0.1:{port}/") as connection:
            assert connection.subprotocol is None

    run(main())


def test_the_request_and_the_response_are_kept() -> None:
    async def main() -> None:
        async with serving() as port, connect(f"ws://127.0.0.1:{port}/a?b") as connection:
            assert connection.request.path == "/a?b"
            assert connection.request.headers["Host"] == f"127.0.0.1:{port}"
            assert connection.response.status_code == 101
            assert "websockets" in connection.response.headers["Server"]
            assert connection.remote_address == ("127.0.0.1", port)
            assert connection.local_address[0] == "127.0.0.1"

    run(main())


@needs.compression
@pytest.mark.parametrize(
    ("compression", "agreed"),
    [
        ("deflate", {"server_no_context_takeover": True, "client_no_context_takeover": True}),
        (wscodec.Deflate(), {}),
        (wscodec.Deflate(server_max_window_bits=10), {"server_max_window_bits": 10}),
        (None, None),
    ],
    ids=str,
)
def test_compression_is_agreed(compression: Any, agreed: dict[str, Any] | None) -> None:
    async def main() -> None:
        async with (
            serving() as port,
            connect(
                f"ws://127.0.0.1:{port}/", compression=compression, compress_from=0
            ) as connection,
        ):
            if agreed is None:
                assert connection.deflate is None
            else:
                assert connection.deflate is not None
                for name, value in agreed.items():
                    assert getattr(connection.deflate, name) == value
            for message in ("hello", b"x" * 100_000, "hello"):
                await connection.send(message)
                assert await connection.recv() == message

    run(main())


def test_messages_that_follow_the_response_at_once_are_received() -> None:
    def respond(request: bytes) -> bytes:
        return accepting(request) + b"\x81\x03one\x82\x03two\x81\x05th"

    async def main() -> None:
        async with scripted(respond) as raw:
            connection = await connect(raw.uri, close_timeout=0.1)
            assert await connection.recv() == "one"
            assert await connection.recv() == b"two"
            await connection.close()

    run(main())


def test_interim_responses_are_skipped() -> None:
    async def main() -> None:
        hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
        async with scripted(lambda request: hints + accepting(request)) as raw:
            connection = await connect(raw.uri, close_timeout=0.1)
            await connection.close()

    run(main())


# Callbacks


def test_callbacks_get_messages_without_a_task() -> None:
    events: list[Any] = []

    async def main() -> None:
        done = asyncio.get_running_loop().create_future()

        def on_message(connection: ClientConnection, message: Any) -> None:
            events.append(message)
            if len(events) == 4:
                done.set_result(connection)

        async with (
            serving() as port,
            connect(
                f"ws://127.0.0.1:{port}/",
                on_message=on_message,
                on_connect=lambda connection: events.append("connected"),
                on_disconnect=lambda connection: events.append("disconnected"),
            ) as connection,
        ):
            assert events == ["connected"]
            for message in ("one", b"two", "three"):
                await connection.send(message)
            assert await done is connection
        assert connection.close_code == 1000

    run(main())
    assert events == ["connected", "one", b"two", "three", "disconnected"]


def test_callbacks_get_messages_that_follow_the_response_at_once() -> None:
    events: list[Any] = []

    async def main() -> None:
        async with scripted(lambda request: accepting(request) + b"\x81\x03one") as raw:
            connection = await connect(
                raw.uri,
                on_message=lambda _, message: events.append(message),
                on_connect=lambda _: events.append("connected"),
                close_timeout=0.1,
            )
            assert events == ["connected", "one"]
            await connection.close()

    run(main())


def test_a_subclass_can_replace_the_connection() -> None:
    class Mine(ClientConnection):
        pass

    async def main() -> None:
        async with (
            serving() as port,
            connect(f"ws://127.0.0.1:{port}/", create_connection=Mine) as connection,
        ):
            assert type(connection) is Mine
            await connection.send("hello")
            assert await connection.recv() == "hello"

    run(main())


# Where to connect


def test_the_address_can_be_another_than_in_the_uri() -> None:
    async def main() -> None:
        async with serving() as port:
            uri = "ws://server.example/chat"
            async with connect(uri, host="127.0.0.1", port=port) as connection:
                assert connection.request.headers["Host"] == "server.example"

    run(main())


def test_a_connected_socket_can_be_given() -> None:
    async def main() -> None:
        async with serving() as port:
            sock = socket.create_connection(("127.0.0.1", port))
            async with connect("ws://server.example/", sock=sock) as connection:
                await connection.send("hello")
                assert await connection.recv() == "hello"
            assert sock.fileno() == -1

    run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets")
def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "socket"

    async def main() -> None:
        async with unix_serve(echo, str(path)):
            async with unix_connect(path) as connection:
                await connection.send("hello")
                assert await connection.recv() == "hello"
                assert connection.request.headers["Host"] == "localhost"
            async with unix_connect(str(path), "ws://server.example/a") as connection:
                assert connection.request.headers["Host"] == "server.example"
                assert connection.request.path == "/a"

    run(main())


def test_arguments_for_the_event_loop_reach_it() -> None:
    async def main() -> None:
        async with (
            serving() as port,
            connect(
                f"ws://localhost:{port}/",
                family=socket.AF_INET,
                happy_eyeballs_delay=0.1,
                local_addr=("127.0.0.2", 0),
            ) as connection,
        ):
            assert connection.local_address[0] == "127.0.0.2"

    run(main())


# What is refused


@pytest.mark.parametrize(
    ("uri", "options", "error"),
    [
        ("http://server.example/", {}, InvalidURI),
        ("ws://server.example/", {"ssl": True}, ValueError),
        ("wss://server.example/", {"ssl": None}, ValueError),
        ("ws://server.example/", {"compression": "gzip"}, ValueError),
        ("ws://server.example/", {"subprotocols": "chat"}, TypeError),
        ("ws://server.example/", {"subprotocols": ["a b"]}, ValueError),
        ("ws://server.example/", {"additional_headers": {"X": "a\nb"}}, ValueError),
        ("ws://a%3Ab:c@server.example/", {}, ValueError),
        ("ws://server.example/", {"sock": socket.socket, "host": "x"}, ValueError),
    ],
)
def test_invalid_arguments_are_refused_before_anything_is_sent(
    uri: str, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        connect(uri, **options)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"max_size": 0}, ValueError),
        ({"open_timeout": 0}, ValueError),
        ({"max_queue": (1, 2)}, ValueError),
        ({"on_message": 1}, TypeError),
        ({"nonsense": 1}, TypeError),
    ],
)
def test_other_invalid_arguments_are_refused(
    options: dict[str, Any], error: type[Exception]
) -> None:
    async def main() -> None:
        async with serving() as port:
            with pytest.raises(error):
                await connect(f"ws://127.0.0.1:{port}/", **options)

    run(main())


def test_a_refusal_has_its_status_fields_and_body() -> None:
    def refuse(_: ServerConnection, __: TheirRequest) -> TheirResponse:
        fields = TheirHeaders({"X-One": "1", "Content-Length": "9"})
        return TheirResponse(HTTPStatus.FORBIDDEN, "Forbidden", fields, b"no entry\n")

    async def main() -> None:
        async with serving(process_request=refuse) as port:
            with pytest.raises(InvalidStatus) as caught:
                await connect(f"ws://127.0.0.1:{port}/")
        response = caught.value.response
        assert (response.status_code, response.reason_phrase) == (403, "Forbidden")
        assert response.headers["X-One"] == "1"
        assert response.body == b"no entry\n"

    run(main())


CHUNKED = b"HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("response", "stays", "body"),
    [
        (reply("404 Not Found", b"not here"), True, b"not here"),
        (b"HTTP/1.1 404 No\r\n\r\nto the end", False, b"to the end"),
        (b"HTTP/1.1 404 No\r\nContent-Length: 99\r\n\r\ncut", False, b"cut"),
        (CHUNKED, True, b"hi"),
        (b"HTTP/1.0 500 No\r\n\r\n" + b"x" * 100_000, True, b"x" * 65536),
        (reply("200 OK", b"hello"), True, b"hello"),
    ],
)
def test_a_body_of_any_kind_is_read_up_to_the_bound(
    response: bytes, stays: bool, body: bytes
) -> None:
    async def main() -> None:
        async with scripted(response, stays=stays) as raw:
            with pytest.raises(InvalidStatus) as caught:
                await connect(raw.uri)
            assert caught.value.response.body == body
            await raw.ended.get()

    run(main())


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (b"\x15\x03\x03\x00\x02", InvalidMessage),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", InvalidMessage),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", InvalidHandshake),
        (
            lambda request: accepting(request)[:-2] + b"Sec-WebSocket-Protocol: other\r\n\r\n",
            InvalidHandshake,
        ),
        (
            lambda request: accepting(request)[:-2] + b"Sec-WebSocket-Extensions: x\r\n\r\n",
            InvalidHandshake,
        ),
        (
            lambda request: accepting(request).replace(b"Accept: ", b"Accept: x"),
            InvalidHandshake,
        ),
    ],
)
def test_an_invalid_response_is_an_error_and_the_connection_is_closed(
    response: bytes | Callable[[bytes], bytes], error: type[Exception]
) -> None:
    async def main() -> None:
        async with scripted(response) as raw:
            with pytest.raises(error):
                await connect(raw.uri)
            await raw.ended.get()

    run(main())


def test_the_end_of_the_stream_before_the_response_is_an_error() -> None:
    async def main() -> None:
        async with scripted(b"HTTP/1.1 101 ", stays=False) as raw:
            with pytest.raises(
                InvalidMessage, match="before the response was complete"
            ) as caught:
                await connect(raw.uri)
            assert isinstance(caught.value.__cause__, EOFError)

    run(main())


def test_nobody_listens() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            await connect(f"ws://127.0.0.1:{port}/")

    run(main())


# Time limits and cancellation


@pytest.mark.parametrize("response", [b"", b"HTTP/1.1 101 Switching"])
def test_a_silent_server_is_left_after_open_timeout(response: bytes) -> None:
    async def main() -> None:
        async with scripted(response) as raw:
            with pytest.raises(TimeoutError, match="not open in time"):
                await connect(raw.uri, open_timeout=0.1)
            await raw.ended.get()

    run(main())


def test_a_body_that_does_not_end_in_time_is_kept_as_it_is() -> None:
    async def main() -> None:
        async with scripted(b"HTTP/1.1 503 No\r\nContent-Length: 99\r\n\r\nslow") as raw:
            with pytest.raises(InvalidStatus) as caught:
                await connect(raw.uri, open_timeout=0.1)
            assert caught.value.response.body == b"slow"
            await raw.ended.get()

    run(main())


def test_without_a_limit_it_waits() -> None:
    async def main() -> None:
        async with scripted(b"") as raw:
            connecting = asyncio.ensure_future(connect(raw.uri, open_timeout=None)._connect())
            await asyncio.sleep(0.1)
            assert not connecting.done()
            connecting.cancel()
            await raw.ended.get()
            with pytest.raises(asyncio.CancelledError):
                await connecting

    run(main())


@pytest.mark.parametrize("turns", range(12))
def test_a_cancelled_attempt_leaves_nothing_open(turns: int) -> None:
    """After any number of turns of the loop."""

    async def main() -> None:
        async with serving() as port:
            task = asyncio.ensure_future(connect(f"ws://127.0.0.1:{port}/")._connect())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await (await task).close()
            await asyncio.sleep(0.01)

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        run(main())
        gc.collect()
