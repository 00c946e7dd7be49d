"""Servers and peers for the tests of wscodec.sync."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import wire
from client_peers import accepting
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, Peer
from wscodec import sync
from wscodec.sync import ClientConnection, Server, ServerConnection

PATIENCE = 10
T = TypeVar("T")


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Waits for something that another thread does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def descriptors() -> set[str]:
    """The sockets that this process has open."""
    found = set()
    for name in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            target = os.readlink(name)
            if target.startswith("socket:"):
                found.add(target)
    return found


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """A test leaves neither threads nor sockets behind."""
    threads, sockets = set(threading.enumerate()), descriptors()
    yield
    end = time.monotonic() + PATIENCE
    while left := [*(set(threading.enumerate()) - threads), *(descriptors() - sockets)]:
        assert time.monotonic() < end, left
        time.sleep(0.005)


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)


@contextlib.contextmanager
def serving(
    handler: Callable[[ServerConnection], object] = echo, **options: Any
) -> Iterator[Server]:
    """A server that runs in a thread."""
    with sync.serve(handler, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(PATIENCE)
            assert not thread.is_alive()


def port_of(server: Server) -> int:
    port: int = server.socket.getsockname()[1]
    return port


def uri_of(server: Server) -> str:
    return f"ws://127.0.0.1:{port_of(server)}/"


def raw(server: Server) -> Peer:
    """A client that sends what a test says, after the opening handshake."""
    peer = Peer(port_of(server))
    peer.send(PLAIN_REQUEST)
    assert peer.read(len(PLAIN_ANSWER)) == PLAIN_ANSWER
    return peer


class Accepted:
    """The connections that a server has, for the test's thread: its handler waits until the
    test says that it is to return."""

    def __init__(self) -> None:
        self.connection: ServerConnection
        self._is_there, self._may_go = threading.Event(), threading.Event()

    def handler(self, connection: ServerConnection) -> None:
        self.connection = connection
        self._is_there.set()
        self._may_go.wait(PATIENCE)

    def wait(self) -> ServerConnection:
        assert self._is_there.wait(PATIENCE)
        return self.connection

    def let_go(self) -> None:
        self._may_go.set()


@contextlib.contextmanager
def met(**options: Any) -> Iterator[tuple[ServerConnection, Peer]]:
    """A connection of a server, in the test's thread, and its peer."""
    accepted = Accepted()
    with serving(accepted.handler, **{"close_timeout": 0.3, **options}) as server:
        with raw(server) as peer:
            try:
                yield accepted.wait(), peer
            finally:
                accepted.let_go()


@contextlib.contextmanager
def met_by_client(**options: Any) -> Iterator[tuple[ClientConnection, Peer]]:
    """A connection of a client, in the test's thread, and its peer."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(PATIENCE)
    peer = Peer.__new__(Peer)
    peer.socket = theirs

    def accept() -> None:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += theirs.recv(4096)
        theirs.sendall(accepting(request))

    thread = threading.Thread(target=accept)
    thread.start()
    options = {"close_timeout": 0.3, "compression": None, **options}
    with peer, sync.connect("ws://localhost/", sock=ours, **options) as connection:
        thread.join(PATIENCE)
        yield connection, peer
        if connection.state is sync.State.OPEN:
            connection.start_close()
            theirs.close()


def masked_rest(data: bytes) -> list[tuple[int, bytes]]:
    """First bytes and payloads of a client's frames, which are short."""
    frames = []
    while data:
        size = data[1] & 0x7F
        assert data[1] & 0x80 and size < 126
        key, payload = data[2:6], data[6 : 6 + size]
        frames.append((data[0], wire.xor(payload, key)))
        data = data[6 + size :]
    return frames


class Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def messages(self) -> list[str]:
        return [record.getMessage() for record in self.records]

    @property
    def logger(self) -> logging.Logger:
        logger = logging.Logger("test", logging.INFO)
        logger.addHandler(self)
        return logger


@contextlib.contextmanager
def in_background(resource: contextlib.AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Enters an asynchronous context manager, such as those of client_peers, in an event loop
    of its own in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        entering = asyncio.run_coroutine_threadsafe(resource.__aenter__(), loop)
        yield entering.result(PATIENCE)
        leaving = resource.__aexit__(None, None, None)
        asyncio.run_coroutine_threadsafe(_awaited(leaving), loop).result(PATIENCE)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _awaited(coroutine: Any) -> None:
    await coroutine
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        await asyncio.wait(left, timeout=1)
