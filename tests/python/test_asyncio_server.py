"""Servers of wscodec.asyncio: starting, handlers, closing, TLS, Unix sockets."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from asyncio_peer import (
    FIN,
    TEXT,
    RawPeer,
    close,
    echo,
    frame,
    request,
    run,
    until,
    uri_of,
)
from websockets.asyncio.client import connect as websockets_connect
from websockets.asyncio.client import unix_connect as websockets_unix_connect
from wscodec.asyncio import (
    ConnectionClosed,
    ConnectionClosedOK,
    InvalidState,
    ServerConnection,
    serve,
    unix_serve,
)
from wscodec.errors import InvalidArgument

LOCAL = ("127.0.0.1", 0)


# Starting


@run
async def test_a_server_can_be_awaited_or_used_in_async_with() -> None:
    server = await serve(echo, *LOCAL)
    assert server.is_serving() and server.get_loop() is asyncio.get_running_loop()
    assert len(server.sockets) == 1 and not server.connections
    async with websockets_connect(uri_of(server)) as peer:
        await peer.send("a")
        assert await peer.recv() == "a"
    server.close()
    await server.wait_closed()
    assert not server.is_serving() and not server.sockets


@run
async def test_a_server_can_be_started_later() -> None:
    server = await serve(echo, *LOCAL, start_serving=False)
    assert not server.is_serving()
    await server.start_serving()
    assert server.is_serving()
    server.close()
    await server.wait_closed()


@run
async def test_serve_forever_ends_with_close_or_cancellation() -> None:
    server = serve(echo, *LOCAL, start_serving=False)
    serving = asyncio.ensure_future(server.serve_forever())
    await until(server.is_serving)
    server.close()
    await serving
    server = await serve(echo, *LOCAL)
    serving = asyncio.ensure_future(server.serve_forever())
    await asyncio.sleep(0)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert not server.is_serving()


@run
async def test_a_server_takes_a_socket_and_the_options_of_create_server() -> None:
    with socket.create_server(LOCAL) as listening:
        async with serve(echo, sock=listening) as server:
            assert server.sockets[0].getsockname() == listening.getsockname()


@run
async def test_a_port_that_is_taken_is_an_os_error() -> None:
    async with serve(echo, *LOCAL) as server:
        with pytest.raises(OSError):
            await serve(echo, "127.0.0.1", server.sockets[0].getsockname()[1])


# A server that is closed

LATE = "the server is closed"


@run
async def test_a_server_that_was_closed_cannot_be_started() -> None:
    started, unstarted = await serve(echo, *LOCAL), serve(echo, *LOCAL)
    for server in (started, unstarted):
        server.close()
        with pytest.raises(InvalidState, match=LATE):
            await server
        with pytest.raises(InvalidState, match=LATE):
            await server.start_serving()
        with pytest.raises(InvalidState, match=LATE):
            async with server:
                pytest.fail("the block was entered")
        await server.wait_closed()
        assert not server.is_serving() and not server.sockets


@run
async def test_serve_forever_after_close_only_waits_for_the_connections() -> None:
    gate = asyncio.Event()

    async def handler(connection: Any) -> None:
        await gate.wait()

    server = await serve(handler, *LOCAL)
    peer = await RawPeer.open(server)
    server.close(close_connections=False)
    serving = asyncio.ensure_future(server.serve_forever())
    await asyncio.sleep(0.01)
    assert not serving.done()
    gate.set()
    assert (await peer.closed_with())[0] == 1000
    await peer.end()
    await serving


@run
async def test_close_while_a_server_starts_leaves_no_socket_open() -> None:
    for forever in (False, True):
        server = serve(echo, "localhost", 0)  # a name, which is resolved by another thread
        call = server.serve_forever if forever else server.start_serving
        starting = asyncio.ensure_future(call())
        await asyncio.sleep(0)
        server.close()
        if forever:
            await starting
        else:
            with pytest.raises(InvalidState, match=LATE):
                await starting
        assert not server.is_serving() and not server.sockets
        await server.wait_closed()


@run
async def test_a_server_that_is_started_twice_listens_once() -> None:
    server = serve(echo, "localhost", 0)
    await asyncio.gather(server.start_serving(), server.start_serving())
    families = [each.family for each in server.sockets]
    assert families and len(set(families)) == len(families)
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    "arguments",
    [{"code": 99}, {"code": 1005, "reason": "a"}, {"reason": "a" * 124}, {"reason": "\ud800"}],
)
@run
async def test_close_with_an_invalid_code_or_reason_changes_nothing(arguments: Any) -> None:
    async with serve(echo, *LOCAL) as server:
        peer = await RawPeer.open(server)
        with pytest.raises(InvalidArgument):
            server.close(**arguments)
        assert server.is_serving()
        peer.write(frame(TEXT | FIN, b"a"))
        assert await peer.frame() == (TEXT | FIN, b"a")
        await peer.end()


# Handlers


@run
async def test_when_the_handler_returns_the_connection_is_closed_with_1000() -> None:
    async def hello(connection: Any) -> None:
        await connection.send("hello")

    async with serve(hello, *LOCAL) as server, websockets_connect(uri_of(server)) as peer:
        assert [message async for message in peer] == ["hello"]
        assert peer.close_code == 1000


def sync_fails(connection: Any) -> Any:
    raise ValueError


async def fails(connection: Any) -> None:
    raise ValueError


@pytest.mark.parametrize("handler", [fails, sync_fails, lambda connection: None])
@run
async def test_a_handler_that_raises_is_logged_and_closes_with_1011(
    handler: Any, caplog: Any
) -> None:
    async with serve(handler, *LOCAL) as server, websockets_connect(uri_of(server)) as peer:
        await peer.wait_closed()
        assert peer.close_code == 1011
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.exc_info and record.exc_info[0] in (ValueError, TypeError)


@run
async def test_a_handler_that_meets_the_end_of_the_connection_is_no_error(caplog: Any) -> None:
    async def handler(connection: Any) -> None:
        while True:
            await connection.recv()

    async with serve(handler, *LOCAL) as server:
        peer = await RawPeer.open(server)
        peer.reset()
        await until(lambda: not server._all)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


@run
async def test_a_handler_that_is_cancelled_closes_with_1011() -> None:
    tasks: list[Any] = []

    async def handler(connection: Any) -> None:
        tasks.append(asyncio.current_task())
        await asyncio.sleep(60)

    async with serve(handler, *LOCAL) as server, websockets_connect(uri_of(server)) as peer:
        await until(lambda: tasks)
        tasks[0].cancel()
        await peer.wait_closed()
        assert peer.close_code == 1011


@run
async def test_a_handler_can_be_any_callable_that_returns_an_awaitable() -> None:
    def handler(connection: Any) -> Any:
        return asyncio.ensure_future(echo(connection))

    async with serve(handler, *LOCAL) as server, websockets_connect(uri_of(server)) as peer:
        await peer.send("a")
        assert await peer.recv() == "a"


@run
async def test_create_connection_makes_connections_of_a_subclass() -> None:
    class Mine(ServerConnection):
        name = "mine"

    async def handler(connection: Any) -> None:
        connection.visits = 1
        await connection.send(connection.name)

    async with serve(handler, *LOCAL, create_connection=Mine) as server:
        async with websockets_connect(uri_of(server)) as peer:
            assert await peer.recv() == "mine"


@run
async def test_a_connection_takes_attributes_of_the_user() -> None:
    async def handler(connection: Any) -> None:
        connection.room = "kitchen"
        await connection.send(connection.room)

    async with serve(handler, *LOCAL) as server, websockets_connect(uri_of(server)) as peer:
        assert await peer.recv() == "kitchen"


@run
async def test_the_log_says_what_happens(caplog: Any) -> None:
    caplog.set_level(logging.INFO, "wscodec.server")
    async with serve(echo, *LOCAL) as server:
        async with websockets_connect(uri_of(server)):
            pass
        peer = await RawPeer.connect(server)
        peer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await peer.rest()
        await peer.end()
    messages = [each.getMessage() for each in caplog.records if each.name == "wscodec.server"]
    assert messages[0].startswith("server listening on 127.0.0.1:")
    assert messages[1:] == [
        "connection open",
        "connection rejected (426)",
        "server closing",
        "server closed",
    ]


# Closing


@run
async def test_close_closes_all_connections_with_1001_and_waits_for_handlers() -> None:
    done = []

    async def handler(connection: Any) -> None:
        with pytest.raises(ConnectionClosedOK):
            await connection.recv()
        await asyncio.sleep(0.05)
        done.append(1)

    server = await serve(handler, *LOCAL)
    peers = [await websockets_connect(uri_of(server)) for _ in range(20)]
    server.close()
    server.close()
    await server.wait_closed()
    assert len(done) == 20 and not server._all
    for peer in peers:
        await peer.wait_closed()
        assert peer.close_code == 1001
    await server.wait_closed()


@run
async def test_close_sends_the_code_and_reason_it_is_given() -> None:
    server = await serve(echo, *LOCAL)
    peer = await RawPeer.open(server)
    server.close(code=1012, reason="restart")
    assert await peer.closed_with() == (1012, "restart")
    await peer.end()
    await server.wait_closed()


@run
async def test_close_can_leave_connections_open() -> None:
    server = await serve(echo, *LOCAL)
    uri = uri_of(server)
    async with websockets_connect(uri) as peer:
        server.close(close_connections=False)
        await peer.send("still")
        assert await peer.recv() == "still"
        with pytest.raises(OSError):
            await websockets_connect(uri)
        waiting = asyncio.ensure_future(server.wait_closed())
        await asyncio.sleep(0.01)
        assert not waiting.done()
    await waiting


@run
async def test_close_during_handshakes_answers_with_a_503() -> None:
    gate = asyncio.Event()

    async def slow(connection: Any, request: Any) -> None:
        await gate.wait()

    server = await serve(echo, *LOCAL, process_request=slow)
    half, whole = await RawPeer.connect(server), await RawPeer.connect(server)
    half.write(request()[:20])
    whole.write(request())
    await until(lambda: any(each._task for each in server._all))
    server.close()
    gate.set()
    for peer in (half, whole):
        assert (await peer.rest()).startswith(b"HTTP/1.1 503 ")
        await peer.end()
    await server.wait_closed()


@run
async def test_close_in_the_middle_of_messages_completes_them_or_ends_them() -> None:
    gate = asyncio.Event()

    async def handler(connection: Any) -> None:
        async def fragments() -> Any:
            yield "a"
            await gate.wait()
            yield "b"

        with pytest.raises(ConnectionClosed):
            await connection.send(fragments())

    server = await serve(handler, *LOCAL)
    peer = await RawPeer.open(server)
    assert await peer.frame() == (TEXT, b"a")
    peer.write(frame(TEXT, b"half"))
    server.close()
    gate.set()
    assert await peer.closed_with() == (1001, "")
    peer.write(close(1001))
    assert await peer.has_ended()
    await peer.end()
    await server.wait_closed()


@run
async def test_peers_that_ignore_the_close_delay_the_server_by_close_timeout() -> None:
    server = await serve(echo, *LOCAL, close_timeout=0.1)
    peers = [await RawPeer.open(server) for _ in range(10)]
    server.close()
    await asyncio.wait_for(server.wait_closed(), 5)
    for peer in peers:
        await peer.end()


# TLS and Unix sockets


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: Any) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For a server and for a client."""
    path: Path = tmp_path_factory.mktemp("tls")
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem".split(),
        cwd=path,
        check=True,
        capture_output=True,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path / "cert.pem", path / "key.pem")
    client = ssl.create_default_context(cafile=str(path / "cert.pem"))
    return server, client


