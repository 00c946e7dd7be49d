"""When to ping, and what to think of a peer that does not answer. It does no I/O.

A peer lives from which anything was heard since the ping; while it cannot be heard, because the
queue of messages is full, it is not judged. But a peer that does not read cannot answer: if the
ping could not even be written, it lives only as long as it reads anything at all.
"""

from __future__ import annotations

import enum
import threading


class Verdict(enum.Enum):
    """What is to be done now."""

    PING = enum.auto()
    END = enum.auto()


class Keepalive:
    """The keepalive of one connection."""

    def __init__(self, interval: float, timeout: float | None, now: float) -> None:
        """
        interval  Seconds between pings.
        timeout   Seconds to wait for a reply; None for no limit.
        now       When the connection was opened.
        """
        self.interval, self.timeout = interval, timeout
        self.was_heard = False
        """Whether anything was received since the ping."""
        self._pinged_at = self._since = now  # the timeout counts from the latter
        self._pong: threading.Event | None = None
        self._is_unsent = False  # the ping was not written when it was looked at last
        self._end_of_ping = self._sent = 0

    def look(self, now: float, sent: int, *, hears: bool) -> Verdict | float:
        """Judges the peer. Returns when to look again, if nothing is to be done.

        sent   The number of bytes that were written so far.
        hears  Whether what the peer sends is read.
        """
        if self._pong is not None and not self._pong.is_set() and self.timeout is not None:
            if now < self._since + self.timeout:
                return self._since + self.timeout
            if self._is_unsent:
                if sent == self._sent:
                    return Verdict.END
                self._since = now  # it reads, if slowly
                self._note(sent)
                return now + self.timeout
            if hears and not self.was_heard:
                return Verdict.END
        if now < self._pinged_at + self.interval:
            return self._pinged_at + self.interval
        return Verdict.PING

    def pinged(self, now: float, pong: threading.Event, sent: int, end_of_ping: int) -> float:
        """A ping was sent. Returns when to look again.

        pong         Is set by its pong.
        end_of_ping  The number of bytes written when the whole ping is.
        """
        self._pinged_at = self._since = now
        self._pong, self._end_of_ping = pong, end_of_ping
        self._note(sent)
        return now + min(self.interval, self.interval if self.timeout is None else self.timeout)

    def _note(self, sent: int) -> None:
        self._sent, self._is_unsent = sent, sent < self._end_of_ping
