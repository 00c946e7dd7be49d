"""The replies of a handler of wscodec.asyncio precede what ends the connection: a close or a
violation that came together with the messages."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asyncio_peer import BINARY, CLOSE, FIN, TEXT, RawPeer, close, echo, frame, run
from deflated import Compressor
from wire import KEY
from wscodec import Deflate, build_response
from wscodec.asyncio import ConnectionClosed, connect, serve

HI = frame(FIN | TEXT, b"hi")
VIOLATION = b"\x83"
OFFER = "Sec-WebSocket-Extensions: permessage-deflate"


async def with_wait_for(connection: Any) -> None:
    while True:
        await connection.send(await asyncio.wait_for(connection.recv(), 5))


async def slowly(connection: Any) -> None:
    async for message in connection:
        await asyncio.sleep(0.1)
        await connection.send(message)


async def replies(handler: Any, *sent: bytes, eof: bool = False) -> bytes:
    """All that a server sends in reply to what arrives together."""
    async with serve(handler, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        peer.write(b"".join(sent))
        if eof:
            peer.writer.write_eof()
        found = await peer.rest()
        await peer.end()
        await peer.end()
        return found


@pytest.mark.parametrize("handler", [echo, with_wait_for])
@run
async def test_replies_precede_the_reply_to_a_close(handler: Any) -> None:
    expected = frame(FIN | TEXT, b"hi", None)
    found = await replies(handler, HI, HI, close(4000))
    assert found == expected * 2 + close(4000, key=None)


@pytest.mark.parametrize("handler", [echo, with_wait_for])
@run
async def test_replies_precede_the_report_of_a_violation(handler: Any) -> None:
    found = await replies(handler, HI, VIOLATION)
    assert found[:4] == frame(FIN | TEXT, b"hi", None)
    assert found[4] == FIN | CLOSE and found[6:8] == b"\x03\xea"


@pytest.mark.parametrize("handler", [echo, with_wait_for])
@pytest.mark.parametrize("count", [1, 10, 100])
@run
async def test_replies_precede_the_end_if_the_stream_ends_too(handler: Any, count: int) -> None:
    found = await replies(handler, HI * count, close(1000), eof=True)
    assert found == frame(FIN | TEXT, b"hi", None) * count + close(1000, key=None)


@pytest.mark.parametrize("handler", [echo, with_wait_for])
@pytest.mark.parametrize("turns", range(6))
@run
async def test_replies_precede_a_close_that_comes_a_few_turns_later(
    handler: Any, turns: int
) -> None:
    async with serve(handler, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        (connection,) = server.connections
        for part in (HI, close(4000)):
            connection.get_buffer(-1)[: len(part)] = part
            connection.buffer_updated(len(part))
            for _ in range(turns):
                await asyncio.sleep(0)
        found = await peer.rest()
        await peer.end()
    assert found == frame(FIN | TEXT, b"hi", None) + close(4000, key=None)


async def at_length(connection: Any) -> None:
    async for message in connection:
        await connection.send(message * 200_000)


@pytest.mark.parametrize("last", [close(4000), close(4000) + VIOLATION])
@run
async def test_replies_precede_the_close_though_the_peer_reads_them_late(last: bytes) -> None:
    count = 30
    async with serve(at_length, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        peer.write(HI * count + last)
        peer.writer.write_eof()
        await asyncio.sleep(0.05)
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(count):
            assert await peer.frame() == (FIN | TEXT, b"hi" * 200_000)
        assert await peer.closed_with() == (4000, "")
        await peer.end()


@run
async def test_replies_that_the_peer_never_reads_do_not_hold_up_the_end() -> None:
    async with serve(at_length, "127.0.0.1", 0, close_timeout=0.1) as server:
        peer = await RawPeer.open(server)
        (connection,) = server.connections
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        peer.write(HI * 100 + close(4000))
        await connection.wait_closed()
        await peer.end()


@run
async def test_a_handler_that_takes_long_does_not_hold_up_the_close() -> None:
    assert await replies(slowly, HI, close(1000)) == close(1000, key=None)


@run
async def test_a_handler_that_returns_does_not_replace_the_reply_to_a_close() -> None:
    async def once(connection: Any) -> None:
        await connection.send(await connection.recv())

    found = await replies(once, HI, close(4000))
    assert found == frame(FIN | TEXT, b"hi", None) + close(4000, key=None)


@run
async def test_replies_to_compressed_messages_precede_a_violation() -> None:
    """They are sent uncompressed, since the library encodes nothing after an error."""
    payload = b"compress me " * 500
    compressed = frame(FIN | 0x40 | BINARY, Compressor(no_context=True).message(payload))
    async with serve(echo, "127.0.0.1", 0, compression=Deflate()) as server:
        peer = await RawPeer.open(server, OFFER)
        peer.write(compressed + VIOLATION)
        found = await peer.rest()
        await peer.end()
    reply = frame(FIN | BINARY, payload, None)
    assert found[: len(reply)] == reply
    assert found[len(reply)] == FIN | CLOSE


@run
async def test_a_message_in_fragments_that_a_violation_interrupts_is_not_finished() -> None:
    failed = asyncio.get_running_loop().create_future()

    async def handler(connection: Any) -> None:
        message = await connection.recv()
        try:
            await connection.send([message, message])
        except ConnectionClosed as error:
            failed.set_result(error)
            raise

    found = await replies(handler, HI, VIOLATION)
    assert found[0] == FIN | CLOSE
    assert failed.result().sent.code == 1002


@run
async def test_a_client_replies_masked_before_the_report_of_a_violation() -> None:
    received = asyncio.get_running_loop().create_future()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line.split(b": ")[1]
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key")
        )
        writer.write(build_response(key.decode()) + frame(FIN | TEXT, b"hi", None) + VIOLATION)
        writer.write_eof()
        received.set_result(await reader.read())
        writer.close()

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionClosed):
            async with connect(f"ws://127.0.0.1:{port}/", proxy=None) as client:
                await echo(client)
        found = await received
    assert found[:2] == bytes([FIN | TEXT, 0x80 | 2]) and KEY not in found
    assert found[8] == FIN | CLOSE


@run
async def test_a_message_in_fragments_is_not_completed_after_a_close() -> None:
    """What the peer gets of it has no end: it never looks whole."""

    async def handler(connection: Any) -> None:
        async def fragments() -> Any:
            yield "one"
            while connection._handle:
                await asyncio.sleep(0)
            yield "two"

        with pytest.raises(ConnectionClosed):
            await connection.send(fragments())
        with pytest.raises(ConnectionClosed):
            await connection.send("whole")

    async with serve(handler, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        assert await peer.frame() == (TEXT, b"one")
        peer.write(frame(FIN | TEXT, b"question") + close(1000))
        assert await peer.closed_with() == (1000, "")
        await peer.end()
