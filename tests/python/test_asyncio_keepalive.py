"""Keepalive pings of wscodec.asyncio."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asyncio_peer import (
    BINARY,
    CLOSE,
    FIN,
    PING,
    PONG,
    TEXT,
    RawPeer,
    echo,
    forever,
    frame,
    run,
    until,
    uri_of,
)
from websockets.asyncio.client import connect as websockets_connect
from wscodec.asyncio import ConnectionClosedError, serve
from wscodec.asyncio.testing import pair


@run
async def test_every_interval_a_ping_measures_the_latency() -> None:
    async with serve(forever, "127.0.0.1", 0, ping_interval=0.05) as server:
        start = asyncio.get_running_loop().time()
        peer = await RawPeer.open(server)
        (connection,) = server.connections
        assert connection.latency == 0
        for _ in range(4):
            first, payload = await peer.frame()
            assert first == FIN | PING
            peer.write(frame(FIN | PONG, payload))
        passed = asyncio.get_running_loop().time() - start
        assert 0.15 < passed < 2
        await until(lambda: connection.latency)
        assert 0 < connection.latency < 1
        await peer.end()


@run
async def test_there_are_no_pings_without_an_interval() -> None:
    async with serve(forever, "127.0.0.1", 0, ping_interval=None, ping_timeout=0.01) as server:
        peer = await RawPeer.open(server)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(peer.frame(), 0.2)
        assert server.connections
        await peer.end()


@run
async def test_a_silent_peer_is_closed_with_1011_after_ping_timeout() -> None:
    options: Any = {"ping_interval": 0.1, "ping_timeout": 0.1, "close_timeout": 0.1}
    raised = asyncio.get_running_loop().create_future()

    async def handler(connection: Any) -> None:
        try:
            await connection.recv()
        except ConnectionClosedError as error:
            raised.set_result(error)

    async with serve(handler, "127.0.0.1", 0, **options) as server:
        start = asyncio.get_running_loop().time()
        peer = await RawPeer.open(server)
        assert (await peer.frame())[0] == FIN | PING
        while (received := await peer.frame())[0] == FIN | PING:
            pass
        assert received == (FIN | CLOSE, b"\x03\xf3keepalive ping timeout")
        assert 0.19 < asyncio.get_running_loop().time() - start < 2
        error = await raised  # half-open: it does not reply to the close either
        assert error.sent == (1011, "keepalive ping timeout")
        assert isinstance(error.__cause__, TimeoutError)
        await peer.end()


@run
async def test_without_a_timeout_a_silent_peer_is_only_pinged() -> None:
    async with serve(forever, "127.0.0.1", 0, ping_interval=0.02, ping_timeout=None) as server:
        peer = await RawPeer.open(server)
        for _ in range(10):
            assert (await peer.frame())[0] == FIN | PING
        await peer.end()


@run
async def test_a_peer_that_sends_anything_is_alive() -> None:
    async with serve(echo, "127.0.0.1", 0, ping_interval=0.2, ping_timeout=1.5) as server:
        peer = await RawPeer.open(server)
        for _ in range(100):
            await asyncio.sleep(0.02)
            peer.write(frame(FIN | TEXT, b"a"))  # and no pong
        assert server.connections
        await peer.end()


@run
async def test_a_timeout_longer_than_the_interval_counts_from_the_first_unanswered_ping() -> (
    None
):
    async with serve(forever, "127.0.0.1", 0, ping_interval=0.1, ping_timeout=2) as server:
        peer = await RawPeer.open(server)
        await asyncio.sleep(1.4)
        peer.write(frame(FIN | PONG, b"alive"))
        await asyncio.sleep(1.1)
        assert server.connections
        await until(lambda: not server.connections)
        await peer.end()


@run
async def test_a_slow_handler_is_not_taken_for_a_silent_peer() -> None:
    gate = asyncio.Event()

    async def slow(connection: Any) -> None:
        await gate.wait()
        async for message in connection:
            await connection.send(message)

    async with serve(
        slow, "127.0.0.1", 0, max_queue=1, ping_interval=0.05, ping_timeout=0.05
    ) as server:
        async with websockets_connect(uri_of(server), ping_interval=None) as peer:
            for i in range(10):
                await peer.send(str(i))
            await until(lambda: not next(iter(server.connections)).transport.is_reading())
            await asyncio.sleep(0.3)
            gate.set()
            assert [await peer.recv() for _ in range(10)] == [str(i) for i in range(10)]


def flood(connection: Any, message: bytes) -> None:
    connection.send_nowait(message * 1000)


@pytest.mark.parametrize("callbacks", [False, True])
@run
async def test_a_peer_that_does_not_read_for_ping_timeout_is_closed(callbacks: bool) -> None:
    async def handler(connection: Any) -> None:
        while True:
            await connection.send(b"a" * 100_000)

    arguments: Any = {"on_message": flood} if callbacks else {"handler": handler}
    async with serve(
        host="127.0.0.1",
        port=0,
        ping_interval=0.1,
        ping_timeout=0.1,
        close_timeout=0.1,
        **arguments,
    ) as server:
        peer = await RawPeer.open(server)
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        (connection,) = server.connections
        for _ in range(300):
            peer.write(frame(FIN | BINARY, b"a" * 1000))
            await asyncio.sleep(0)
        if not callbacks:
            # It is heard, but does not read.
            async def chatter() -> None:
                while True:
                    peer.write(frame(FIN | PONG, b"a"))
                    await asyncio.sleep(0.01)

            talking = asyncio.ensure_future(chatter())
        await asyncio.wait_for(connection.wait_closed(), 5)
        assert connection._end().sent == (1011, "keepalive ping timeout")
        if not callbacks:
            talking.cancel()
        peer.reset()


@run
async def test_a_peer_that_reads_slowly_but_steadily_stays_connected() -> None:
    sending: list[Any] = []

    async def handler(connection: Any) -> None:
        sending.append(connection)
        await connection.send(b"a" * 3_000_000)
        await connection.send("done")

    async with pair(handler, ping_interval=0.1, ping_timeout=0.8, max_size=None) as (
        server,
        client,
    ):
        # 64 KiB are delivered at a time: pause in between.
        client.transport.pause_reading()
        for _ in range(200):
            await asyncio.sleep(0.03)
            client.transport.resume_reading()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            client.transport.pause_reading()
            if server._ending or not server._is_write_paused:
                break
        client.transport.resume_reading()
        assert not server._ending or server._ending.cause is None


@run
async def test_one_timer_serves_all_connections_and_stops_with_the_last() -> None:
    async with serve(forever, "127.0.0.1", 0, ping_interval=0.1) as server:
        keepalive = server._settings.keepalive
        assert keepalive is not None and keepalive.timer is None
        peers = [await RawPeer.open(server) for _ in range(50)]
        await until(lambda: len(server.connections) == 50)
        assert len(keepalive.members) == 50 and keepalive.timer is not None
        for peer in peers:
            await peer.end()
        await until(lambda: not server._all)
        await until(lambda: keepalive.timer is None)
        assert not keepalive.rounds


@run
async def test_a_ping_of_the_user_is_not_confused_with_those_of_the_keepalive() -> None:
    async with serve(forever, "127.0.0.1", 0, ping_interval=0.05) as server:
        async with websockets_connect(uri_of(server), ping_interval=None):
            await until(lambda: server.connections)
            (connection,) = server.connections
            for _ in range(10):
                assert 0 < await (await connection.ping()) < 1
                await asyncio.sleep(0.02)
            assert connection.latency