@run
async def test_messages_come_back_over_tls(contexts: Any) -> None:
    async with serve(echo, *LOCAL, ssl=contexts[0]) as server:
        uri = uri_of(server).replace("ws:", "wss:")
        async with websockets_connect(uri, ssl=contexts[1], max_size=None) as peer:
            messages: list[Any] = ["a", b"b" * 900_000, *map(str, range(500))]
            for message in messages:
                await peer.send(message)
                assert await peer.recv() == message
            for i in range(500):
                await peer.send(str(i) * 500)
            for i in range(500):
                assert await peer.recv() == str(i) * 500
        assert peer.close_code == 1000
        async with websockets_connect(uri, ssl=contexts[1]) as peer:
            await peer.send("a" * (2 << 20))
            await peer.wait_closed()
            assert peer.close_code == 1009


@run
async def test_back_pressure_works_over_tls(contexts: Any) -> None:
    received = []

    async def slow(connection: Any) -> None:
        async for message in connection:
            received.append(message)
            if len(received) % 100 == 0:
                await asyncio.sleep(0.001)

    async with serve(slow, *LOCAL, ssl=contexts[0], max_queue=4) as server:
        uri = uri_of(server).replace("ws:", "wss:")
        async with websockets_connect(uri, ssl=contexts[1], compression=None) as peer:
            for i in range(5000):
                await peer.send(f"{i}" * 100)
        await until(lambda: len(received) == 5000)
    assert received == [f"{i}" * 100 for i in range(5000)]


@run
async def test_closing_works_over_tls_with_peers_that_vanish(contexts: Any) -> None:
    async with serve(echo, *LOCAL, ssl=contexts[0], close_timeout=0.2) as server:
        uri = uri_of(server).replace("ws:", "wss:")
        for _ in range(3):
            peer = await websockets_connect(uri, ssl=contexts[1])
            peer.transport.abort()
        peer = await websockets_connect(uri, ssl=contexts[1])
        await until(lambda: server.connections)
        for each in server.connections:
            await asyncio.wait_for(each.close(4000), 5)
        await peer.wait_closed()
        assert peer.close_code == 4000


@run
async def test_a_server_can_listen_on_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    async with unix_serve(echo, path) as server:
        assert server.sockets[0].getsockname() == path
        async with websockets_unix_connect(path) as peer:
            await peer.send("a")
            assert await peer.recv() == "a"
