"""The last frames that a connection sends because of an error, or of what the peer has sent.

_fail()              an error on our side
_end_with()          the peer has closed, or violates the protocol
_await_replies()     messages that arrived before are answered first
_send_last_frames()  then the last frames follow
"""

from __future__ import annotations

import time

from .._ending import State
from ..frame import Side
from ..text import Close
from ._writing import Writer

LAST_WAIT = 1.0
"""Seconds in which the next message is received, and the last one answered, after a close."""


class LastFrames(Writer):
    """What is sent at the end, and when."""

    def _fail(self, code: int, reason: str, cause: BaseException) -> None:
        """Closes the connection because of an error; nothing more is received. Needs the
        lock."""
        self._send_last_frames()
        if self._state is State.OPEN:
            self._ending.blame(cause)
            self._ending.sent = Close(code, reason)
            self._engine.close(code, reason)
            self._add(self._engine.data_to_send())
            self._is_over = True
            self._end_data()
            self._is_closing()
            self._watcher.attend(self)

    def _end_with(self, frames: bytes, sent: Close | None) -> None:
        """Nothing that arrives from now on matters. If there are messages that nobody has
        received yet, the replies to them come before our last frames, as far as each message is
        received and answered within LAST_WAIT, or the peer does not read the replies; all of
        them within close_timeout. There are no replies inside of a message that is being sent
        in fragments. Needs the lock.

        frames  Our last frames.
        sent    The close frame among them, unless one was sent before.
        """
        self._is_over = True
        self._ending.sent = self._ending.sent or sent
        self._last_frames = frames
        if self._state is not State.OPEN or self._is_sending or not self._queue:
            self._send_last_frames()
            return
        now = time.monotonic()
        if self._close_timeout is not None:
            self._deadline = now + self._close_timeout
        self._left, self._look_at = len(self._queue), now + LAST_WAIT
        self._watcher.call_at(self._look_at, self)

    def _await_replies(self, now: float) -> float | None:
        """Looks whether replies are to be expected. Returns when to look again."""
        with self._lock:
            if self._last_frames is None:
                return None
            if now < self._look_at:
                return self._look_at
            left, self._left = self._left, len(self._queue)
            gets_on = self._left < left or bool(self._due)
            if gets_on and (self._deadline is None or now < self._deadline):
                self._look_at = now + LAST_WAIT
                return self._look_at
            self._send_last_frames()
        self._watcher.attend(self)
        return None

    def _send_last_frames(self) -> None:
        """Sends our last frames, if they wait. Needs the lock."""
        if self._last_frames is not None:
            self._add(self._last_frames)
            if self.side is Side.SERVER or self._ending.rcvd is None:
                self._end_data()
            self._is_closing()
