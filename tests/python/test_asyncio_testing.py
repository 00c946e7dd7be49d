"""wscodec.asyncio.testing: servers and connections in memory, for tests of handlers."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import needs
import pytest
from asyncio_peer import echo, run
from wscodec.asyncio import (
    ConnectionClosed,
    ConnectionClosedError,
    InvalidStatus,
    ServerConnection,
    broadcast,
)
from wscodec.asyncio.testing import pair, serve


class Failure(Exception):
    """What tests and handlers raise."""


async def fails(connection: Any) -> None:
    raise Failure


async def fails_later(connection: Any) -> None:
    await connection.recv()
    raise Failure


async def never_returns(connection: Any) -> None:
    await asyncio.sleep(1000)


# A pair


@run
async def test_a_pair_is_a_connection_of_a_server_and_one_of_a_client() -> None:
    async with pair(echo, "/room?name=hall") as (server, client):
        assert server.request.path == client.request.path == "/room?name=hall"
        await client.send("a")
        assert await client.recv() == "a"
    assert server.close_code == client.close_code == 1000


@run
async def test_a_pair_without_a_handler_is_used_from_both_ends() -> None:
    async with pair() as (server, client):
        await client.send("a")
        assert await server.recv() == "a"


@run
async def test_the_client_of_a_pair_offers_the_subprotocols_of_the_server() -> None:
    async with pair(subprotocols=["b", "a"]) as (server, client):
        assert server.subprotocol == client.subprotocol == "b"
    async with pair(subprotocols=["b", "a"], client={"subprotocols": ["a"]}) as (server, _):
        assert server.subprotocol == "a"


@needs.compression
@run
async def test_the_client_of_a_pair_offers_the_compression_of_the_server() -> None:
    async with pair() as (server, client):
        assert server.deflate == client.deflate is not None
    async with pair(compression=None) as (server, _):
        assert server.deflate is None


@run
async def test_the_client_of_a_pair_has_the_options_of_connect() -> None:
    client_options = {
        "additional_headers": {"Cookie": "a=b"},
        "origin": "https://a.example",
        "decode_text": False,
    }
    async with pair(
        echo, headers={"X-Server": "1"}, client=client_options, origins=["https://a.example"]
    ) as (server, client):
        assert server.request.headers["Cookie"] == "a=b"
        assert client.response.headers["X-Server"] == "1"
        await client.send("a")
        assert await client.recv() == b"a"


@run
async def test_options_that_do_not_exist_or_need_a_network_are_type_errors() -> None:
    with pytest.raises(TypeError, match="'subprotocol'"):
        async with pair(echo, subprotocol="a"):
            pytest.fail("the block was entered")
    with pytest.raises(TypeError, match="'subprotocol'"):
        async with pair(echo, client={"subprotocol": "a"}):
            pytest.fail("the block was entered")
    for name in ("ssl", "sock", "port", "start_serving"):
        with pytest.raises(TypeError, match=name):
            serve(echo, **{name: None})


# The handshake fails


@run
async def test_a_server_that_rejects_the_request_is_an_invalid_status() -> None:
    def reject(connection: ServerConnection, request: Any) -> Any:
        return connection.respond(403, "no\n")

    with pytest.raises(InvalidStatus) as raised:
        async with pair(echo, process_request=reject):
            pytest.fail("the block was entered")
    assert raised.value.response.status_code == 403
    assert raised.value.response.body == b"no\n"


@run
async def test_a_server_that_aborts_the_handshake_ends_the_pair() -> None:
    def abort(connection: ServerConnection, request: Any) -> None:
        connection.transport.abort()

    async def abort_later(connection: ServerConnection, request: Any) -> None:
        connection.close_nowait()

    for process in (abort, abort_later):
        with pytest.raises(ConnectionResetError):
            async with pair(echo, process_request=process):
                pytest.fail("the block was entered")


@run
async def test_a_handshake_that_takes_too_long_ends_the_pair() -> None:
    async def slow(connection: ServerConnection, request: Any) -> None:
        await asyncio.sleep(1000)

    with pytest.raises((TimeoutError, asyncio.TimeoutError)):
        async with pair(echo, process_request=slow, client={"open_timeout": 0.05}):
            pytest.fail("the block was entered")


@pytest.mark.parametrize("option", ["process_request", "process_response"])
@run
async def test_what_a_callback_of_the_handshake_raises_is_raised_by_the_pair(
    option: str,
) -> None:
    async def callback(*_: Any) -> None:
        raise Failure

    options: Any = {option: callback}
    with pytest.raises(Failure) as raised:
        async with pair(echo, **options):
            pytest.fail("the block was entered")
    assert isinstance(raised.value.__cause__, InvalidStatus)


# The block fails


@pytest.mark.parametrize("handler", [None, echo, never_returns, fails_later])
@run
async def test_an_exception_in_the_block_is_raised_at_once(handler: Any) -> None:
    before = time.monotonic()
    with pytest.raises(AssertionError, match="mine"):
        async with pair(handler, max_queue=1) as (server, client):
            for _ in range(10):
                await client.send("a")
            raise AssertionError("mine")
    assert time.monotonic() - before < 5
    assert server.close_code == client.close_code == 1006


@run
async def test_handlers_are_cancelled_if_the_block_fails() -> None:
    events: list[str] = []

    async def handler(connection: Any) -> None:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            events.append("cancelled")
            raise

    with pytest.raises(Failure):
        async with serve(handler) as server, server.connect(), server.connect():
            await asyncio.sleep(0)
            raise Failure
    assert events == ["cancelled", "cancelled"]


# The handler fails


@run
async def test_what_the_handler_raises_is_raised_at_the_end_of_the_block() -> None:
    reached = False
    with pytest.raises(Failure):
        async with pair(fails_later) as (_, client):
            await client.send("a")
            with pytest.raises(ConnectionClosedError):
                await client.recv()
            reached = True
    assert reached


@pytest.mark.parametrize("handler", [fails, fails_later])
@run
async def test_what_the_handler_raises_replaces_the_end_that_it_has_caused(
    handler: Any, caplog: Any
) -> None:
    with pytest.raises(Failure) as raised:
        async with pair(handler) as (_, client):
            await client.send("a")
            await client.recv()
            await client.recv()
    assert isinstance(raised.value.__cause__, ConnectionClosed)
    assert [each for each in caplog.records if each.levelno == logging.ERROR]


@run
async def test_a_failed_assertion_of_a_handler_fails_the_test() -> None:
    async def handler(connection: Any) -> None:
        pytest.fail("of the handler")

    with pytest.raises(pytest.fail.Exception, match="of the handler"):
        async with pair(handler) as (_, client):
            await client.wait_closed()


@run
async def test_the_end_of_its_connection_is_no_failure_of_a_handler() -> None:
    async def handler(connection: Any) -> None:
        while True:
            await connection.recv()

    async with pair(handler) as (_, client):
        client.transport.abort()
        await client.wait_closed()


@run
async def test_the_end_of_another_connection_is_a_failure_of_a_handler() -> None:
    members: list[Any] = []

    async def handler(connection: Any) -> None:
        members.append(connection)
        async for message in connection:
            await members[0].send(message)

    with pytest.raises(ConnectionClosed):
        async with serve(handler) as server:
            async with server.connect():
                pass
            async with server.connect() as client:
                await client.send("a")
                await client.wait_closed()


@pytest.mark.parametrize("option", ["on_message", "on_connect", "on_disconnect"])
@run
async def test_what_a_callback_raises_is_raised_at_the_end_of_the_block(option: str) -> None:
    def callback(*_: Any) -> None:
        raise Failure

    options: Any = {"on_message": lambda *_: None, option: callback}
    with pytest.raises(Failure):
        async with pair(**options) as (_, client):
            await client.send("a")


@run
async def test_a_handler_that_does_not_return_is_cancelled_after_close_timeout() -> None:
    with pytest.raises(TimeoutError, match="handler"):
        async with pair(never_returns, close_timeout=0.05):
            pass


# A server for several clients


@run
async def test_a_server_in_memory_has_several_clients() -> None:
    async def chat(connection: Any) -> None:
        async for message in connection:
            broadcast(connection.server.connections, f"{connection.request.path}: {message}")

    async with serve(chat) as server:
        async with server.connect("/one") as one, server.connect("/two") as two:
            assert len(server.connections) == 2
            await one.send("hello")
            assert await one.recv() == await two.recv() == "/one: hello"
        three = await server.connect("/three")
        await three.send("bye")
        assert await three.recv() == "/three: bye"
    assert three.close_code == 1001


@run
async def test_a_client_reconnects_to_a_server_in_memory() -> None:
    async def once(connection: Any) -> None:
        await connection.send("hello")

    received = []
    async with serve(once) as server:
        async for client in server.connect():
            received.append(await client.recv())
            if len(received) == 3:
                break
    assert received == ["hello"] * 3


@run
async def test_a_server_in_memory_refuses_clients_before_its_start_and_after_close() -> None:
    server = serve(echo)
    with pytest.raises(ConnectionRefusedError):
        await server.connect()
    await server
    server.close()
    with pytest.raises(ConnectionRefusedError):
        await server.connect()
    await server.wait_closed()
