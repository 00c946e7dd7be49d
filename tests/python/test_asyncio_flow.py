"""Back-pressure of wscodec.asyncio, and how messages are joined into writes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Callable

import kernel
import needs
import pytest
from asyncio_peer import (
    BINARY,
    CONTINUATION,
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
    run,
    until,
)
from wscodec.asyncio import serve
from wscodec.asyncio._base import AT_ONCE, SOON
from wscodec.asyncio.testing import pair


def writes_of(connection: Any) -> list[bytes]:
    """What the connection writes from now on, in the pieces in which it does."""
    pieces: list[bytes] = []
    transport = connection.transport

    class Recorder:
        def write(self, data: bytes) -> None:
            pieces.append(bytes(data))
            transport.write(data)

        def __getattr__(self, name: str) -> Any:
            return getattr(transport, name)

    connection.transport = Recorder()
    return pieces


# Receiving


@run
async def test_reading_stops_above_max_queue_and_goes_on_at_the_low_mark() -> None:
    async with pair(max_queue=(8, 3)) as (server, client):
        for i in range(8):
            await client.send(str(i))
        await until(lambda: server._queued() == 8)
        assert server.transport.is_reading()
        await client.send("8")
        await until(lambda: not server.transport.is_reading())
        for i in range(6):
            assert await server.recv() == str(i)
            assert server.transport.is_reading() == (i == 5)


@run
async def test_the_default_low_mark_is_a_quarter_and_none_is_no_limit() -> None:
    async with pair(max_queue=8) as (server, client):
        for i in range(9):
            await client.send(str(i))
        await until(lambda: not server.transport.is_reading())
        while server._queued() > 2:
            assert not server.transport.is_reading()
            await server.recv()
        assert server.transport.is_reading()
    async with pair(max_queue=None) as (server, client):
        for i in range(1000):
            await client.send(str(i))
        await until(lambda: server._queued() == 1000)
        assert server.transport.is_reading()


@run
async def test_a_slow_handler_gets_all_messages_in_order() -> None:
    received: list[str] = []

    async def slow(connection: Any) -> None:
        async for message in connection:
            received.append(message)
            if len(received) % 50 == 0:
                await asyncio.sleep(0.001)

    async with serve(slow, "127.0.0.1", 0, max_queue=2) as server:
        peer = await RawPeer.open(server)
        for i in range(20_000):
            peer.write(frame(FIN | TEXT, b"%d" % i))
        peer.write(close(1000))
        assert await peer.closed_with() == (1000, "")
        await peer.end()
        await until(lambda: len(received) == 20_000)
    assert received == [str(i) for i in range(20_000)]


@pytest.mark.parametrize("stream", [False, True])
@run
async def test_reading_stops_when_the_queue_takes_more_memory_than_max_size(
    stream: bool,
) -> None:
    limit, size = 1 << 20, 200_000
    sent = [bytes([i]) * size for i in range(15)]
    async with met(max_size=limit, stream=stream) as (connection, peer):
        for message in sent:
            peer.write(frame(FIN | BINARY, message))
        await until(lambda: connection._is_read_paused)
        await asyncio.sleep(0.01)
        if not stream:
            assert limit < connection._queued() * size < limit + 2 * size
        assert [await connection.recv() for _ in sent] == sent
        peer.write(frame(FIN | TEXT, b"still read"))
        assert await connection.recv() == "still read"
        await peer.end()


@run
async def test_many_small_messages_are_taken_without_a_limit_on_memory_that_small() -> None:
    async with met(max_size=100) as (connection, peer):
        for i in range(16):
            peer.write(frame(FIN | BINARY, b"a" * 100))
            await until(lambda: connection._queued() > i)  # noqa: B023
        assert not connection._is_read_paused
        await peer.end()


@run
async def test_without_max_queue_the_memory_of_the_queue_is_not_limited() -> None:
    async with met(max_size=300_000, max_queue=None) as (connection, peer):
        for _ in range(30):
            peer.write(frame(FIN | BINARY, bytes(200_000)))
        await until(lambda: connection._queued() == 30)
        await peer.end()


@needs.compression
@run
async def test_messages_that_expand_are_decompressed_only_as_the_queue_has_room() -> None:
    import zlib

    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    bomb = frame(FIN | 0x40 | BINARY, data[:-4])
    fields = "Sec-WebSocket-Extensions: permessage-deflate"
    async with serve(forever, "127.0.0.1", 0, max_queue=4, max_size=1 << 24) as server:
        peer = await RawPeer.open(server, fields)
        connection = await one_of(server)
        peer.write(bomb * 100)  # less than one read
        await until(lambda: connection._rest is not None)
        assert connection._queued() == 5
        for _ in range(100):
            assert await connection.recv() == bytes(1 << 20)
            assert connection._queued() <= 5
        await peer.end()


@run
async def test_pings_of_a_peer_that_does_not_read_take_no_memory() -> None:
    async with serve(forever, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        peer.reader._limit = 1  # type: ignore[attr-defined]
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        connection = await one_of(server)
        flood = frame(FIN | PING, b"a" * 125) * 1000
        for _ in range(300):
            peer.write(flood)
            await peer.writer.drain()
            assert connection.transport.get_write_buffer_size() < 500_000
        await until(lambda: connection._is_write_paused)
        peer.write(frame(FIN | PING, b"last"))
        await asyncio.sleep(0.05)
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        peer.reader._limit = 1 << 16  # type: ignore[attr-defined]
        while True:
            first, payload = await peer.frame()
            assert first == FIN | PONG
            if payload == b"last":
                break
        await peer.end()


# Sending


@run
async def test_send_waits_while_the_peer_does_not_read() -> None:
    async with pair(write_limit=10_000, compression=None) as (server, client):
        client.transport.pause_reading()
        await server.send(b"a" * 9000)
        waiting = asyncio.ensure_future(server.send(b"b" * 9000))
        draining = asyncio.ensure_future(server.drain())
        await asyncio.sleep(0.01)
        assert not waiting.done() and not draining.done()
        server.send_nowait(b"c")
        client.transport.resume_reading()
        await waiting
        await draining
        assert [await client.recv() for _ in range(3)] == [b"a" * 9000, b"b" * 9000, b"c"]


@run
async def test_fragments_wait_while_the_peer_does_not_read() -> None:
    sent = 0

    def fragments() -> Any:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b"a" * 10_000

    async with pair(write_limit=10_000, compression=None) as (server, client):
        client.transport.pause_reading()
        sending = asyncio.ensure_future(server.send(fragments()))
        await asyncio.sleep(0.01)
        assert sent < 5
        client.transport.resume_reading()
        assert len(await client.recv()) == 1_000_000
        await sending


async def by_send(connection: Any) -> None:
    await connection.send(b"x")


async def by_fragments(connection: Any) -> None:
    await connection.send([b"x"])


async def by_drain(connection: Any) -> None:
    connection.send_nowait("x")
    await connection.drain()


async def by_compression(connection: Any) -> None:
    await connection.send(bytes(10_000))


async def by_ping(connection: Any) -> None:
    await connection.ping()


async def by_pong(connection: Any) -> None:
    await connection.pong()


@pytest.mark.parametrize(
    "send", [by_send, by_fragments, by_drain, by_compression, by_ping, by_pong]
)
@run
async def test_who_sends_and_never_has_to_wait_gives_others_turns(
    send: Callable[[Any], Coroutine[Any, Any, None]],
) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with pair(write_limit=1 << 20, max_queue=None) as (_, client):
        task = asyncio.ensure_future(other())
        for _ in range(1500):
            await send(client)
            assert not client._is_write_paused
        task.cancel()
        assert turns >= 5


@run
async def test_callbacks_are_not_called_while_the_peer_does_not_read_the_replies() -> None:
    calls = 0

    def reply(connection: Any, message: bytes) -> None:
        nonlocal calls
        calls += 1
        connection.send_nowait(message * 1000)

    async with serve(on_message=reply, host="127.0.0.1", port=0) as server:
        peer = await RawPeer.open(server)
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        connection = await one_of(server)
        kernel.hold_little(connection.transport.get_extra_info("socket"))
        count = 2_000
        for _ in range(count):
            peer.write(frame(FIN | BINARY, b"a" * 100))
        await until(lambda: not connection.transport.is_reading())
        await asyncio.sleep(0.05)
        before = calls
        await asyncio.sleep(0.05)
        assert calls == before < count
        assert connection.transport.get_write_buffer_size() < 400_000
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(count):
            assert len((await peer.frame())[1]) == 100_000
        assert calls == count
        await peer.end()


@run
async def test_callbacks_get_all_messages_in_order_though_the_peer_reads_late() -> None:
    def reply(connection: Any, message: str) -> None:
        connection.send_nowait(message * 10_000)

    count = 1000
    async with serve(on_message=reply, host="127.0.0.1", port=0) as server:
        peer = await RawPeer.open(server)
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        connection = await one_of(server)
        # All in one read, with others that come while they wait.
        peer.write(b"".join(frame(FIN | TEXT, b"%03d" % i) for i in range(count // 2)))
        await until(lambda: connection._queue)
        for i in range(count // 2, count):
            peer.write(frame(FIN | TEXT, b"%03d" % i))
        peer.write(close(4000))
        await asyncio.sleep(0.01)
        assert connection.transport.get_write_buffer_size() < 400_000
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for i in range(count):
            assert await peer.frame() == (FIN | TEXT, b"%03d" % i * 10_000)
        assert await peer.closed_with() == (4000, "")
        await peer.end()


# Turns of the loop


SMALL = [frame(FIN | PING), frame(FIN | TEXT, b"a"), frame(TEXT) + frame(FIN | CONTINUATION)]


def ignore(*_: Any) -> None: ...


@pytest.mark.parametrize("is_closing", [False, True])
@pytest.mark.parametrize("small", SMALL)
@pytest.mark.parametrize(
    "options",
    [{"on_message": ignore}, {"handler": forever, "max_queue": None, "stream": True}],
)
@run
async def test_a_read_of_many_small_frames_gives_other_connections_turns(
    options: Any, small: bytes, is_closing: bool
) -> None:
    async with serve(host="127.0.0.1", port=0, **options) as server:
        peer = await RawPeer.open(server)
        connection = await one_of(server)
        if is_closing:
            connection.close_nowait()
        flood = small * (200_000 // len(small)) + frame(FIN | PING, b"last")
        connection.get_buffer(-1)[: len(flood)] = flood
        connection.buffer_updated(len(flood))
        turns = 0
        while connection._rest is not None:
            assert not connection.transport.is_reading()
            await asyncio.sleep(0)
            turns += 1
        assert turns > 3 and connection.transport.is_reading()
        while await peer.frame() != (FIN | PONG, b"last"):
            pass
        peer.write(close(1000))
        await peer.rest()
        await peer.end()


# Writes


@run
async def test_the_replies_to_one_read_are_one_write() -> None:
    def reply(connection: Any, message: Any) -> None:
        connection.send_nowait(message)

    async def handler(connection: Any) -> None:
        async for message in connection:
            await connection.send(message)

    choices: list[Any] = [{"handler": handler}, {"on_message": reply}]
    for arguments in choices:
        async with pair(**arguments) as (server, client):
            writes = writes_of(server)
            messages = [f"message {i}" for i in range(10)]
            client._joins = SOON  # one write
            for message in messages:
                client.send_nowait(message)
            client._joins = AT_ONCE
            assert [await client.recv() for _ in messages] == messages
            assert len(writes) == 1


@run
async def test_replies_do_not_wait_for_a_handler_that_is_busy_otherwise() -> None:
    gate = asyncio.Event()

    async def handler(connection: Any) -> None:
        await connection.send(await connection.recv())
        await gate.wait()

    async with serve(handler, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        peer.write(frame(FIN | TEXT, b"a") + frame(FIN | TEXT, b"b"))
        assert await peer.frame() == (FIN | TEXT, b"a")
        gate.set()
        await peer.end()


@run
async def test_replies_that_wait_to_be_joined_are_bounded() -> None:
    async with pair() as (server, client):
        client._joins = SOON
        client.send_nowait("1")
        client.send_nowait("2")
        client._joins = AT_ONCE
        client._flush()
        assert await server.recv() == "1"  # "2" is still in the queue
        for _ in range(100):
            server.send_nowait(b"a" * 10_000)
            out = server._out or b""
            assert len(b"".join(out) if isinstance(out, list) else out) < 100_000
        for _ in range(100):
            assert await client.recv() == b"a" * 10_000


@run
async def test_a_close_follows_the_messages_that_wait_to_be_joined() -> None:
    async def handler(connection: Any) -> None:
        await connection.recv()
        await connection.send("last")
        await connection.close(4000)

    async with serve(handler, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        peer.write(frame(FIN | TEXT, b"a") + frame(FIN | TEXT, b"b"))
        assert await peer.frame() == (FIN | TEXT, b"last")
        assert await peer.closed_with() == (4000, "")
        await peer.end()


@run
async def test_a_message_in_many_reads_is_echoed_whole() -> None:
    async with serve(echo, "127.0.0.1", 0, max_size=None) as server:
        peer = await RawPeer.open(server)
        peer.write(frame(BINARY, b"a" * 700_000) + frame(FIN | CONTINUATION, b"b" * 700_000))
        peer.write(frame(FIN | TEXT, b"next"))
        assert await peer.frame() == (FIN | BINARY, b"a" * 700_000 + b"b" * 700_000)
        assert await peer.frame() == (FIN | TEXT, b"next")
        await peer.end()
