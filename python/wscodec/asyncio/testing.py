"""Connections without a network, to test handlers and callbacks:

async with pair(handler) as (server, client):
    await client.send("Hello")
    assert await client.recv() == "Hello"
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from .. import _defaults
from .._opening import HeadReader
from ..connection import Connection as Engine
from ..deflate import deflate_offer
from ..handshake import Headers, build_request
from ._settings import WRITE_LIMIT, Settings
from .client import ClientConnection
from .server import Handler, ServerConnection, serve

__all__ = ["pair"]


@contextlib.asynccontextmanager
async def pair(
    handler: Handler | None = None,
    path: str = "/",
    headers: Headers = (),
    **options: Any,
) -> AsyncIterator[tuple[ServerConnection, ClientConnection]]:
    """Two connections, a server's and a client's, that are connected in memory. They behave
    like those of serve() and connect(), with bytes on a wire, limits and back-pressure. At the
    end, both are closed.

    handler  What the server runs, as for serve(); None (and no on_message): nothing, so that
             the test uses the server's connection itself.
    path     The target of the client's request, e.g. "/chat?room=1".
    headers  Additional header fields of the request.
    options  As for serve(), except those for sockets. The client offers the same compression,
             and has the defaults of connect() for the rest.

    Raises as serve() does; HandshakeStatus if the server rejects the request.
    """
    has_handler = handler is not None or "on_message" in options
    server = serve(handler if has_handler else _nothing, port=0, **options)
    if not has_handler:
        server._handler = None
    settings = Settings(
        logger=logging.getLogger("wscodec.client"),
        on_message=None,
        on_connect=None,
        on_disconnect=None,
        compression=server._settings.deflate,
        compress_from=_defaults.COMPRESS_FROM,
        open_timeout=_defaults.OPEN_TIMEOUT,
        ping_interval=None,
        ping_timeout=None,
        close_timeout=_defaults.CLOSE_TIMEOUT,
        max_size=_defaults.MAX_SIZE,
        max_queue=_defaults.MAX_QUEUE,
        write_limit=WRITE_LIMIT,
        decode_text=True,
        stream=False,
    ).on_this_loop()
    ours, theirs = server._connection(), _Client(settings, path, headers)
    connect(ours, theirs)
    try:
        await theirs.opened
        yield ours, theirs
    finally:
        await theirs.close()
        server.close()
        await server.wait_closed()


async def _nothing(connection: ServerConnection) -> None:
    raise AssertionError("it is not called")


class _Client(ClientConnection):
    """A client that sends a request when it is connected."""

    def __init__(self, settings: Settings, path: str, headers: Headers) -> None:
        super().__init__(settings)
        deflate = settings.deflate
        extensions = None if deflate is None else deflate_offer(deflate)
        self.head = HeadReader()
        self.sent = build_request("test", path, extensions=extensions, headers=headers)
        self.opened: asyncio.Future[None] = settings.loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.write(self.sent)

    def _head_received(self, data: bytes) -> None:
        if not self.head.feed(data):
            return
        received, options = self.head.data, self._settings.options()
        try:
            found = Engine.confirm(
                received, self.sent, deflate=self._settings.deflate, **options
            )
        except Exception as error:
            self.opened.set_exception(error)
            self.transport.abort()
        else:
            assert found is not None
            self._request, self._response = self.sent, found[1]
            self._open(found[0], received[self.head.length :])
            self.opened.set_result(None)


# The transport

_CHUNK = 1 << 16


class _Transport(asyncio.Transport):
    """One end of a pipe in memory. What is written waits here until the other end reads it."""

    def __init__(self, protocol: asyncio.BufferedProtocol) -> None:
        super().__init__()
        self.loop = asyncio.get_running_loop()
        self.protocol = protocol
        self.other: _Transport
        self.buffer = bytearray()
        self.high, self.low = 1 << 16, 1 << 14
        self.is_full = self.is_reading_paused = False
        self.has_ended = False  # write_eof() or close() was called
        self.is_lost = self.closes = False

    # Reading

    def is_reading(self) -> bool:
        return not self.is_reading_paused

    def pause_reading(self) -> None:
        self.is_reading_paused = True

    def resume_reading(self) -> None:
        self.is_reading_paused = False
        self.loop.call_soon(self.other.deliver)

    def deliver(self) -> None:
        """Passes what waits to the other end."""
        other = self.other
        if other.is_lost or other.is_reading_paused:
            return
        chunk = bytes(self.buffer[:_CHUNK])
        if chunk:
            del self.buffer[: len(chunk)]
            room = other.protocol.get_buffer(len(chunk))
            room[: len(chunk)] = chunk  # type: ignore[index]
            other.protocol.buffer_updated(len(chunk))
            if self.is_full and len(self.buffer) <= self.low:
                self.is_full = False
                self.protocol.resume_writing()
            self.loop.call_soon(self.deliver)
        elif self.has_ended and not other.closes and not other.protocol.eof_received():
            other.close()
        if self.closes and not self.buffer:
            self.lose(None)

    # Writing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.has_ended or self.is_lost:
            return
        self.buffer += data
        self.loop.call_soon(self.deliver)
        if len(self.buffer) > self.high and not self.is_full:
            self.is_full = True
            self.protocol.pause_writing()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = (1 << 16) if high is None else high
        self.low = self.high // 4 if low is None else low

    def get_write_buffer_size(self) -> int:
        return len(self.buffer)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.has_ended = True
        self.loop.call_soon(self.deliver)

    # The end

    def is_closing(self) -> bool:
        return self.closes

    def close(self) -> None:
        if not self.closes:
            self.closes = self.has_ended = True
            self.loop.call_soon(self.deliver)
            if not self.buffer:
                self.loop.call_soon(self.lose, None)

    def abort(self) -> None:
        self.closes = self.has_ended = True
        self.buffer.clear()
        self.loop.call_soon(self.lose, None)
        self.loop.call_soon(self.other.lose, ConnectionResetError("the peer has gone"))

    def lose(self, error: Exception | None) -> None:
        if not self.is_lost:
            self.is_lost = self.closes = True
            self.protocol.connection_lost(error)


def connect(first: asyncio.BufferedProtocol, second: asyncio.BufferedProtocol) -> None:
    """Connects two protocols."""
    one, two = _Transport(first), _Transport(second)
    one.other, two.other = two, one
    second.connection_made(two)
    first.connection_made(one)
