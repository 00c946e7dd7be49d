"""What process_request and the other callbacks of the opening handshake may do in servers of
wscodec.asyncio, and what happens if they are cut short."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from asyncio_peer import BINARY, FIN, TEXT, RawPeer, echo, frame, port_of, request, run, until
from certificates import context, trusting
from wscodec.asyncio import InvalidState, ServerConnection, serve
from wscodec.asyncio._room import READ
from wscodec.asyncio._server_connection import MOST_EARLY

LOCAL = ("127.0.0.1", 0)


async def slow(connection: Any, request: Any) -> None:
    await asyncio.sleep(0.05)


# Cancellation


async def awaits_what_was_cancelled(connection: Any, request: Any) -> None:
    other = asyncio.ensure_future(asyncio.sleep(10))
    other.cancel()
    await other


async def cancels_itself(connection: Any, request: Any) -> None:
    task = asyncio.current_task()
    assert task
    task.cancel()
    await asyncio.sleep(10)


@pytest.mark.parametrize("option", ["process_request", "process_response"])
@pytest.mark.parametrize("process", [awaits_what_was_cancelled, cancels_itself])
@run
async def test_a_callback_that_is_cancelled_gives_a_500(process: Any, option: str) -> None:
    async def callback(*arguments: Any) -> None:
        await process(*arguments[:2])

    options: Any = {option: callback}
    async with serve(echo, *LOCAL, **options) as server:
        peer = await RawPeer.connect(server)
        peer.write(request())
        assert (await peer.rest()).startswith(b"HTTP/1.1 500 ")
        await peer.end()
        await until(lambda: not server._all)


@run
async def test_a_task_that_is_cancelled_before_it_starts_gives_a_500() -> None:
    async with serve(echo, *LOCAL, process_request=slow) as server:
        peer = await RawPeer.connect(server)
        peer.write(request())
        while not (tasks := [each._task for each in server._all if each._task]):
            await asyncio.sleep(0)
        tasks[0].cancel()
        assert (await peer.rest()).startswith(b"HTTP/1.1 500 ")
        await peer.end()


@run
async def test_the_server_waits_for_a_callback_whose_client_has_gone() -> None:
    events = []

    async def process(connection: Any, request: Any) -> None:
        events.append("called")
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            events.append("ended")

    async with serve(echo, *LOCAL, process_request=process) as server:
        peer = await RawPeer.connect(server)
        peer.write(request())
        await until(lambda: events)
        peer.reset()
    assert events == ["called", "ended"]


@pytest.mark.parametrize("leave", ["reset", "end"])
@run
async def test_a_client_that_leaves_cancels_the_callback_at_once(leave: str) -> None:
    events = []

    async def process(connection: Any, request: Any) -> None:
        events.append("called")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            events.append("cancelled")
            raise

    async with serve(echo, *LOCAL, process_request=process, open_timeout=None) as server:
        peer = await RawPeer.connect(server)
        peer.write(request() + frame(FIN | TEXT, b"early"))
        await until(lambda: events)
        if leave == "reset":
            peer.reset()
        else:
            await peer.end()
        await until(lambda: not server._all)
    assert events == ["called", "cancelled"]


@run
async def test_what_arrives_while_a_coroutine_decides_is_bounded_and_not_lost() -> None:
    decide, size, count = asyncio.Event(), 1 << 14, 50

    async def process(connection: Any, request: Any) -> None:
        await decide.wait()

    async with serve(echo, *LOCAL, process_request=process) as server:
        peer = await RawPeer.connect(server)
        peer.write(request())
        messages = [number.to_bytes(2, "big") * (size // 2) for number in range(count)]
        for message in messages:
            peer.write(frame(FIN | BINARY, message))
        await until(lambda: any(not each.transport.is_reading() for each in server._all))
        (connection,) = server._all
        assert connection._head is not None
        assert len(connection._head.data) <= len(request()) + MOST_EARLY + READ
        decide.set()
        assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
        for message in messages:
            assert await peer.frame() == (FIN | BINARY, message)
        await peer.end()


# Calls before the connection is open


@run
async def test_nothing_can_be_sent_or_received_before_the_connection_is_open() -> None:
    messages = []

    async def process(connection: ServerConnection, request: Any) -> None:
        async def fragments() -> Any:
            yield "a"

        calls: list[Any] = [
            lambda: connection.send("a"),
            lambda: connection.send(fragments()),
            lambda: connection.ping(),
            lambda: connection.pong(),
            lambda: connection.recv(),
            lambda: connection.__anext__(),
            lambda: connection.recv_streaming().__anext__(),
        ]
        for call in calls:
            with pytest.raises(InvalidState, match="handshake") as raised:
                await call()
            messages.append(str(raised.value))
        with pytest.raises(InvalidState, match="handshake"):
            connection.send_nowait("a")

    async with serve(echo, *LOCAL, process_request=process, open_timeout=5) as server:
        peer = await RawPeer.open(server)
        peer.write(frame(FIN | TEXT, b"a"))
        assert await peer.frame() == (FIN | TEXT, b"a")
        await peer.end()
    assert len(messages) == 7


@run
async def test_there_is_no_request_before_it_has_arrived() -> None:
    seen: list[Any] = []

    class Mine(ServerConnection):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            with pytest.raises(InvalidState, match="request"):
                self.request  # noqa: B018
            seen.append(self.response)

    async with serve(echo, *LOCAL, create_connection=Mine) as server:
        await (await RawPeer.open(server)).end()
    assert seen == [None]


# Aborting


@pytest.mark.parametrize("coroutine", [False, True])
@run
async def test_close_in_process_request_aborts_and_nothing_is_called_afterwards(
    coroutine: bool, caplog: Any
) -> None:
    calls: list[str] = []

    def closes(connection: Any, request: Any) -> None:
        calls.append("process_request")
        connection.close_nowait()

    async def closes_later(connection: Any, request: Any) -> None:
        closes(connection, request)

    async with serve(
        lambda connection: calls.append("handler"),  # type: ignore[arg-type, return-value]
        *LOCAL,
        process_request=closes_later if coroutine else closes,
        process_response=lambda *_: calls.append("process_response"),
        select_subprotocol=lambda *_: calls.append("select_subprotocol"),
    ) as server:
        peer = await RawPeer.connect(server)
        peer.write(request() + frame(FIN | TEXT, b"a"))
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await peer.head()
        await peer.end()
        await until(lambda: not server._all)
    assert calls == ["process_request"]
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


@run
async def test_close_in_select_subprotocol_aborts_and_nothing_is_called_afterwards(
    caplog: Any,
) -> None:
    calls: list[str] = []

    def closes(connection: Any, offered: Any) -> None:
        calls.append("select_subprotocol")
        connection.close_nowait()

    async with serve(
        lambda connection: calls.append("handler"),  # type: ignore[arg-type, return-value]
        *LOCAL,
        select_subprotocol=closes,
        process_response=lambda *_: calls.append("process_response"),
    ) as server:
        peer = await RawPeer.connect(server)
        peer.write(request())
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await peer.head()
        await peer.end()
        await until(lambda: not server._all)
    assert calls == ["select_subprotocol"]
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


@run
async def test_close_in_process_response_aborts_and_no_handler_is_called() -> None:
    calls: list[str] = []

    def closes(connection: Any, request: Any, response: Any) -> None:
        calls.append("process_response")
        connection.close_nowait()

    async def handler(connection: Any) -> None:
        calls.append("handler")

    async with serve(handler, *LOCAL, process_response=closes) as server:
        peer = await RawPeer.connect(server)
        peer.write(request())
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await peer.head()
        await peer.end()
        await until(lambda: not server._all)
    assert calls == ["process_response"]


@run
async def test_close_in_a_coroutine_ends_it() -> None:
    events = []

    async def closes(connection: Any, request: Any) -> None:
        try:
            await connection.close()
        finally:
            events.append("ended")

    async with serve(echo, *LOCAL, process_request=closes) as server:
        peer = await RawPeer.connect(server)
        peer.write(request())
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await peer.head()
        await peer.end()
    assert events == ["ended"]


# The request


@pytest.mark.parametrize("option", [None, "process_request", "process_response"])
@run
async def test_the_request_is_always_the_same_object(option: str | None) -> None:
    seen: list[Any] = []

    def process(connection: Any, request: Any, *response: Any) -> None:
        seen.append(request)
        request.headers["X-User"] = "me"

    async def handler(connection: ServerConnection) -> None:
        seen.extend((connection.request, connection.request))
        seen[0].headers["X-More"] = "1"
        assert "X-User" in connection.request.headers or option is None
        await connection.send(connection.request.headers["X-More"])

    options: Any = {} if option is None else {option: process}
    async with serve(handler, *LOCAL, **options) as server:
        peer = await RawPeer.open(server, target="/a")
        assert await peer.frame() == (FIN | TEXT, b"1")
        await peer.end()
    assert len({id(each) for each in seen}) == 1 and seen[0].path == "/a"


# TLS


async def tls_peer(server: Any, certificates: Path) -> RawPeer:
    streams = await asyncio.open_connection(
        LOCAL[0], port_of(server), ssl=trusting(certificates)
    )
    return RawPeer(*streams)


@run
async def test_frames_over_tls_wait_while_a_coroutine_decides(certificates: Path) -> None:
    async with serve(echo, *LOCAL, process_request=slow, ssl=context(certificates)) as server:
        peer = await tls_peer(server, certificates)
        peer.write(request())  # TLS records of their own, in one segment
        peer.write(frame(FIN | TEXT, b"1"))
        peer.write(frame(FIN | TEXT, b"2"))
        await asyncio.sleep(0.01)
        peer.write(frame(FIN | TEXT, b"3"))
        assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
        for expected in (b"1", b"2", b"3"):
            assert await peer.frame() == (FIN | TEXT, expected)
        await peer.end()


@pytest.mark.parametrize("coroutine", [False, True])
@run
async def test_a_client_that_still_sends_over_tls_gets_the_rejection_and_the_end(
    coroutine: bool, certificates: Path
) -> None:
    def reject(connection: Any, request: Any) -> Any:
        return connection.respond(403, "no\n")

    async def reject_later(connection: Any, request: Any) -> Any:
        await asyncio.sleep(0.01)
        return reject(connection, request)

    process: Any = reject_later if coroutine else reject
    async with serve(
        echo, *LOCAL, process_request=process, ssl=context(certificates)
    ) as server:
        peer = await tls_peer(server, certificates)
        peer.write(request())

        async def send() -> None:
            while True:
                peer.write(b"x" * 10_000)
                await asyncio.sleep(0.001)

        sending = asyncio.ensure_future(send())
        head = await peer.head()
        assert head.startswith(b"HTTP/1.1 403 ")
        assert await peer.reader.readexactly(3) == b"no\n"
        before = asyncio.get_running_loop().time()
        await until(lambda: not server._all)
        assert asyncio.get_running_loop().time() - before < 5
        sending.cancel()
        peer.writer.transport.abort()
