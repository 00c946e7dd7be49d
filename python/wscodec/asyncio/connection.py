"""Connections of wscodec.asyncio: what servers and clients have in common.

One object is everything that a connection has: the asyncio protocol, the queue of messages, and
the methods that users call. It is made of layers, each with one idea:

    _base.py       its memory, and writing
    _closing.py    the end
    _sending.py    messages out
    _receiving.py  messages in
    connection.py  the opening, and everything together
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import TypeVar, cast

from .. import _ffi
from .._ending import State
from .._messages import encoded, server_frame
from ..connection import Connection as Engine
from ..deflate import Deflate, Deflater
from ..exceptions import ConcurrencyError
from ..frame import Side
from ..text import CloseCode
from ._base import CONNECTING, OPEN
from ._receiving import Receiving
from ._settings import OnConnection

__all__ = ["Connection", "State", "broadcast"]

Self = TypeVar("Self", bound="Connection")


class Connection(Receiving):
    """A connection, of either side: a ServerConnection or a ClientConnection, which serve() and
    connect() create. All methods are for the thread of its event loop.

    You call:

        send(), recv(), recv_streaming(), and `async for`, for messages
        ping(), pong(), close(), wait_closed()
        send_nowait(), close_nowait(), drain(), in callbacks for example

    Until the opening handshake is complete, those that send and receive raise InvalidState.

    At the end of an `async with`, the connection is closed: with the code 1000, or with 1011 if
    an exception leaves it. The methods "for asyncio" are called by the event loop.
    """

    # A side is a subclass, which has `side` and does the opening handshake:
    #
    #     connection_made(transport)  to be extended: starts it
    #     _head_received(data)        gets the bytes that arrive before _open() was called
    #     _open(...)                  to be called when the handshake is complete
    #     _opened()                   to be extended: the connection is open
    #     eof_received()              to be extended for the time before _open()
    #     _lost()                     to be extended: TCP has ended, in whatever state

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """For asyncio: TCP is connected, and TLS if it is used."""
        settings = self._settings
        # Not all transports of other event loops are of this class, but they have its methods.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(settings.write_high, settings.write_low)
        if self._state is not CONNECTING:  # close_nowait() was called before
            self.transport.abort()
        elif settings.open_timeout is not None:
            self._timer = settings.loop.call_later(settings.open_timeout, self._on_open_timeout)

    def _on_open_timeout(self) -> None:
        """The opening handshake takes too long."""
        self._end().blame(TimeoutError("timed out during the opening handshake"))
        self.transport.abort()

    def _open(self, engine: Engine, first: bytes) -> None:
        """The opening handshake is complete.

        engine  The sans-I/O connection, of Connection.accept() or confirm(), which has read
                nothing yet. It cannot be used afterwards.
        first   The bytes that arrived after the head.
        """
        settings = self._settings
        self._stop_timer()
        if self._state is not CONNECTING:  # close_nowait() was called meanwhile
            return
        self._subprotocol = engine.protocol
        self._deflate = engine.deflate
        self._handle = engine._release()
        if self._deflate is not None and not self.side:
            self._engine_from = settings.compress_from
        self._state = OPEN
        self._heard = self._room.tick
        if settings.keepalive:
            self._slot = settings.keepalive.add(self)
        self._opened()
        if first:
            self._receive(first)

    def _opened(self) -> None:
        """The connection is open; the messages in the first bytes come next."""
        self._tell(self._settings.on_connect)

    def _lost(self) -> None:
        """TCP has ended."""
        if self._was_open:
            self._tell(self._settings.on_disconnect)

    def _tell(self, callback: OnConnection | None) -> None:
        if callback is not None:
            try:
                callback(self)
            except Exception as error:
                self._callback_failed(error)

    def eof_received(self) -> bool:
        """For asyncio: the peer sends nothing more. Returns whether we still want to send."""
        self._finish()
        return False

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(
        self,
        class_: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the connection, with 1011 if there was an error."""
        await self.close(CloseCode.NORMAL if class_ is None else CloseCode.INTERNAL_ERROR)


# Broadcast


def broadcast(
    connections: Iterable[Connection],
    message: str | bytes | bytearray | memoryview,
    raise_exceptions: bool = False,
    *,
    text: bool | None = None,
) -> None:
    """Sends a message to many connections. It is encoded once, and compressed once for all
    connections of a server that have agreed to the same compression without context takeover.

    Does not wait for peers that do not read: the message takes memory for each of them, until
    the keepalive closes their connections. Skips connections that are not open; also those on
    which a message is sent in fragments, with a warning in their log.

    connections       Connections of this event loop.
    message           As for send(), but no fragments.
    raise_exceptions  Raise the errors at the end: an ExceptionGroup in Python 3.11 and newer,
                      the first one before. Otherwise they are logged as warnings.
    text              As for send().

    Raises as send() does for the message.
    """
    opcode, payload = encoded(message, text)
    frames: dict[Deflate | None, bytes] = {}
    errors: list[Exception] = []
    for connection in connections:
        if connection._state is not OPEN:
            continue
        try:
            if connection._sending is not None:
                raise ConcurrencyError("a message is being sent in fragments")
            _broadcast_to(connection, opcode, payload, frames)
        except Exception as error:
            if not raise_exceptions:
                connection.logger.warning("skipped in broadcast(): %s", error)
            errors.append(error)
    if errors and raise_exceptions:
        _raise_all(errors)


def _broadcast_to(
    connection: Connection, opcode: int, payload: bytes, frames: dict[Deflate | None, bytes]
) -> None:
    """Sends the frame that was made for a connection like this one."""
    deflate = connection._deflate
    if len(payload) < connection._engine_from:
        deflate = None
    elif deflate is None or connection.side or not deflate.server_no_context_takeover:
        connection._put(opcode, payload)
        return
    frame = frames.get(deflate)
    if frame is None:
        frames[deflate] = frame = _frame(opcode, payload, deflate)
    connection._put_frame(frame)


def _frame(opcode: int, payload: bytes, deflate: Deflate | None) -> bytes:
    if deflate is None:
        return server_frame(opcode, payload)
    with Deflater(Side.SERVER, deflate) as deflater:
        return server_frame(opcode, deflater.compress(payload), _ffi.RSV1)


def _raise_all(errors: list[Exception]) -> None:
    try:
        group = ExceptionGroup  # type: ignore[name-defined]
    except NameError:
        raise errors[0] from None
    raise group("skipped in broadcast()", errors)
