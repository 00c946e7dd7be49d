r"""The end of a connection: the closing handshake, errors, and what is left afterwards.

We close:

    close_nowait()  ->  _on_close(), the reply  ->  _finish()  ->  connection_lost()

The peer closes, or violates the protocol. The replies to its messages come first:

    _on_close()  \
                   _end_with()  ->  _give_turns()  ->  _finish()  ->  connection_lost()
    _on_error()  /
"""

from __future__ import annotations

import asyncio
from ctypes import byref, c_uint64, create_string_buffer, sizeof
from typing import NoReturn

from .. import _ffi
from .._ending import Ending, too_big
from .._ffi import lib
from ..errors import InvalidState, TooBig, check, error_for
from ..exceptions import ConnectionClosed
from ..text import Close, CloseCode, close_build
from ._base import CLOSED, CLOSING, CONNECTING, OPEN, Base

LINGER = 1.0
"""Seconds in which a peer under TLS can read why the connection is closed."""

LAST_TURNS = 4
"""Turns of the loop in which a handler can take the next message, and answer the last one: it
may wait for them through other tasks, as in asyncio.wait_for()."""


class Closing(Base):
    """How a connection ends."""

    __slots__ = ()

    # Starting it

    def close_nowait(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Starts the closing handshake, like close(), but does not wait. Does nothing once the
        connection is closing. A connection whose opening handshake is in progress is aborted.

        Messages that were received before can still be taken with recv(). Of those that arrive
        later, only as many are kept as the queue holds; on_message is not called any more.

        Raises as close() does.
        """
        close_build(code, reason)
        if self._can_close:
            self._send_close(Close(code, reason))
            self._read_to_the_end()
        elif self._state is CONNECTING:
            self._abort_opening()

    def _abort_opening(self) -> None:
        self._state = CLOSING  # for connection_made(), if it was not called yet
        if self.transport is not None:
            self.transport.abort()

    @property
    def _can_close(self) -> bool:
        """Whether nobody has closed yet. Without a handle, the peer has: see _end_with()."""
        return self._state is OPEN and bool(self._handle)

    async def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Closes the connection: sends a close frame, and waits until the peer has closed too.
        After close_timeout the connection is aborted. May be called again.

        code    1000 ... 1003, 1007 ... 1014 or 3000 ... 4999; yours are 4000 ... 4999. Or
                CloseCode.NO_STATUS, for a close frame without a code. Default: 1000.
        reason  At most 123 bytes of UTF-8; empty with NO_STATUS. Default: empty.

        Raises InvalidArgument for anything else.
        """
        self.close_nowait(code, reason)
        await self.wait_closed()

    async def wait_closed(self) -> None:
        """Waits until the TCP connection is closed."""
        if self._state is not CLOSED:
            if self._closed is None:
                self._closed = self._settings.loop.create_future()
            await asyncio.shield(self._closed)

    @property
    def close_code(self) -> int | None:
        """The code of the peer's close frame; CloseCode.NO_STATUS (1005) if it has none, and
        CloseCode.ABNORMAL (1006) if none has arrived. After close() it is the code that the
        peer replied. None until the connection is closed."""
        return None if self._state is not CLOSED else self._exception().code

    @property
    def close_reason(self) -> str | None:
        """The reason in the peer's close frame, "" if there is none. None until the connection
        is closed."""
        return None if self._state is not CLOSED else self._exception().reason

    def _exception(self) -> ConnectionClosed:
        """What recv() and send() raise."""
        return self._end().exception()

    def _end(self) -> Ending:
        if self._ending is None:
            self._ending = Ending()
        return self._ending

    async def _not_open(self) -> NoReturn:
        """Raises what a method raises that needs an open connection."""
        self._check_opening()
        await self.wait_closed()
        raise self._exception()

    def _check_opening(self) -> None:
        if self._state is CONNECTING:
            raise InvalidState("the opening handshake is not complete yet")

    # Close frames and errors

    def _send_close(self, close: Close) -> None:
        """Sends our close frame; the peer's is yet to come."""
        frame = self._close_frame(close)
        if frame:
            self._put_frame(frame)
        self._start_closing()

    def _close_frame(self, close: Close) -> bytes:
        """Our close frame, for the caller to send; b"" if one was sent already."""
        reason = close.reason.encode()
        out = create_string_buffer(_ffi.MAX_OUTPUT)
        size = check(
            lib.ws_conn_close(self._handle, close.code, reason, len(reason), out, sizeof(out))
        )
        if size:
            self._end().sent = close
        return out.raw[:size]

    def _start_closing(self) -> None:
        self._state = CLOSING
        self._flush()
        self._stop_keepalive()
        self._start_timer()

    def _start_timer(self) -> None:
        timeout = self._settings.close_timeout
        if self._timer is None and timeout is not None:
            self._timer = self._settings.loop.call_later(timeout, self._on_close_timeout)

    def _fail(self, code: int, reason: str, cause: BaseException) -> None:
        """Closes the connection because of an error on this side, unless it is closing."""
        if self._can_close:
            self._end().blame(cause)
            self.close_nowait(code, reason)

    def _on_close(self, close: Close, reply: bytes) -> None:
        """The peer's close frame has arrived; b"" is the reply if it replies to ours."""
        ending = self._end()
        ending.rcvd = close
        ending.rcvd_then_sent = ending.sent is None
        if ending.sent is None:
            ending.sent = Close(close.code, "")
        self._end_with(reply)

    def _on_error(self, result: int) -> None:
        """The peer has violated the protocol."""
        error = error_for(result)
        if isinstance(error, TooBig):
            error = too_big(self._announced())
        self._end().blame(error)
        self._end_with(self._close_frame(Close(error.close_code, str(error))))

    def _announced(self) -> int:
        """The length of the frame or message that was too big."""
        announced = c_uint64()
        check(lib.ws_conn_get(self._handle, _ffi.INFO_ANNOUNCED, byref(announced)))
        return announced.value

    # After both close frames, or an error

    def _end_with(self, last_frame: bytes) -> None:
        """Nothing that arrives from now on matters.

        The replies to the messages that arrived before come before our last frame, as far as
        the handler gets on within LAST_TURNS after each message, and the peer reads them within
        close_timeout. Callbacks have already replied, unless the peer does not read: then some
        messages wait. There are no replies inside a message that is being sent in fragments.

        Until then nothing is read, so that the end of the stream is not seen too early."""
        self._free()
        self._end().last_frame = last_frame
        has_replied = self._settings.on_message is not None and self._queue is None
        if has_replied or self._state is not OPEN or self._sending is not None:
            self._finish()
        else:
            self._stop_reading()
            self._start_timer()
            self._give_turns(LAST_TURNS, self._queued())

    def _give_turns(self, turns: int, before: int) -> None:
        """Gives a handler that has not taken `before` messages so many turns. Those in which it
        may be waiting for the peer to read do not count: resume_writing() gives it new ones."""
        if self._is_write_paused:
            return
        waiting = self._queued()
        if waiting < before:
            turns = LAST_TURNS
        if turns:
            self._settings.loop.call_soon(self._give_turns, turns - 1, waiting)
        else:
            self._finish()

    @property
    def _is_ending(self) -> bool:
        """Whether our last frame waits for replies."""
        return self._ending is not None and self._ending.last_frame is not None

    def _finish(self) -> None:
        """Sends our last frame, if that was not done yet, and ends TCP."""
        ending = self._ending
        if ending is None or ending.last_frame is None or self._state is CLOSED:
            return
        frame, ending.last_frame = ending.last_frame, None
        if frame:
            self._put_frame(frame)
        self._start_closing()
        self._read_to_the_end()
        self._hang_up()

    def _hang_up(self) -> None:
        """Ends TCP (RFC 6455, 7.1.1): a server sends its end of the stream, where TLS allows
        that, then reads and discards until the peer closes too. A client waits for that."""
        if self.side or self.transport.is_closing():
            return
        if self.transport.can_write_eof():
            try:
                self.transport.write_eof()
            except (OSError, RuntimeError):  # the peer is gone
                self.transport.abort()
        elif self._end().rcvd is not None:
            self.transport.close()
        else:
            # TLS has no end of one direction alone. To close while the peer sends would reset
            # TCP, which can destroy our close frame, so give the peer time to read it.
            self._settings.loop.call_later(LINGER, self.transport.close)

    def _on_close_timeout(self) -> None:
        self._end().blame(TimeoutError("timed out while closing the connection"))
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """For asyncio: the TCP connection is closed."""
        self._state = CLOSED
        self._end().blame(exc)
        self._stop_keepalive()
        self._stop_timer()
        self._free()
        self._out = self._rest = None
        for future in (self._waiter, self._closed, *(self._drainers or ())):
            if future is not None and not future.done():
                future.set_result(None)
        self._waiter = None
        if self._pings:
            for pong, _ in self._pings.values():
                if not pong.done():
                    pong.set_exception(self._exception())
                    pong.exception()  # asyncio need not report it if nobody waits for the pong
            self._pings = None
        self.transport.close()  # else asyncio warns about TLS before Python 3.11
        self._lost()

    def _free(self) -> None:
        handle, self._handle = self._handle, 0
        if handle:
            lib.ws_conn_free(handle)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_keepalive(self) -> None:
        keepalive = self._settings.keepalive
        if keepalive and self._slot >= 0:
            keepalive.remove(self)
            self._slot = -1

    # For the classes below

    def _lost(self) -> None:
        """The TCP connection is closed."""

    def _queued(self) -> int:
        """How many messages wait for recv()."""
        raise NotImplementedError

    def _stop_reading(self) -> None:
        """Reads nothing until _read_on() or _read_to_the_end() is called."""
        raise NotImplementedError

    def _read_to_the_end(self) -> None:
        """Reads on, so that the peer's close frame and the end of its stream are found, even if
        nobody takes messages."""
        raise NotImplementedError

    def __del__(self) -> None:
        if getattr(self, "_handle", 0):  # the loop was closed first
            self._free()
