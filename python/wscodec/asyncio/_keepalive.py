"""Pings that find out whether peers are still there, with one timer for all connections.

Each connection has a slot of a wheel, so that not all are pinged at once. The timer pings the
connections of one slot after the other, so each is pinged once per interval. After `timeout`,
those of them from which nothing was received since are closed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ._room import Room
    from .connection import Connection

SLOTS = 16


class _Round(NamedTuple):
    """The pings of one tick."""

    tick: int
    sent: float
    """When, in the time of the loop."""
    at: float
    """The same, in the time of perf_counter(): that of the loop may be coarse."""
    pinged: set[Connection]
    stuck: dict[Connection, int]
    """The connections whose peers do not read, and how many bytes wait for them."""


class Keepalive:
    """Pings the connections of one server, or of one client."""

    __slots__ = (
        "interval",
        "loop",
        "members",
        "next_slot",
        "ping_at",
        "room",
        "rounds",
        "timeout",
        "timer",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        room: Room,
        interval: float,
        timeout: float | None,
    ) -> None:
        self.loop, self.room = loop, room
        self.interval, self.timeout = interval, timeout
        self.members: Collection[Connection] = ()
        """Where the connections are, others among them: a server sets it, a client has only
        one."""
        self.next_slot = 0
        self.ping_at = 0.0
        self.rounds: deque[_Round] = deque()
        self.timer: asyncio.TimerHandle | None = None

    def add(self, connection: Connection) -> int:
        """Pings this connection from now on, first after about one interval. Returns its
        slot."""
        if isinstance(self.members, tuple):
            self.members = (connection,)
        if self.timer is None:
            self.ping_at = self.loop.time() + self.interval / SLOTS
            self._start()
        return (self.next_slot - 1) % SLOTS

    def remove(self, connection: Any) -> None:
        """Stops that."""
        if self.members == (connection,):
            self.members = ()
        for round_ in self.rounds:
            round_.pinged.discard(connection)
            round_.stuck.pop(connection, None)

    def latency(self, payload: bytes) -> float | None:
        """The seconds since the ping with this payload was sent; None if it is not a recent
        one."""
        tick = int.from_bytes(payload, "big")
        for round_ in reversed(self.rounds):
            if round_.tick == tick:
                return perf_counter() - round_.at
        return None

    def _start(self) -> None:
        when = self.ping_at
        if self.rounds:
            when = min(when, self.rounds[0].sent + self._patience)
        self.timer = self.loop.call_at(when, self._on_timer)

    @property
    def _patience(self) -> float:
        """Seconds for which a round is remembered."""
        return self.interval if self.timeout is None else self.timeout

    def _on_timer(self) -> None:
        now = self.loop.time()
        while self.rounds and self.rounds[0].sent + self._patience <= now:
            self._judge(self.rounds.popleft())
        if self.ping_at <= now:
            self.ping_at = max(self.ping_at + self.interval / SLOTS, now)
            self._ping(now)
        if any(each._slot >= 0 for each in self.members):
            self._start()
        else:
            self.timer = None
            self.rounds.clear()

    def _ping(self, now: float) -> None:
        """Pings the connections of the next slot."""
        slot, self.next_slot = self.next_slot, (self.next_slot + 1) % SLOTS
        pinged = [each for each in self.members if each._slot == slot]
        if not pinged:
            return
        self.room.tick += 1
        round_ = _Round(self.room.tick, now, perf_counter(), set(pinged), {})
        payload = (round_.tick & 0xFFFFFFFF).to_bytes(4, "big")
        for connection in pinged:
            unsent = connection._keepalive_ping(payload)
            if unsent:
                round_.stuck[connection] = unsent
        self.rounds.append(round_)

    def _judge(self, round_: _Round) -> None:
        """Closes the connections that were silent since their ping."""
        if self.timeout is not None:
            for connection in list(round_.pinged):
                connection._keepalive_judge(round_.tick, round_.stuck.get(connection, 0))
