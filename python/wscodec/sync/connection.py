"""A WebSocket connection whose methods wait.

    recv()    reads the socket in the calling thread (_receiving, _reading)
    send()    adds a frame to what is due, and writes that (_sending, _writing)
    close()   adds the close frame, and reads until the end (_closing)

While no thread reads, one thread of the process does for all connections, without waiting
(_watcher, _unattended).
"""

from __future__ import annotations

import builtins
import socket
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._callbacks import LoggerLike
from .._ending import State
from .._messages import Data, encoded
from ..connection import Connection as Engine
from ..errors import InvalidArgument
from ..text import Close, CloseCode, close_build
from ._base import PongEvent
from ._io import deadline_after, shut_down
from ._keepalive import Keepalive
from ._receiving import Receiver
from ._unattended import Unattended
from ._watcher import watch

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Connection", "LoggerLike", "PongEvent", "broadcast"]


class Connection(Receiver, Unattended):
    """What ServerConnection and ClientConnection have in common. Every method may be called by
    any thread, and by several at a time, except that one thread at a time receives.

    Iterating over it yields messages until the connection is closed. It ends normally after
    ConnectionClosedOK, and raises ConnectionClosedError.

    At the end of a `with`, the connection is closed: with the code 1000, or with 1011 if an
    exception leaves it.

    Its attributes, besides the properties that are described below, are:

    latency  Seconds between the last ping and its pong; 0.0 before the first. By default the
             keepalive measures it every ping_interval.
    socket   The socket. Do not read or write it; under TLS it carries TLS.

    While no thread receives, messages are queued, until there are more than max_queue, or of
    more bytes than max_size; then nothing is read. Messages that arrive before the peer's close
    frame can be answered before ours is sent, if each is received and answered within a second
    of the one before.

    An exception that a signal handler raises, such as KeyboardInterrupt, leaves a method that
    waits, and nothing is lost: a message that send() was writing is still sent. But if it
    interrupts the handling of what has just arrived, or a write itself, nobody knows how much
    was done: then the connection is ended.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        self.close(CloseCode.NORMAL if exc_type is None else CloseCode.INTERNAL_ERROR)

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Closes the connection: sends a close frame, waits for the peer's and for the end of
        the TCP connection, at most close_timeout. Meanwhile recv() still returns messages, but
        once the queue is full, all that follow are discarded. Only waits if the connection is
        closing already.

        code    1000 ... 1003, 1007 ... 1014 or 3000 ... 4999; yours are 4000 ... 4999. Or
                CloseCode.NO_STATUS, for a close frame without a code. Default: 1000.
        reason  At most 123 bytes of UTF-8; empty with NO_STATUS. Default: empty.

        Raises InvalidArgument for anything else.
        """
        self.start_close(code, reason)
        if self._state is not State.CONNECTING:
            self._await_end()

    def start_close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Closes the connection like close(), but does not wait.

        Raises as close() does.
        """
        close_build(code, reason)
        with self._lock:
            if self._state is State.CONNECTING:
                self._is_lost = True
                shut_down(self.socket, socket.SHUT_RDWR)
            elif self._state is State.OPEN:
                self._close(code, reason)
                if self._ends_later:
                    self._end()
        if self._state is not State.CONNECTING:
            self._flush()
            if not self._is_reading:
                self._watcher.attend(self)

    def _close(self, code: int, reason: str) -> None:
        """Sends a close frame, unless the peer has closed. Needs the lock."""
        self._send_last_frames()
        if self._state is State.OPEN:
            if self._is_sending:
                code, reason = CloseCode.INTERNAL_ERROR, "close during fragmented message"
            self._engine.close(code, reason)
            self._ending.sent = Close(code, reason)
            self._add(self._engine.data_to_send())
            self._is_closing()

    def wait_closed(self, timeout: float | None = None) -> bool:
        """Waits until the connection is closed, at most `timeout` seconds (None: no limit).
        Returns whether it is closed. Messages are not received meanwhile; if more arrive than
        fit into the queue, the end is behind them.

        Raises TypeError for a timeout that is no number, InvalidArgument for NaN.
        """
        deadline = deadline_after(timeout)
        with self._lock:
            while self._state is not State.CLOSED:
                if not self._wait_for_news(deadline):
                    return False
        return True

    def _open(self, engine: Engine, rest: bytes) -> None:
        """The opening handshake is complete.

        rest  What has arrived after it.

        Raises RuntimeError if the thread that watches connections cannot be started.
        """
        now = time.monotonic()
        interval = self._ping_interval
        with self._lock:
            self._watcher = watch(self, None if interval is None else now + interval)
            self._engine, self._tls = engine, self._channel.tls
            self._subprotocol, self._deflate = engine.protocol, engine.deflate
            if interval is not None:
                self._keepalive = Keepalive(interval, self._ping_timeout, now)
            self._state = State.OPEN
            self._events = engine.receive_data(rest)
            self._process(0)  # so that no send() is the first to see a close in it
        self._flush()


def broadcast(
    connections: Iterable[Connection],
    message: Data,
    *,
    raise_exceptions: bool = False,
    text: bool | None = None,
) -> None:
    """Sends a message to many connections, and waits for none of them: what a peer does not
    read at once is kept for it, and the keepalive ends a connection whose peer does not read at
    all. Connections that are not open are skipped.

    raise_exceptions  False: if it cannot be sent to a connection, that is logged as a warning.
                      True: the exceptions are raised together in the end, as an
                      ExceptionGroup. This needs Python 3.11.
    text              As for send().

    Raises TypeError for a message that is not str or bytes; InvalidArgument for
    raise_exceptions before Python 3.11.
    """
    group: Any = getattr(builtins, "ExceptionGroup", None)
    if raise_exceptions and group is None:
        raise InvalidArgument("raise_exceptions needs Python 3.11")
    opcode, payload = encoded(message, text)
    errors = []
    for connection in connections:
        try:
            connection._send_soon(opcode, payload)
        except Exception as error:
            if raise_exceptions:
                errors.append(error)
            else:
                connection.logger.warning("skipped broadcast: %s", error)
    if errors:
        raise group("skipped broadcast", errors)
