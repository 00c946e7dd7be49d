"""The end of a connection.

_is_closing()   a close frame was sent or received, or nothing more can be: a timer starts
_break()        the stream is ended, which wakes all threads that wait for it
_end()          it has ended, as the thread that reads has noticed
_release()      the watcher has let go of the socket, and closes it
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections import deque

from .._ending import State
from ..errors import WsError
from ._base import Base
from ._io import reset_on_close, send_now, shut_down


class Closing(Base):
    """How a connection ends."""

    def _is_closing(self) -> None:
        """The connection is CLOSING. The timer is started. Needs the lock."""
        self._is_paused = False  # so that the peer's close is not behind what nobody receives
        self._last_frames = None
        if self._state is State.OPEN:
            self._state = State.CLOSING
            if self._close_timeout is not None:
                self._deadline = time.monotonic() + self._close_timeout
                self._watcher.call_at(self._deadline, self)

    def _lost(self, error: BaseException) -> None:
        """Nothing can be sent any more: ends the stream, which wakes all that wait for it. What
        has arrived can still be read."""
        with self._lock:
            self._break(error)

    def _break(self, error: BaseException) -> None:
        """The same. Needs the lock."""
        self._ending.blame(error)
        self._is_lost = True
        self._drop_due()
        self._is_closing()
        shut_down(self.socket, socket.SHUT_RDWR)
        if self._ends_later:
            self._end()

    def _drop_due(self) -> None:
        """Needs the lock, but not _writer: a thread that is writing keeps what it has."""
        self._due = deque()
        self._owed = 0

    def _end(self) -> None:
        """The stream has ended. Needs the lock."""
        if self._is_ended:
            return
        if not self._is_over:
            self._ending.blame(self._fault)
            try:
                self._engine.finish()
            except WsError as error:
                self._ending.blame(error)
        self._end_tls()
        self._ends_later = self._has_more = False
        self._is_over = self._is_ended = self._is_lost = True
        self._drop_due()
        self._is_closing()
        shut_down(self.socket, socket.SHUT_RDWR)
        self._watcher.forget(self)

    def _end_tls(self) -> None:
        """Ends our data under TLS too, unless it has ended, or something is due before. Needs
        the lock; so _writer must not be waited for."""
        if self._tls is None or self._wants_eof or self._is_lost or self._fault or self._due:
            return
        if self._writer.acquire(False):
            try:
                with contextlib.suppress(OSError):
                    send_now(self.socket, self._tls.finish())
            finally:
                self._writer.release()

    def _release(self) -> None:
        """The end: no thread uses the socket any more but one that is about to stop writing."""
        with self._writer, self._lock:
            if self._resets:
                reset_on_close(self.socket)
            self.socket.close()
            self._engine.free()
            self._state = State.CLOSED
            for event in self._pings.values():
                if event.ack_on_close:
                    event.set()
            self._pings.clear()
            self._news.notify_all()
