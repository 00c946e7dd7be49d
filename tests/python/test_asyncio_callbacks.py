"""Servers of wscodec.asyncio with callbacks instead of a handler."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from asyncio_peer import (
    BINARY,
    FIN,
    PING,
    TEXT,
    RawPeer,
    close,
    frame,
    request,
    run,
    until,
    uri_of,
)
from websockets.asyncio.client import connect as websockets_connect
from wscodec.asyncio import InvalidState, serve
from wscodec.asyncio.testing import pair
from wscodec.errors import InvalidArgument


def reply(connection: Any, message: Any) -> None:
    connection.send_nowait(message)


@run
async def test_callbacks_echo_to_websockets() -> None:
    async with serve(on_message=reply, host="127.0.0.1", port=0) as server:
        async with websockets_connect(uri_of(server)) as peer:
            for message in ("a", b"b", "", "ä" * 100_000, b"c" * 5000):
                await peer.send(message)
                assert await peer.recv() == message
            await peer.send(["a", "b"])
            assert await peer.recv() == "ab"


@run
async def test_callbacks_are_called_in_the_order_of_what_happens() -> None:
    calls: list[Any] = []
    async with serve(
        on_connect=lambda connection: calls.append(("connect", connection.state.name)),
        on_message=lambda connection, message: calls.append(message),
        on_disconnect=lambda connection: calls.append(connection.close_code),
        host="127.0.0.1",
        port=0,
    ) as server:
        peer = await RawPeer.connect(server)
        peer.write(request() + frame(FIN | TEXT, b"a") + frame(FIN | BINARY, b"b"))
        await until(lambda: len(calls) == 3)
        peer.write(frame(FIN | TEXT, b"c") + close(4000))
        await until(lambda: len(calls) == 4)
        await peer.end()
        await until(lambda: len(calls) == 5)
        assert calls == [("connect", "OPEN"), "a", b"b", "c", 4000]

        # on_disconnect is only for connections that were open.
        peer = await RawPeer.connect(server)
        peer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await peer.rest()
        await peer.end()
        await until(lambda: not server._all)
        assert len(calls) == 5


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", ["on_message", "on_connect"])
@run
async def test_a_callback_that_raises_closes_with_1011_and_is_logged(
    name: str, batch: int, caplog: Any
) -> None:
    calls = []

    def fails(connection: Any, *message: Any) -> None:
        calls.append(message)
        connection.send_nowait("before")
        raise ValueError

    arguments: Any = {"on_message": reply, name: fails}
    async with serve(host="127.0.0.1", port=0, **arguments) as server:
        peer = await RawPeer.open(server)
        peer.write(frame(FIN | TEXT, b"a") * batch)
        assert await peer.frame() == (FIN | TEXT, b"before")
        assert (await peer.closed_with())[0] == 1011
        await peer.end()
    assert len(calls) == 1
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.exc_info[0] is ValueError


@run
async def test_on_disconnect_that_raises_is_logged(caplog: Any) -> None:
    def fails(connection: Any) -> None:
        raise ValueError

    with pytest.raises(ValueError):
        async with pair(on_message=reply, on_disconnect=fails) as (_, client):
            await client.send("a")
            assert await client.recv() == "a"
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.exc_info[0] is ValueError


@run
async def test_a_callback_may_close_and_gets_no_message_after_that() -> None:
    calls = []

    def closes(connection: Any, message: str) -> None:
        calls.append(message)
        connection.send_nowait("last")
        connection.close_nowait(4000)

    async with serve(on_message=closes, host="127.0.0.1", port=0) as server:
        peer = await RawPeer.open(server)
        peer.write(frame(FIN | TEXT, b"1") + frame(FIN | TEXT, b"2"))
        assert await peer.frame() == (FIN | TEXT, b"last")
        assert await peer.closed_with() == (4000, "")
        peer.write(frame(FIN | TEXT, b"3") + close(4000))
        assert await peer.has_ended()
        await peer.end()
    assert calls == ["1"]


@run
async def test_a_callback_is_never_called_inside_another() -> None:
    depth, most = 0, 0
    connections: list[Any] = []

    def nested(connection: Any, message: Any) -> None:
        nonlocal depth, most
        depth += 1
        most = max(most, depth)
        for each in connections:
            each.send_nowait(message * 1000)
        depth -= 1

    async with serve(
        on_message=nested, on_connect=connections.append, host="127.0.0.1", port=0
    ) as server:
        peers = [await websockets_connect(uri_of(server)) for _ in range(3)]
        for _ in range(20):
            for peer in peers:
                await peer.send(b"abc" * 100)
            for peer in peers:
                for _ in range(3):
                    assert len(await peer.recv()) == 300_000
        for peer in peers:
            await peer.close()
    assert most == 1


@run
async def test_a_callback_can_send_to_others_and_start_tasks() -> None:
    members: set[Any] = set()

    def to_others(connection: Any, message: Any) -> None:
        for member in members - {connection}:
            member.send_nowait(message)
        asyncio.ensure_future(connection.send("sent to others"))

    async with serve(
        on_message=to_others,
        on_connect=members.add,
        on_disconnect=members.discard,
        host="127.0.0.1",
        port=0,
    ) as server:
        async with websockets_connect(uri_of(server)) as a:
            async with websockets_connect(uri_of(server)) as b:
                await a.send("hello")
                assert await b.recv() == "hello"
                assert await a.recv() == "sent to others"
            await until(lambda: len(members) == 1)
    assert not members


@run
async def test_recv_is_not_for_connections_with_a_callback() -> None:
    async with pair(on_message=reply) as (server, _):
        with pytest.raises(InvalidState):
            await server.recv()


@run
async def test_stream_and_on_message_exclude_each_other() -> None:
    with pytest.raises(InvalidArgument):
        serve(on_message=reply, stream=True)


@run
async def test_a_callback_that_closes_another_connection_does_not_mix_their_bytes() -> None:
    got: list[tuple[str, str]] = []
    named: dict[str, Any] = {}

    def on_message(connection: Any, message: Any) -> None:
        if isinstance(message, str) and message.startswith("name "):
            connection.name = message[5:]
            named[connection.name] = connection
            return
        got.append((connection.name, message))
        if message == "send much":
            connection.send_nowait(bytes(20_000_000))
        elif message == "close b":
            named["b"].close_nowait(4000)

    async with serve(on_message=on_message, host="127.0.0.1", port=0) as server:
        a, b = [await RawPeer.open(server) for _ in range(2)]
        a.write(frame(FIN | TEXT, b"name a"))
        b.write(frame(FIN | TEXT, b"name b"))
        await until(lambda: len(named) == 2)
        # The bytes of b after the ping wait, since b does not read what it is sent.
        b.write(frame(FIN | TEXT, b"send much") + frame(FIN | PING, b"") + bytes(200))
        await until(lambda: named["b"]._rest)
        messages = [frame(FIN | TEXT, text) for text in (b"close b", b"mine")]
        a.write(messages[0] + frame(FIN | PING, b"") + messages[1])
        await until(lambda: len(got) == 3)
        assert got == [("b", "send much"), ("a", "close b"), ("a", "mine")]
        b.reset()
        await a.end()


@run
async def test_a_callback_must_not_be_a_coroutine_function() -> None:
    async def later(*_: Any) -> None: ...

    with pytest.raises(TypeError, match="on_message"):
        await serve(on_message=later, host="127.0.0.1", port=0)
    with pytest.raises(TypeError, match="on_connect"):
        await serve(on_message=reply, on_connect=later, host="127.0.0.1", port=0)
    with pytest.raises(TypeError, match="on_disconnect"):
        await serve(on_message=reply, on_disconnect=later, host="127.0.0.1", port=0)
