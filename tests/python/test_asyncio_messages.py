"""Messages of wscodec.asyncio, against the client of websockets, raw sockets and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

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
    echo,
    frame,
    run,
    until,
    uri_of,
)
from websockets.asyncio.client import connect as websockets_connect
from wscodec import Deflate
from wscodec.asyncio import (
    ConcurrencyError,
    ConnectionClosedError,
    ConnectionClosedOK,
    State,
    serve,
)
from wscodec.asyncio.testing import pair
from wscodec.errors import InvalidArgument

LENGTHS = [0, 1, 125, 126, 127, 1023, 1024, 65535, 65536, 300_000]


@run
async def test_text_and_binary_messages_of_every_length_come_back_from_websockets() -> None:
    async with (
        serve(echo, "127.0.0.1", 0) as server,
        websockets_connect(uri_of(server)) as peer,
    ):
        for length in LENGTHS:
            messages: list[Any] = ["ä" * (length // 2), bytes(length)]
            for message in messages:
                await peer.send(message)
                assert await peer.recv() == message


@pytest.mark.parametrize("parameters", [{}, {"server_no_context_takeover": True}])
@needs.compression
@run
async def test_compressed_messages_come_back_from_websockets(parameters: Any) -> None:
    deflate = Deflate(**parameters)
    async with serve(echo, "127.0.0.1", 0, compression=deflate, compress_from=1) as server:
        async with websockets_connect(uri_of(server)) as peer:
            assert peer.protocol.extensions
            messages: list[Any] = ["compress me " * 100] * 3 + [b"", b"\0" * 500_000, "x"]
            for message in messages:
                await peer.send(message)
                assert await peer.recv() == message


@needs.compression
@run
async def test_messages_shorter_than_compress_from_are_sent_uncompressed() -> None:
    deflate = "Sec-WebSocket-Extensions: permessage-deflate"
    async with serve(echo, "127.0.0.1", 0, compress_from=10) as server:
        peer = await RawPeer.open(server, deflate)
        peer.write(frame(FIN | BINARY, b"a" * 9) + frame(FIN | BINARY, b"a" * 10))
        assert await peer.frame() == (FIN | BINARY, b"a" * 9)
        first, payload = await peer.frame()
        assert first == FIN | 0x40 | BINARY and payload != b"a" * 10
        await peer.end()


@run
async def test_many_messages_in_one_read_arrive_in_order() -> None:
    async with serve(echo, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        peer.write(b"".join(frame(FIN | TEXT, b"%d" % i) for i in range(5000)))
        for i in range(5000):
            assert await peer.frame() == (FIN | TEXT, b"%d" % i)
        await peer.end()


@run
async def test_messages_of_both_types_in_one_read_keep_their_types_and_order() -> None:
    texts = [(FIN | TEXT, data) for data in (b"a", b"", "\u20ac".encode())]
    binary = [(FIN | BINARY, data) for data in (b"a", b"", b"\xff")]
    async with serve(echo, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        for messages in (texts, binary, texts + binary, binary + texts + binary):
            peer.write(b"".join(frame(*each) for each in messages))
            assert [await peer.frame() for _ in messages] == messages
        await peer.end()


@run
async def test_messages_that_arrive_while_others_wait_follow_them() -> None:
    async with pair() as (server, client):
        sent: list[str] = []
        taken: list[Any] = []
        for text in "abcdefghi":
            await client.send(text)
            sent.append(text)
            await until(lambda: server._queued() == len(sent) - len(taken))
            if text in "cfi":
                taken.append(await server.recv())
        taken += [await server.recv() for _ in range(6)]
        assert taken == sent


@run
async def test_messages_cut_anywhere_arrive_whole() -> None:
    stream = frame(FIN | TEXT, "größer".encode()) + frame(BINARY, b"ab")
    stream += frame(FIN | PING, b"p") + frame(FIN | CONTINUATION, b"c" * 200)
    async with serve(echo, "127.0.0.1", 0) as server:
        for step in (1, 3, 7):
            peer = await RawPeer.open(server)
            for at in range(0, len(stream), step):
                peer.write(stream[at : at + step])
                await asyncio.sleep(0)
            received = [await peer.frame() for _ in range(3)]
            # The pong may overtake a message that was not handled yet.
            assert sorted(received) == sorted(
                [
                    (FIN | TEXT, "größer".encode()),
                    (FIN | PONG, b"p"),
                    (FIN | BINARY, b"ab" + b"c" * 200),
                ]
            )
            await peer.end()


@run
async def test_frames_behind_the_head_of_the_request_are_received() -> None:
    from asyncio_peer import request

    async with serve(echo, "127.0.0.1", 0) as server:
        peer = await RawPeer.connect(server)
        peer.write(request() + frame(FIN | TEXT, b"early") + frame(FIN | TEXT, b"bird"))
        await peer.head()
        assert await peer.frame() == (FIN | TEXT, b"early")
        assert await peer.frame() == (FIN | TEXT, b"bird")
        await peer.end()


# Types


@run
async def test_recv_decodes_as_it_is_told() -> None:
    async with pair() as (server, client):
        for message in ("ä", "ä".encode()):
            for decode, expected in ((None, message), (True, "ä"), (False, "ä".encode())):
                await client.send(message)
                assert await server.recv(decode) == expected


@run
async def test_with_decode_text_off_text_is_bytes_unless_recv_decodes() -> None:
    async with pair(decode_text=False) as (server, client):
        for _ in range(3):
            await client.send("ä")
        assert await server.recv() == "ä".encode()
        assert await server.recv(decode=True) == "ä"
        assert await server.recv(decode=False) == "ä".encode()


@run
async def test_text_is_checked_with_decode_text_off_too() -> None:
    async with serve(echo, "127.0.0.1", 0, decode_text=False) as server:
        peer = await RawPeer.open(server)
        peer.write(frame(FIN | TEXT, b"\xff"))
        assert (await peer.closed_with())[0] == 1007
        await peer.end()


@run
async def test_a_binary_message_that_cannot_be_decoded_closes_with_1007() -> None:
    async with pair() as (server, client):
        await client.send(b"\xff")
        with pytest.raises(ConnectionClosedError) as raised:
            await server.recv(decode=True)
        assert raised.value.sent is not None and raised.value.sent.code == 1007
        assert isinstance(raised.value.__cause__, UnicodeDecodeError)


@run
async def test_send_takes_the_type_from_the_message_or_from_text() -> None:
    async with pair() as (server, client):
        for message, text, expected in [
            ("a", None, "a"),
            ("a", True, "a"),
            ("a", False, b"a"),
            (b"a", None, b"a"),
            (b"a", True, "a"),
            (b"a", False, b"a"),
            (bytearray(b"a"), None, b"a"),
            (memoryview(b"xay")[1:2], None, b"a"),
            (memoryview(b"a-b-")[::2], True, "ab"),
        ]:
            await server.send(message, text)  # type: ignore[arg-type]
            assert await client.recv() == expected
            server.send_nowait(message, text)  # type: ignore[arg-type]
            assert await client.recv() == expected


@run
async def test_what_is_no_message_is_a_type_error_and_sends_nothing() -> None:
    async with pair() as (server, client):
        for wrong in (None, 1, {"a": 1}, object()):
            with pytest.raises(TypeError):
                await server.send(wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                server.send_nowait(wrong)  # type: ignore[arg-type]
        with pytest.raises(InvalidArgument, match="surrogates"):
            await server.send("\ud800")
        await server.send("after")
        assert await client.recv() == "after"


# Fragments


def parts() -> Iterator[str]:
    yield from ("ä", "", "b")


async def later() -> AsyncIterator[bytes]:
    for part in (b"a", b"b"):
        await asyncio.sleep(0)
        yield part


@run
async def test_iterables_are_sent_as_fragments_of_one_message() -> None:
    async def handler(connection: Any) -> None:
        await connection.send(parts())
        await connection.send(later())
        await connection.send(["x", "y"], text=False)
        await connection.send([])
        await connection.send("end")

    async with serve(handler, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        assert [await peer.frame() for _ in range(10)] == [
            (TEXT, "ä".encode()),
            (CONTINUATION, b""),
            (CONTINUATION, b"b"),
            (FIN | CONTINUATION, b""),
            (BINARY, b"a"),
            (CONTINUATION, b"b"),
            (FIN | CONTINUATION, b""),
            (BINARY, b"x"),
            (CONTINUATION, b"y"),
            (FIN | CONTINUATION, b""),
        ]
        assert await peer.frame() == (FIN | TEXT, b"end")
        await peer.end()


@pytest.mark.parametrize(
    "compression", [None, pytest.param("deflate", marks=needs.compression)]
)
@run
async def test_fragments_are_received_whole_by_websockets(compression: Any) -> None:
    async def handler(connection: Any) -> None:
        await connection.send(["first ", "second " * 1000, "third"])
        await connection.send("whole")

    async with serve(handler, "127.0.0.1", 0, compression=compression) as server:
        async with websockets_connect(uri_of(server)) as peer:
            assert await peer.recv() == "first " + "second " * 1000 + "third"
            assert await peer.recv() == "whole"


@run
async def test_other_messages_wait_for_the_end_of_a_fragmented_one_but_pings_do_not() -> None:
    gate = asyncio.Event()

    async def slowly() -> AsyncIterator[str]:
        yield "a"
        await gate.wait()
        yield "b"

    async def handler(connection: Any) -> None:
        first = asyncio.ensure_future(connection.send(slowly()))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(connection.send(["c"]))
        third = asyncio.ensure_future(connection.send("d"))
        await asyncio.sleep(0)
        with pytest.raises(ConcurrencyError):
            connection.send_nowait("e")
        await connection.ping(b"between")
        gate.set()
        await asyncio.gather(first, second, third)

    async with serve(handler, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        assert await peer.frame() == (TEXT, b"a")
        assert await peer.frame() == (FIN | PING, b"between")
        assert await peer.frame() == (CONTINUATION, b"b")
        assert await peer.frame() == (FIN | CONTINUATION, b"")
        others = [await peer.frame() for _ in range(3)]
        # Whichever of them comes first, the other is not inside it.
        assert others in (
            [(FIN | TEXT, b"d"), (TEXT, b"c"), (FIN | CONTINUATION, b"")],
            [(TEXT, b"c"), (FIN | CONTINUATION, b""), (FIN | TEXT, b"d")],
        )
        await peer.end()


class Broken(Exception):
    pass


@pytest.mark.parametrize("how", ["raises", "mixed", "cancelled"])
@run
async def test_a_fragmented_message_that_is_not_completed_closes_with_1011(how: str) -> None:
    async def fragments() -> AsyncIterator[Any]:
        yield "half a message"
        if how == "raises":
            raise Broken
        if how == "mixed":
            yield b"bytes"
        await asyncio.sleep(60)

    done = asyncio.get_running_loop().create_future()

    async def handler(connection: Any) -> None:
        task = asyncio.ensure_future(connection.send(fragments()))
        if how == "cancelled":
            await asyncio.sleep(0.01)
            task.cancel()
        await asyncio.wait([task])
        if how == "cancelled":
            assert task.cancelled()
        else:
            assert isinstance(task.exception(), Broken if how == "raises" else TypeError)
        with pytest.raises(ConnectionClosedError):
            await connection.send("after")
        done.set_result(None)

    async with serve(handler, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        assert await peer.frame() == (TEXT, b"half a message")
        assert (await peer.closed_with())[0] == 1011
        peer.write(frame(FIN | 8, b"\x03\xf3"))
        await peer.end()
        await done


@run
async def test_an_error_before_the_first_fragment_leaves_the_connection_open() -> None:
    def nothing() -> Iterator[str]:
        raise Broken
        yield ""

    async with pair() as (server, client):
        with pytest.raises(Broken):
            await server.send(nothing())
        with pytest.raises(TypeError):
            await server.send([1])  # type: ignore[list-item]
        await server.send("still here")
        assert await client.recv() == "still here"


# Iteration and concurrency


@run
async def test_iteration_ends_when_the_connection_was_closed_normally() -> None:
    async with pair() as (server, client):
        await client.send("a")
        await client.send("b")
        await client.close()
        assert [message async for message in server] == ["a", "b"]
        with pytest.raises(ConnectionClosedOK):
            await server.recv()


@run
async def test_iteration_raises_when_the_connection_was_closed_otherwise() -> None:
    async with pair() as (server, client):
        await client.send("a")
        await client.close(1008, "go")
        received = []
        with pytest.raises(ConnectionClosedError) as raised:
            async for message in server:
                received.append(message)
        assert received == ["a"]
        assert raised.value.rcvd == (1008, "go")


@run
async def test_two_tasks_cannot_wait_in_recv() -> None:
    async with pair() as (server, client):
        waiting = asyncio.ensure_future(server.recv())
        await asyncio.sleep(0)
        with pytest.raises(ConcurrencyError):
            await server.recv()
        with pytest.raises(ConcurrencyError):
            async for _ in server:
                pass
        await client.send("a")
        assert await waiting == "a"


@run
async def test_a_cancelled_recv_loses_nothing() -> None:
    async with pair() as (server, client):
        for delay in (0, 1, 2, 3, 4, 5, 6):
            task = asyncio.ensure_future(server.recv())
            await asyncio.sleep(0)
            await client.send(f"message {delay}")
            for _ in range(delay):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            received = await server.recv() if task.cancelled() else task.result()
            assert received == f"message {delay}"


@run
async def test_recv_with_a_timeout_can_be_repeated() -> None:
    async with pair() as (server, client):
        for i in range(20):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(server.recv(), 0.001)
            await client.send(str(i))
            assert await server.recv() == str(i)


# Limits


@pytest.mark.parametrize("max_size, allowed", [(1000, True), (999, False), (None, True)])
@run
async def test_a_message_longer_than_max_size_closes_with_1009(
    max_size: int | None, allowed: bool
) -> None:
    async with serve(echo, "127.0.0.1", 0, max_size=max_size) as server:
        peer = await RawPeer.open(server)
        peer.write(frame(BINARY, b"a" * 500) + frame(FIN | CONTINUATION, b"a" * 500))
        if allowed:
            assert await peer.frame() == (FIN | BINARY, b"a" * 1000)
        else:
            code, reason = await peer.closed_with()
            assert code == 1009 and "1000" in reason
        await peer.end()


@run
async def test_a_fragment_longer_than_the_limit_closes_with_1009() -> None:
    async with serve(echo, "127.0.0.1", 0, max_size=(1000, 400)) as server:
        peer = await RawPeer.open(server)
        peer.write(frame(BINARY, b"a" * 400) + frame(FIN | CONTINUATION, b"a" * 400))
        assert await peer.frame() == (FIN | BINARY, b"a" * 800)
        peer.write(frame(BINARY, b"a" * 401))
        assert (await peer.closed_with())[0] == 1009
        await peer.end()


@needs.compression
@run
async def test_max_size_limits_what_a_message_decompresses_to() -> None:
    async with serve(echo, "127.0.0.1", 0, max_size=10_000) as server:
        async with websockets_connect(uri_of(server)) as peer:
            await peer.send(b"\0" * 10_001)
            await peer.wait_closed()
            assert peer.close_code == 1009


# Streaming


@run
async def test_recv_streaming_yields_parts_before_the_message_is_complete() -> None:
    received: list[Any] = []

    async def handler(connection: Any) -> None:
        async for part in connection.recv_streaming():
            received.append(part)
        received.append("|")
        async for part in connection.recv_streaming():
            received.append(part)
        received.append(await connection.recv())

    async with serve(handler, "127.0.0.1", 0, stream=True) as server:
        peer = await RawPeer.open(server)
        text = "a€b".encode()
        peer.write(frame(TEXT, text[:2]))
        await until(lambda: received == ["a"])  # the rest of the character is missing
        peer.write(frame(FIN | CONTINUATION, text[2:]))
        await until(lambda: received[-1:] == ["|"])
        assert "".join(received) == "a€b|"
        peer.write(frame(FIN | BINARY, b"c") + frame(TEXT, b"who") + frame(0x80, b"le"))
        await until(lambda: received[-2:] == [b"c", "whole"])
        await peer.end()


@run
async def test_recv_streaming_decodes_as_it_is_told_and_yields_an_empty_message() -> None:
    async with pair(stream=True) as (server, client):
        await client.send("")
        assert [part async for part in server.recv_streaming()] == [""]
        await client.send("ä")
        assert b"".join([part async for part in server.recv_streaming(False)]) == "ä".encode()
        await client.send("ä".encode())
        assert "".join([part async for part in server.recv_streaming(True)]) == "ä"
        await client.send(b"\xff")
        with pytest.raises(ConnectionClosedError):
            async for _ in server.recv_streaming(True):
                pass


@run
async def test_without_stream_recv_streaming_yields_the_whole_message() -> None:
    async with pair() as (server, client):
        await client.send(["a", "b"])
        assert [part async for part in server.recv_streaming()] == ["ab"]


@run
async def test_a_message_that_was_taken_partly_cannot_be_received_whole() -> None:
    async with pair(stream=True) as (server, client):
        await client.send(["a", "b", "c"])
        async for _ in server.recv_streaming():
            break
        for _ in range(2):
            with pytest.raises(ConcurrencyError):
                await server.recv()
            with pytest.raises(ConcurrencyError):
                async for _ in server.recv_streaming():
                    pass


@run
async def test_with_stream_a_cancelled_recv_loses_no_part() -> None:
    async def handler(connection: Any) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(connection.recv(), 0.05)
        await connection.send("next")
        await connection.send(await connection.recv())

    async with serve(handler, "127.0.0.1", 0, stream=True) as server:
        peer = await RawPeer.open(server)
        peer.write(frame(TEXT, b"one ") + frame(CONTINUATION, b"two "))
        assert await peer.frame() == (FIN | TEXT, b"next")
        peer.write(frame(FIN | CONTINUATION, b"three"))
        assert await peer.frame() == (FIN | TEXT, b"one two three")
        await peer.end()


# Pings


@run
async def test_a_ping_gives_the_latency_when_its_pong_arrives() -> None:
    async with pair() as (server, client):
        assert server.latency == 0
        latency = await (await server.ping())
        assert 0 < latency < 5 and server.latency == latency
        first, second = await server.ping("a"), await server.ping(b"b")
        with pytest.raises(ConcurrencyError):
            await server.ping("a")
        await second
        assert first.done()


@run
async def test_a_pong_answers_the_pings_before_and_unknown_pongs_are_ignored() -> None:
    async def handler(connection: Any) -> None:
        pings = [await connection.ping(name) for name in ("a", "b", "c")]
        await pings[1]
        assert pings[0].done() and not pings[2].done()
        await connection.send("done")
        await pings[2]

    async with serve(handler, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        assert [await peer.frame() for _ in range(3)] == [
            (FIN | PING, b) for b in (b"a", b"b", b"c")
        ]
        peer.write(frame(FIN | PONG, b"?") + frame(FIN | PONG, b"b"))
        assert await peer.frame() == (FIN | TEXT, b"done")
        peer.write(frame(FIN | PONG, b"c"))
        assert (await peer.closed_with())[0] == 1000
        await peer.end()


@run
async def test_pings_and_pongs_take_at_most_125_bytes() -> None:
    async with pair() as (server, client):
        await (await server.ping(b"a" * 125))
        await server.pong("a" * 125)
        for call in (server.ping, server.pong):
            with pytest.raises(InvalidArgument):
                await call(b"a" * 126)
            with pytest.raises(TypeError):
                await call(1)  # type: ignore[arg-type]
        assert server.state is State.OPEN


@run
async def test_a_ping_whose_pong_never_comes_raises_when_the_connection_ends() -> None:
    async with serve(echo, "127.0.0.1", 0) as server:
        peer = await RawPeer.open(server)
        await until(lambda: server.connections)
        (connection,) = server.connections
        waited, ignored = await connection.ping(), await connection.ping()
        peer.reset()
        with pytest.raises(ConnectionClosedError):
            await waited
        assert ignored.done()


@run
async def test_pongs_follow_the_replies_to_earlier_messages_of_callbacks() -> None:
    def reply(connection: Any, message: Any) -> None:
        connection.send_nowait(message)

    async with serve(on_message=reply, host="127.0.0.1", port=0) as server:
        peer = await RawPeer.open(server)
        stream = [frame(FIN | TEXT, b"1"), frame(FIN | PING, b"2"), frame(FIN | TEXT, b"3")]
        peer.write(b"".join(stream) + frame(FIN | 8, b"\x03\xe8"))
        received = [await peer.frame() for _ in range(4)]
        assert received == [
            (FIN | TEXT, b"1"),
            (FIN | PONG, b"2"),
            (FIN | TEXT, b"3"),
            (FIN | 8, b"\x03\xe8"),
        ]
        await peer.end()


@run
async def test_a_cancelled_recv_of_a_part_loses_nothing() -> None:
    result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    is_cancelled = asyncio.Event()

    async def handler(connection: Any) -> None:
        first = asyncio.ensure_future(connection.recv())
        await until(lambda: connection._waiter is not None and connection._queue is None)
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.wait([first])
        is_cancelled.set()
        result.set_result(await connection.recv())

    async with serve(handler, "127.0.0.1", 0, stream=True) as server:
        peer = await RawPeer.open(server)
        peer.write(frame(TEXT, b"hello "))
        await is_cancelled.wait()
        peer.write(frame(FIN | CONTINUATION, b"world"))
        assert await result == "hello world"
        await peer.end()


@run
async def test_none_is_not_a_fragment() -> None:
    async with pair(echo) as (_, client):
        with pytest.raises(TypeError):
            await client.send(["a", None, "b"])  # type: ignore[list-item]
        await client.wait_closed()
        assert client.close_code == 1011
