"""wscodec.sync.testing: connections for tests of handlers, without a network."""

from __future__ import annotations

import threading
import time
from typing import Any

import needs
import pytest
from sync_peers import descriptors, wait_until
from wscodec.sync import ConnectionClosed, ConnectionClosedError, InvalidStatus
from wscodec.sync.testing import pair


class Failure(Exception):
    """What tests and handlers raise."""


def echo(connection: Any) -> None:
    for message in connection:
        connection.send(message)


def fails_later(connection: Any) -> None:
    connection.recv()
    raise Failure


def test_a_pair_is_a_connection_of_a_server_and_one_of_a_client() -> None:
    with pair(echo, "/room?name=hall") as (server, client):
        assert server.request.path == client.request.path == "/room?name=hall"
        client.send("a")
        assert client.recv() == "a"
    assert server.close_code == client.close_code == 1000


def test_a_pair_without_a_handler_is_used_from_both_ends() -> None:
    with pair() as (server, client):
        client.send("a")
        assert server.recv() == "a"
        server.send("b")
        assert client.recv() == "b"


def test_the_client_of_a_pair_offers_the_subprotocols_of_the_server() -> None:
    with pair(subprotocols=["b", "a"]) as (server, client):
        assert server.subprotocol == client.subprotocol == "b"
    with pair(subprotocols=["b", "a"], client={"subprotocols": ["a"]}) as (server, _):
        assert server.subprotocol == "a"


@needs.compression
def test_the_client_of_a_pair_offers_the_compression_of_the_server() -> None:
    with pair() as (server, client):
        assert server.deflate == client.deflate is not None
    with pair(compression=None) as (server, _):
        assert server.deflate is None


def test_the_client_of_a_pair_has_the_options_of_connect() -> None:
    with pair(client={"additional_headers": {"Cookie": "a=b"}}) as (server, _):
        assert server.request.headers["Cookie"] == "a=b"


def test_options_that_do_not_exist_or_need_a_network_are_type_errors() -> None:
    cases: list[Any] = [{"subprotocol": "a"}, {"client": {"subprotocol": "a"}}, {"ssl": None}]
    for wrong in cases:
        with pytest.raises(TypeError), pair(echo, **wrong):
            pytest.fail("the block was entered")


def test_a_server_that_rejects_the_request_is_an_invalid_status() -> None:
    def reject(connection: Any, request: Any) -> Any:
        return connection.respond(403, "no\n")

    with pytest.raises(InvalidStatus), pair(echo, process_request=reject):
        pytest.fail("the block was entered")


def test_what_a_callback_of_the_handshake_raises_is_raised_by_the_pair() -> None:
    def callback(*_: Any) -> None:
        raise Failure

    with pytest.raises(Failure) as raised, pair(echo, process_request=callback):
        pytest.fail("the block was entered")
    assert isinstance(raised.value.__cause__, InvalidStatus)


@pytest.mark.parametrize("handler", [None, echo, fails_later])
def test_an_exception_in_the_block_is_raised_at_once(handler: Any) -> None:
    before = time.monotonic()
    with pytest.raises(AssertionError, match="mine"):
        with pair(handler, max_queue=1) as (_, client):
            for _ in range(10):
                client.send("a")
            raise AssertionError("mine")
    assert time.monotonic() - before < 5


def test_what_the_handler_raises_is_raised_at_the_end_of_the_block() -> None:
    reached = False
    with pytest.raises(Failure):
        with pair(fails_later) as (_, client):
            client.send("a")
            with pytest.raises(ConnectionClosedError):
                client.recv()
            reached = True
    assert reached


def test_what_the_handler_raises_replaces_the_end_that_it_has_caused() -> None:
    with pytest.raises(Failure) as raised:
        with pair(fails_later) as (_, client):
            client.send("a")
            client.recv()
    assert isinstance(raised.value.__cause__, ConnectionClosed)


def test_a_failed_assertion_of_a_handler_fails_the_test() -> None:
    def handler(connection: Any) -> None:
        pytest.fail("of the handler")

    with pytest.raises(pytest.fail.Exception, match="of the handler"):
        with pair(handler) as (_, client):
            client.recv()


def test_a_handler_that_does_not_return_is_a_timeout() -> None:
    gate = threading.Event()
    with pytest.raises(TimeoutError, match="handler"):
        with pair(lambda connection: gate.wait(), close_timeout=0.05):
            pass
    gate.set()


@pytest.mark.parametrize("fails", [False, True])
def test_a_handler_that_does_not_return_keeps_no_socket_open(fails: bool) -> None:
    gate, before = threading.Event(), descriptors()
    with pytest.raises(ZeroDivisionError if fails else TimeoutError):
        with pair(lambda connection: gate.wait(), close_timeout=0.05) as (_, client):
            client.send("a")  # never received
            if fails:
                raise ZeroDivisionError
    try:
        wait_until(lambda: descriptors() <= before)
    finally:
        gate.set()
