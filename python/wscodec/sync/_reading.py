"""How one thread at a time reads the socket, and what becomes of what was read."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from .._ending import State, too_big
from ..errors import TooBig, WsError
from ..events import Event, Message, MessagePart, Pong
from ..exceptions import ConnectionClosed
from ..text import Close
from ._base import LEAST, MOST
from ._io import is_readable
from ._last_frames import LastFrames

MAX_OWED = 1 << 16
"""Bytes of the connection's own replies, e.g. pongs, that may be due before reading stops."""


class Reader(LastFrames):
    """Reads, and handles events."""

    def _read(self, deadline: float | None) -> bool:
        """Waits for input, at most until the deadline, and reads it into the inbox. Returns
        whether there was any. For the thread that reads.

        While it waits for a long time it costs one system call; _lost() ends the wait.
        """
        if self._owed > MAX_OWED and not self._write_all(deadline):
            return False
        try:
            if deadline is not None and not is_readable(
                self.socket, max(deadline - time.monotonic(), 0)
            ):
                return False
            # One call, so that an exception of a signal handler comes before the socket is
            # read, or after what was read is in the inbox.
            self._inbox.extend(map(self.socket.recv, (self._size,)))
        except OSError as error:
            self._fault = error
            self._inbox.append(b"")
        return True

    def _stop_reading(self) -> None:
        """To be called if an exception interrupts the reading."""
        with self._lock:
            self._is_reading = False
            self._handle_inbox(self._high)
            self._news.notify_all()
        self._flush()
        self._watcher.tick()

    def _handle_inbox(self, limit: float) -> bool:
        """Handles what was read, as _process() does. Needs the lock."""
        inbox = self._inbox
        try:
            while inbox:
                data = inbox[0]
                self._handle(data, limit)
                del inbox[0]
        except BaseException as error:  # of a signal handler, or a bug: the rest is lost
            inbox.clear()
            self._break(error)
            raise
        if self._waiting:
            self._news.notify_all()
        return bool(self._due) or self._wants_eof

    def _handle(self, data: bytes, limit: float) -> None:
        """Handles the result of one read. Needs the lock."""
        if self._keepalive is not None:
            self._keepalive.was_heard = True
        size = len(data)
        if size == self._size:
            self._size = min(2 * size, MOST)
        elif size < self._size >> 2:
            self._size = max(self._size >> 1, LEAST)
        has_ended = not data
        if self._tls is not None and data:
            try:
                data, has_ended = self._tls.decrypt(data)
            except OSError as error:  # ssl.SSLError
                self._fault, has_ended, data = error, True, b""
            if output := self._tls.take_output():
                self._put(output)
        if data and not self._is_over:
            self._events = self._engine.receive_data(data)
            self._process(limit)
        if has_ended:
            if (
                self._state is State.OPEN
                and not self._fault
                and (self._queue or self._has_more)
            ):
                self._ends_later = True  # what has arrived is received before
            else:
                self._end()

    def _process(self, limit: float) -> bool:
        """Handles events until more than `limit` messages wait in the queue, or it is full.
        Returns whether there is something to flush. Needs the lock.

        A thread that receives handles no more than the next message. So its reply precedes the
        pong to a later ping, and the reply to a later close.
        """
        queue = self._queue
        try:
            for event in self._events:
                kind = event.__class__
                if kind is Message or kind is MessagePart:
                    if self._discards:
                        continue
                    data: Any = event[0]
                    queue.append(data if kind is Message else event)
                    self._queued += len(data)
                    size = len(queue)
                    is_full = size > self._high or self._queued > self._most
                    if is_full and self._state is not State.OPEN:
                        queue.pop()
                        self._queued -= len(data)
                        self._discards = True
                    elif is_full or size > limit:
                        self._is_paused = is_full
                        self._has_more = not self._engine._is_drained
                        break
                else:
                    self._on_control(event)
            else:
                self._has_more = False
        except WsError as error:
            self._has_more = False
            self._on_error(error)
        if self._speaks:
            self._speaks = False
            self._owed += self._add(self._engine.data_to_send())
        return bool(self._due) or self._wants_eof

    def _on_control(self, event: Event) -> None:
        """Handles a ping, a pong or a close. Needs the lock."""
        if isinstance(event, Pong):
            self._acknowledge(event.data)
            return
        self._speaks = True
        if isinstance(event, Close):
            ending = self._ending
            ending.rcvd, ending.rcvd_then_sent = event, ending.sent is None
            self._end_with(self._engine.data_to_send(), Close(event.code, ""))

    def _on_error(self, error: WsError) -> None:
        """The peer broke the protocol, or the library failed. Needs the lock."""
        if isinstance(error, TooBig):
            error = too_big(self._engine.announced)
        self._ending.blame(error)
        close, frames = Close(error.close_code, str(error)), b""
        with contextlib.suppress(WsError):
            self._engine.close(*close)
            frames = self._engine.data_to_send()
        self._end_with(frames, close if frames else None)

    def _acknowledge(self, payload: bytes) -> None:
        """A pong answers its ping and all before (RFC 6455, 5.5.3). Needs the lock."""
        if payload not in self._pings:
            return
        now = time.perf_counter()
        for key in list(self._pings):
            event = self._pings.pop(key)
            event.latency = now - event.sent_at
            event.set()
            if key == payload:
                self.latency = event.latency
                return

    def _resume(self) -> None:
        """The queue has room again. Needs the lock."""
        self._is_paused = False
        if self._keepalive is not None:
            self._keepalive.was_heard = True  # what the peer has sent meanwhile was not read
        self._watcher.tick()

    def _await_end(self) -> ConnectionClosed:
        """Waits until a connection that is closing is CLOSED; reads meanwhile, if no other
        thread does. Returns the exception that tells of the end."""
        mine = False
        try:
            while True:
                with self._lock:
                    if mine:
                        mine = self._is_reading = False
                        self._handle_inbox(self._high)
                    if self._has_more:
                        self._process(self._high)
                    if self._state is State.CLOSED:
                        return self._ending.exception()
                    if self._is_reading or self._is_ended:
                        self._wait_for_news()
                        continue
                    mine = self._is_reading = True
                    self._turns += 1
                self._flush()
                self._read(None)
        finally:
            if mine:
                self._stop_reading()
