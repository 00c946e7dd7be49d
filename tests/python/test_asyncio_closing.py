"""How connections of wscodec.asyncio end."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import struct
import sys
from typing import Any

import kernel
import needs
import pytest
from asyncio_peer import (
    BINARY,
    CLOSE,
    FIN,
    PING,
    PONG,
    TEXT,
    RawPeer,
    close,
    echo,
    forever,
    frame,
    met,
    one_of,
    request,
    run,
    until,
    uri_of,
)
from websockets.asyncio.client import connect as websockets_connect
from wscodec.asyncio import (
    ClientConnection,
    ConnectionClosed,
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidState,
    ProtocolError,
    ServerConnection,
    State,
    connect,
    serve,
)
from wscodec.asyncio.testing import pair
from wscodec.errors import InvalidArgument

# The closing handshake


@run
async def test_close_sends_its_code_and_reason_and_waits_for_the_peer() -> None:
    async with serve(forever, "127.0.0.1", 0) as server:
        async with websockets_connect(uri_of(server)) as peer:
            connection = await one_of(server)
            assert connection.state is State.OPEN and connection.close_code is None
            await connection.close(4000, "thé")
            assert connection.state is State.CLOSED  # type: ignore[comparison-overlap]
            await peer.wait_closed()
            assert (peer.close_code, peer.close_reason) == (4000, "thé")
            assert (connection.close_code, connection.close_reason) == (4000, "thé")


@run
async def test_the_close_of_the_peer_gets_a_reply_and_the_server_ends_tcp_first() -> None:
    async with serve(forever, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        connection = await one_of(server)
        peer.write(close(1001, b"bye"))
        assert await peer.closed_with() == (1001, "")
        assert await peer.has_ended()
        assert connection.state is State.CLOSING and not server.connections
        peer.write(b"ignored after the end")
        await peer.end()
        await connection.wait_closed()
        assert (connection.close_code, connection.close_reason) == (1001, "bye")
        with pytest.raises(ConnectionClosedOK) as raised:
            await connection.recv()
        assert raised.value.rcvd_then_sent is True


@run
async def test_a_close_without_a_code_is_normal() -> None:
    async with met() as (connection, peer):
        peer.write(frame(FIN | CLOSE))
        assert await peer.frame() == (FIN | CLOSE, b"")
        await peer.end()
        with pytest.raises(ConnectionClosedOK) as raised:
            await connection.recv()
        assert connection.close_code == raised.value.code == 1005


@run
async def test_close_without_a_code_sends_an_empty_close_frame() -> None:
    async with serve(forever, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        (await one_of(server)).close_nowait(1005)
        assert await peer.frame() == (FIN | CLOSE, b"")
        await peer.end()


@run
async def test_close_may_be_called_again_and_by_many() -> None:
    async with pair() as (server, client):
        await asyncio.gather(*[server.close(1000 + i) for i in (0, 1)], client.close())
        await server.close(4000)
        server.close_nowait()
        assert server.close_code == 1000


@pytest.mark.parametrize("code, reason", [(999, ""), (1006, ""), (5000, ""), (1000, "ä" * 62)])
@run
async def test_an_invalid_code_or_reason_is_refused_at_once(code: int, reason: str) -> None:
    async with pair() as (server, client):
        with pytest.raises(InvalidArgument):
            await server.close(code, reason)
        with pytest.raises(InvalidArgument):
            server.close_nowait(code, reason)
        assert server.state is State.OPEN


@run
async def test_a_peer_that_does_not_reply_to_the_close_is_aborted_after_close_timeout() -> None:
    async with met(close_timeout=0.1) as (connection, peer):
        await connection.close()
        assert connection.close_code == 1006
        with pytest.raises(ConnectionClosedError) as raised:
            await connection.recv()
        assert isinstance(raised.value.__cause__, TimeoutError)
        assert raised.value.sent == (1000, "") and raised.value.rcvd is None
        await peer.end()


@run
async def test_a_peer_that_closes_but_keeps_tcp_open_is_aborted_after_close_timeout() -> None:
    async with met(close_timeout=0.1) as (connection, peer):
        peer.write(close(1000))
        await connection.wait_closed()
        assert connection.close_code == 1000
        with pytest.raises(ConnectionClosedOK) as raised:
            await connection.recv()
        assert raised.value.__cause__ is None
        await peer.end()


@run
async def test_messages_before_the_close_can_be_taken_after_it() -> None:
    async with met() as (connection, peer):
        peer.write(frame(FIN | TEXT, b"a") + frame(FIN | BINARY, b"b") + close(1000))
        await peer.closed_with()
        await peer.end()
        assert [await connection.recv(), await connection.recv()] == ["a", b"b"]
        with pytest.raises(ConnectionClosedOK):
            await connection.recv()


@run
async def test_messages_in_flight_when_we_close_can_still_be_taken() -> None:
    async with met() as (connection, peer):
        connection.close_nowait()
        peer.write(frame(FIN | TEXT, b"in flight") + frame(FIN | PING, b"p") + close(1000))
        assert await peer.closed_with() == (1000, "")
        assert await peer.frame() == (FIN | PONG, b"p")
        await peer.end()
        assert await connection.recv() == "in flight"


@run
async def test_unread_messages_do_not_delay_a_close() -> None:
    async with met(max_queue=4) as (connection, peer):
        for i in range(50_000):
            peer.write(frame(FIN | TEXT, b"%05d" % i))
        await until(lambda: not connection.transport.is_reading())
        closing = asyncio.ensure_future(connection.close())
        await peer.closed_with()
        peer.write(close(1000))
        await peer.writer.drain()
        await peer.end()
        await asyncio.wait_for(closing, 5)
        assert connection.close_code == 1000
        received = []
        with pytest.raises(ConnectionClosedOK):
            while True:
                received.append(await connection.recv())
        # A prefix of what was sent, as far as it was read before the close.
        assert received == [f"{i:05}" for i in range(len(received))] and len(received) < 50_000


@run
async def test_send_after_the_close_raises_when_the_connection_is_closed() -> None:
    async with pair() as (server, client):
        server.close_nowait()
        with pytest.raises(ConnectionClosed):
            server.send_nowait("a")
        for call in (server.send("a"), server.send(["a"]), server.ping(), server.pong()):
            with pytest.raises(ConnectionClosedOK):
                await call
        assert server.state is State.CLOSED


@run
async def test_used_in_async_with_a_connection_closes_with_1000_or_1011() -> None:
    for raises, code in ((False, 1000), (True, 1011)):
        async with pair() as (server, client):
            try:
                async with server:
                    if raises:
                        raise ValueError
            except ValueError:
                pass
            await client.wait_closed()
            assert client.close_code == code


@run
async def test_a_full_queue_does_not_hide_that_the_peer_has_closed_tcp() -> None:
    async with met(max_queue=1) as (connection, peer):
        peer.write(frame(FIN | TEXT, b"a") * 3 + close(1000))
        await peer.closed_with()
        await peer.end()
        await asyncio.wait_for(connection.wait_closed(), 5)
        assert [await connection.recv() for _ in range(3)] == ["a"] * 3


# Errors of the peer


@pytest.mark.parametrize(
    "bad, code",
    [
        (frame(FIN | TEXT, b"\xff"), 1007),
        (frame(FIN | 0x40 | TEXT, b"a"), 1002),
        (frame(FIN | 3, b"a"), 1002),
        (frame(FIN | TEXT, b"a", key=None), 1002),
        (frame(FIN, b"a"), 1002),
        (frame(PING, b"a"), 1002),
        (frame(FIN | CLOSE, b"\x03"), 1002),
        (frame(FIN | CLOSE, struct.pack("!H", 1006)), 1002),
    ],
)
@run
async def test_what_violates_the_protocol_closes_with_its_code(bad: bytes, code: int) -> None:
    async with met() as (connection, peer):
        peer.write(frame(FIN | TEXT, b"before") + bad + frame(FIN | TEXT, b"after"))
        received, reason = await peer.closed_with()
        assert received == code and reason
        assert await peer.has_ended()
        await peer.end()
        assert await connection.recv() == "before"
        with pytest.raises(ConnectionClosedError) as raised:
            await connection.recv()
        assert isinstance(raised.value.__cause__, ProtocolError)
        assert raised.value.sent == (code, reason) and raised.value.rcvd is None
        assert connection.close_code == 1006


@run
async def test_an_error_after_our_close_ends_the_connection_at_once() -> None:
    async with met() as (connection, peer):
        connection.close_nowait()
        peer.write(frame(FIN | 3))
        assert await peer.closed_with() == (1000, "")
        assert await peer.has_ended()
        await peer.end()
        with pytest.raises(ConnectionClosedError):
            await connection.recv()


# The cause of a ConnectionClosed: what happened before both had closed


@run
async def test_a_reset_after_both_close_frames_is_not_a_cause() -> None:
    async with serve(forever, "127.0.0.1", 0) as server:
        for we_close in (False, True):
            peer = await RawPeer.open(server)
            connection = await one_of(server)
            if we_close:
                connection.close_nowait()
            peer.write(close(1000))
            await peer.closed_with()
            connection.connection_lost(ConnectionResetError())
            with pytest.raises(ConnectionClosedOK) as raised:
                await connection.recv()
            assert raised.value.__cause__ is None
            await peer.end()


@run
async def test_text_that_is_invalid_is_a_cause_only_if_it_has_closed_the_connection() -> None:
    async with serve(forever, "127.0.0.1", 0) as server:
        for is_closed in (True, False):
            peer = await RawPeer.open(server)
            connection = await one_of(server)
            peer.write(frame(FIN | BINARY, b"\xff") + (close(1000) if is_closed else b""))
            await until(lambda: connection._queue)  # noqa: B023
            receiving = asyncio.ensure_future(connection.recv(decode=True))
            assert (await peer.closed_with())[0] == (1000 if is_closed else 1007)
            await peer.end()
            with pytest.raises(ConnectionClosed) as raised:
                await receiving
            assert isinstance(raised.value.__cause__, UnicodeDecodeError)
            with pytest.raises(ConnectionClosed) as raised:
                await connection.recv()
            assert (raised.value.__cause__ is None) is is_closed


@run
async def test_a_message_that_a_close_has_interrupted_is_not_a_cause() -> None:
    async def fragments() -> Any:
        yield "one"
        await connection.wait_closed()
        yield "two"

    async with met() as (connection, peer):
        sending = asyncio.ensure_future(connection.send(fragments()))
        await peer.frame()
        peer.write(close(1000))
        await peer.rest()
        await peer.end()
        for call in (sending, connection.recv()):
            with pytest.raises(ConnectionClosedOK) as raised:
                await call
            assert raised.value.__cause__ is None


# TCP that ends without a close frame


@run
async def test_a_reset_is_a_connection_closed_error_with_its_cause() -> None:
    async with met() as (connection, peer):
        receiving = asyncio.ensure_future(connection.recv())
        await asyncio.sleep(0)
        peer.reset()
        with pytest.raises(ConnectionClosedError) as raised:
            await receiving
        assert isinstance(raised.value.__cause__, ConnectionResetError)
        assert connection.close_code == 1006


@run
async def test_the_end_of_the_stream_without_a_close_is_a_connection_closed_error() -> None:
    async with serve(forever, "127.0.0.1", 0) as server:
        for last in (b"", frame(TEXT, b"half")[:-2]):
            peer = await RawPeer.open(server)
            connection = await one_of(server)
            peer.write(last)
            peer.writer.write_eof()
            with pytest.raises(ConnectionClosedError):
                await connection.recv()
            assert connection.close_code == 1006
            assert await peer.has_ended()
            await peer.end()


@run
async def test_messages_received_before_a_reset_can_be_taken() -> None:
    async with met() as (connection, peer):
        peer.write(frame(FIN | TEXT, b"last words"))
        await until(lambda: connection._queue)
        peer.reset()
        await connection.wait_closed()
        assert await connection.recv() == "last words"
        with pytest.raises(ConnectionClosedError):
            await connection.recv()


@run
async def test_a_send_that_waits_for_a_slow_peer_raises_when_the_peer_is_gone() -> None:
    async with met() as (connection, peer):

        async def flood() -> None:
            while True:
                await connection.send(b"a" * 100_000)

        kernel.hold_little(connection.transport.get_extra_info("socket"))
        tasks = [asyncio.ensure_future(flood()) for _ in range(3)]
        await until(lambda: connection._is_write_paused)
        tasks.append(asyncio.ensure_future(connection.drain()))
        peer.reset()
        for task in tasks:
            with pytest.raises(ConnectionClosedError):
                await task


@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("message", ["x", b"x" * 1000, b"x" * 70_000, [b"x"]], ids=len)
@run
async def test_a_send_after_a_write_that_failed_raises(
    message: str | bytes | list[bytes], compression: str | None
) -> None:
    await check_raises_after_a_failed_write("send", message, compression=compression)


@pytest.mark.parametrize("name", ["ping", "pong"])
@run
async def test_a_ping_or_pong_after_a_write_that_failed_raises(name: str) -> None:
    await check_raises_after_a_failed_write(name)


async def check_raises_after_a_failed_write(name: str, *arguments: Any, **options: Any) -> None:
    """The loop reports the failure in its next turn: a sender must not keep it from that."""
    async with met(**options) as (connection, peer):
        fd = connection.transport.get_extra_info("socket").fileno()
        with socket.socket(fileno=os.dup(fd)) as ours:
            ours.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionClosedError):
            for _ in range(1000):
                await getattr(connection, name)(*arguments)
        assert connection.state is State.CLOSED
        await peer.end()


@run
async def test_a_cancelled_send_leaves_no_half_message() -> None:
    async def handler(connection: Any) -> None:
        for i in range(100):
            task = asyncio.ensure_future(connection.send(b"%d" % i * 50_000))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

    async with serve(handler, "127.0.0.1", 0) as server:
        async with websockets_connect(uri_of(server), max_size=None) as peer:
            received = [message async for message in peer]
        assert received == [b"%d" % i * 50_000 for i in range(100)]


# Before the beginning


class Early(ServerConnection):
    """Is used in its constructor."""

    made = 0

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        assert self.transport is None and self.state is State.CONNECTING
        assert self.local_address is None and self.remote_address is None
        assert self.id and self.logger and self.response is None
        assert self.close_code is None and self.subprotocol is None
        with pytest.raises(InvalidState):
            self.request  # noqa: B018
        with pytest.raises(InvalidState):
            self.send_nowait("a")
        self.close_nowait()
        type(self).made += 1


@run
async def test_a_connection_that_is_closed_before_it_is_made_is_aborted() -> None:
    async with serve(forever, "127.0.0.1", 0, create_connection=Early) as server:
        peer = await RawPeer.connect(server)
        await until(lambda: Early.made)
        assert await peer.rest() == b""
        await peer.end()
        await until(lambda: not server._all)


class EarlyClient(ClientConnection):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.close_nowait()


@run
async def test_a_client_that_is_closed_before_it_is_made_is_aborted() -> None:
    async with serve(forever, "127.0.0.1", 0) as server:
        uri = uri_of(server)
        connection = await connect(uri, create_connection=EarlyClient, proxy=None)
        await connection.wait_closed()
        with pytest.raises(ConnectionClosedError):
            await connection.recv()


@pytest.mark.parametrize("method", ["close_nowait", "process_request"])
@run
async def test_a_connection_that_is_closed_in_the_opening_handshake_is_aborted(
    method: str,
) -> None:
    def close_it(connection: Any, request: Any) -> None:
        connection.close_nowait()

    callback = close_it if method == "process_request" else None
    async with serve(forever, "127.0.0.1", 0, process_request=callback) as server:
        peer = await RawPeer.connect(server)
        await until(lambda: server._all)
        if callback is None:
            next(iter(server._all)).close_nowait()
        peer.write(request())
        try:
            assert await peer.rest() == b""
        except ConnectionResetError:
            pass
        await peer.end()
        await until(lambda: not server._all)


def test_a_constructor_that_fails_early_reports_only_its_own_error(monkeypatch: Any) -> None:
    reported: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", reported.append)

    class Failing(ServerConnection):
        def __init__(self) -> None:
            raise ValueError

    with pytest.raises(ValueError):
        Failing()
    with pytest.raises(AttributeError, match="room"):
        ServerConnection(None, None)  # type: ignore[arg-type]
    gc.collect()
    assert not reported


# After the end


@run
async def test_a_connection_that_is_kept_after_its_end_is_harmless() -> None:
    async with pair() as (server, client):
        await client.close(4000, "the end")
        await server.wait_closed()
        for connection, sent in ((server, 4000), (client, 4000)):
            for _ in range(2):
                for call in (
                    connection.recv(),
                    connection.send("a"),
                    connection.send(["a"]),
                    connection.drain(),
                    connection.ping(),
                    connection.pong(),
                    connection.__anext__(),
                ):
                    with pytest.raises(ConnectionClosed):
                        await call
                with pytest.raises(ConnectionClosed):
                    connection.send_nowait("a")
                await connection.close()
                connection.close_nowait()
                await connection.wait_closed()
                connection.buffer_updated(10)
                connection.resume_writing()
                connection.eof_received()
            assert connection.close_code == sent and connection.state is State.CLOSED
            assert connection.id and connection.remote_address is None


@run
async def test_a_thousand_connections_can_close_at_once() -> None:
    with needs.descriptors(2200):
        async with serve(echo, "127.0.0.1", 0, backlog=1024) as server:
            peers = await asyncio.gather(*[RawPeer.open(server) for _ in range(1000)])
            await until(lambda: len(server.connections) == 1000)
            for peer in peers[:300]:
                peer.reset()
            for peer in peers[300:600]:
                peer.write(close(1000))
            for peer in peers[600:]:
                peer.writer.write_eof()
            await until(lambda: not server.connections)
            for peer in peers:
                await peer.end()
            await until(lambda: not server._all)
