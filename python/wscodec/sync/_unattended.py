"""What the watcher does for a connection from which no thread receives; see _watcher."""

from __future__ import annotations

from .._ending import State
from ..text import CloseCode
from ._io import receive_now
from ._keepalive import Keepalive, Verdict
from ._reading import MAX_OWED
from ._sending import Sender
from ._watcher import READ, WRITE

MOST_AT_ONCE = 1 << 14
"""Bytes that are read in one turn: some thousand pings at most, so that no peer holds up the
others."""


class Unattended(Sender):
    """Reads, writes and keeps alive while no thread receives. Nothing here waits."""

    @property
    def _is_served(self) -> bool:
        """Whether a thread reads, or reading is paused."""
        if self._is_reading or self._is_paused or self._ends_later or self._is_ended:
            return True
        return self._last_frames is not None

    def _be_served(self, ready: int) -> int:
        """Reads and writes what is possible without waiting; see the watcher."""
        try:
            if ready & READ and self._may_read(begin=True):
                self._read_now()
            elif self._has_more:
                with self._lock:
                    if not self._is_paused:
                        self._process(self._high)
            is_done = self._try_to_flush()
            wanted = READ if self._may_read(begin=False) else 0
            return wanted if is_done else wanted | WRITE
        except Exception as error:
            self._on_bug(error)
            return 0

    def _may_read(self, *, begin: bool) -> bool:
        """Whether the watcher may read: no thread does, and there is room for what comes."""
        with self._lock:
            if self._is_served:
                return False
            if self._owed > MAX_OWED:
                self._watcher.tick()  # it looks again
                return False
            if begin:
                self._is_reading = True
            return True

    def _read_now(self) -> None:
        data = None
        try:
            data = receive_now(self.socket, min(self._size, MOST_AT_ONCE))
        except OSError as error:
            self._fault, data = error, b""
        finally:
            with self._lock:
                self._is_reading = False
                if data is not None:
                    self._inbox.append(data)
                    self._handle_inbox(self._high)
                self._news.notify_all()

    def _on_timer(self, now: float) -> float | None:
        """Ends a closing handshake that takes too long, and does the keepalive."""
        try:
            if self._last_frames is not None:
                return self._await_replies(now)
            if self._state is State.OPEN:
                return self._keep_alive(now)
            with self._lock:
                if self._deadline is not None and now >= self._deadline and not self._is_ended:
                    self._resets = True
                    self._break(TimeoutError("timed out while closing the connection"))
                    self._watcher.attend(self)
        except Exception as error:
            self._on_bug(error)
        return None

    def _keep_alive(self, now: float) -> float | None:
        """Judges the peer and sends the next ping, if it is time. Returns when to do so
        again."""
        keepalive = self._keepalive
        if keepalive is None:
            return None
        with self._lock:
            hears = not (self._is_paused or self._ends_later)
            verdict = keepalive.look(now, self._sent, hears=hears)
        if verdict is Verdict.PING:
            return self._ping_again(keepalive, now)
        if verdict is Verdict.END:
            self._give_up(keepalive)
            return None
        return verdict

    def _ping_again(self, keepalive: Keepalive, now: float) -> float | None:
        with self._lock:
            if self._state is not State.OPEN or self._last_frames is not None:
                return None
            if self._keepalive_ping is not None:
                self._pings.pop(self._keepalive_ping.payload, None)
            self._keepalive_ping = ping = self._add_ping(None)
            end_of_ping = self._added
            keepalive.was_heard = False
        self._flush()
        return keepalive.pinged(now, ping, self._sent, end_of_ping)

    def _give_up(self, keepalive: Keepalive) -> None:
        error = TimeoutError(f"no pong within {keepalive.timeout} seconds")
        with self._lock:
            self._fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout", error)
        self._flush()
        self._lost(error)

    def _on_bug(self, error: Exception) -> None:
        """In the watcher, which must go on."""
        self.logger.error("unexpected error", exc_info=error)
        self._lost(error)
