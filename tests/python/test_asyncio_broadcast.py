"""broadcast() of wscodec.asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator
from typing import Any

import needs
import pytest
from asyncio_peer import FIN, TEXT, RawPeer, forever, run, until, uri_of
from websockets.asyncio.client import connect as websockets_connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from wscodec import Deflate, Deflater
from wscodec.asyncio import ConcurrencyError, broadcast, serve
from wscodec.asyncio.testing import pair


@run
async def test_every_open_connection_gets_the_message() -> None:
    async with serve(forever, "127.0.0.1", 0) as server, contextlib.AsyncExitStack() as stack:
        peers = []
        for compression in (None, "deflate") * 5:
            client = websockets_connect(uri_of(server), compression=compression)
            peers.append(await stack.enter_async_context(client))
        for message in ("a", b"b", "ä" * 5000, b"c" * 100_000):
            broadcast(server.connections, message)
            for peer in peers:
                assert await peer.recv() == message
        broadcast(server.connections, b"text", text=True)
        assert [await peer.recv() for peer in peers] == ["text"] * 10
        await peers[0].close()
        everyone = set(server._all)
        broadcast(everyone, "the others")
        assert await peers[1].recv() == "the others"


@needs.compression
@run
async def test_a_message_is_compressed_once_for_all_that_agreed_to_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []
    compress = Deflater.compress

    def counted(self: Deflater, data: Any, *, more: bool = False) -> bytes:
        calls.append(data)
        return compress(self, data, more=more)

    monkeypatch.setattr(Deflater, "compress", counted)
    async with serve(forever, "127.0.0.1", 0) as server, contextlib.AsyncExitStack() as stack:
        peers = []
        for bits in (15, 15, 15, 10, 10):
            factory = ClientPerMessageDeflateFactory(server_max_window_bits=bits)
            client = websockets_connect(uri_of(server), extensions=[factory], compression=None)
            peers.append(await stack.enter_async_context(client))
        await until(lambda: len(server.connections) == 5)
        for _ in range(2):
            message = "".join(map(str, range(2000)))
            broadcast(server.connections, message)
            for peer in peers:
                assert await peer.recv() == message
        assert len(calls) == 4  # once for each window


@needs.compression
@run
async def test_with_context_takeover_each_connection_compresses_on_its_own() -> None:
    async with serve(forever, "127.0.0.1", 0, compression=Deflate()) as server:
        async with (
            websockets_connect(uri_of(server)) as a,
            websockets_connect(uri_of(server)) as b,
        ):
            await until(lambda: len(server.connections) == 2)
            for i in range(5):
                next(iter(server.connections)).send_nowait(f"{i} alone " * 500)
                broadcast(server.connections, f"{i} all " * 500)
            received = [[await a.recv() for _ in range(5)], [await b.recv() for _ in range(5)]]
            together = [f"{i} all " * 500 for i in range(5)]
            assert together in (received[0], received[1])


@run
async def test_clients_broadcast_masked_frames() -> None:
    async with pair() as (server, client):
        broadcast([client, server], "both")
        assert await server.recv() == await client.recv() == "both"


async def fragments() -> AsyncIterator[str]:
    yield "a"
    await asyncio.sleep(60)


@run
async def test_connections_inside_a_fragmented_message_are_skipped(caplog: Any) -> None:
    async with pair() as (server, client):
        sending = asyncio.ensure_future(server.send(fragments()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        broadcast([server, client], "b")
        (record,) = [each for each in caplog.records if each.levelno == logging.WARNING]
        assert "fragments" in record.getMessage()
        assert await server.recv() == "b"
        expected: Any = ConcurrencyError
        if sys.version_info >= (3, 11):
            expected = ExceptionGroup  # noqa: F821
        with pytest.raises(expected):
            broadcast([server, client], "b", raise_exceptions=True)
        assert await server.recv() == "b"
        sending.cancel()


@run
async def test_only_messages_can_be_broadcast() -> None:
    async with pair() as (server, client):
        for wrong in (None, 1, ["a"], {"a": 1}):
            with pytest.raises(TypeError):
                broadcast([server], wrong)  # type: ignore[arg-type]


@run
async def test_a_broadcast_follows_what_the_connection_has_sent() -> None:
    async def handler(connection: Any) -> None:
        await connection.recv()
        await connection.send("first")
        broadcast([connection], "second")
        await connection.recv()

    async with serve(handler, "127.0.0.1", 0) as server:
        from asyncio_peer import frame

        peer = await RawPeer.open(server)
        peer.write(frame(FIN | TEXT, b"1") + frame(FIN | TEXT, b"2"))
        assert [await peer.frame(), await peer.frame()] == [
            (FIN | TEXT, b"first"),
            (FIN | TEXT, b"second"),
        ]
        await peer.end()
