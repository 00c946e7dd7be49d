"""The thread that serves the connections which nobody is receiving from.

A thread that waits in recv() reads its connection by itself: nothing is handed from one thread
to another. But a handler may also be busy, or send only; then pings still need pongs, a close
needs its reply, and messages belong in the queue. One thread of the process does that for all
connections, and runs their timers: it is the keepalive of all of them.

It takes a connection over when no thread has begun to read it for a whole TICK. It gives it
back when it notices that a thread reads again. While no recv() ends, it sleeps until the next
timer.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import selectors
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any

from ._wakeup import Wakeup

TICK = 0.05
"""Seconds after which connections that nobody receives from are taken over: between once and
twice as long."""

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Watched(ABC):
    """What the watcher needs of a connection: these methods, which must not raise, and its
    descriptor."""

    _turns: int
    """How many times a thread has begun to read."""

    @property
    @abstractmethod
    def _is_served(self) -> bool:
        """Whether a thread reads, or reading is paused."""

    @abstractmethod
    def fileno(self) -> int:
        """The descriptor of the socket; negative if it is closed."""

    @abstractmethod
    def _be_served(self, ready: int) -> int:
        """Reads and writes what is possible without waiting. `ready` is what of READ and WRITE
        is known to be possible. Returns what to wait for."""

    @abstractmethod
    def _on_timer(self, now: float) -> float | None:
        """The time has come that it asked for. Returns the next one; None for none."""

    @abstractmethod
    def _release(self) -> None:
        """The watcher does not use the socket any more: closes it."""


class Watcher:
    """The connections and their thread, which ends with the last of them."""

    def __init__(self) -> None:
        self.is_ticking = True
        """Whether the thread looks at all connections at the end of every TICK."""
        self._commands: deque[Callable[[], Any]] = deque()
        self._is_woken = self._has_ended = False
        with contextlib.ExitStack() as stack:  # there may be no descriptors left
            self._selector = stack.enter_context(selectors.DefaultSelector())
            self._wakeup = Wakeup()
            stack.pop_all()
        self._selector.register(self._wakeup, READ)
        self._seen: dict[Watched, int] = {}  # all connections, and their turns before the tick
        self._masks: dict[Watched, int] = {}  # those that the selector has
        self._timers: list[tuple[float, int, weakref.ref[Watched]]] = []
        self._numbers = itertools.count()
        self._next_tick = time.monotonic() + TICK
        # It must not keep the interpreter from exiting.
        self._thread = threading.Thread(target=self._run, name="wscodec-watcher", daemon=True)

    # For all threads

    def tick(self) -> None:
        """Starts to tick: to be called when a thread has stopped to read and it does not."""
        if not self.is_ticking:
            self.is_ticking = True
            self._wake()

    def attend(self, connection: Watched) -> None:
        """Serves a connection at once, unless a thread reads it."""
        self._command(lambda: self._serve(connection, 0))

    def call_at(self, when: float, connection: Watched) -> None:
        """Calls _on_timer() at that time."""
        self._command(lambda: self._add_timer(when, connection))

    def forget(self, connection: Watched) -> None:
        """Calls _release(), once the socket is not used here any more."""
        self._command(lambda: self._forget(connection))

    def _command(self, command: Callable[[], Any]) -> None:
        self._commands.append(command)
        if threading.current_thread() is not self._thread:
            self._wake()

    def _wake(self) -> None:
        with _guard:
            if not self._is_woken and not self._has_ended:
                self._is_woken = True
                self._wakeup.wake()

    # For the thread

    def _run(self) -> None:
        while not self._is_done():
            for key, ready in self._selector.select(self._timeout()):
                if key.data is not None:
                    self._serve(key.data, ready)
                else:
                    self._wakeup.clear()
                    self._is_woken = False
            while self._commands:
                self._commands.popleft()()
            now = time.monotonic()
            self._run_timers(now)
            if self.is_ticking and now >= self._next_tick:
                self._look_at_all(now)

    def _is_done(self) -> bool:
        global _current
        if self._seen or self._commands:
            return False
        with _guard:
            if self._commands:
                return False
            self._has_ended = True
            _current = None
        self._close()
        return True

    def _close(self) -> None:
        self._selector.close()
        self._wakeup.close()

    def _timeout(self) -> float | None:
        if self._commands:
            return 0
        times = [self._next_tick] if self.is_ticking else []
        if self._timers:
            times.append(self._timers[0][0])
        return max(min(times) - time.monotonic(), 0) if times else None

    def _add(self, connection: Watched, when: float | None) -> None:
        self._seen[connection] = connection._turns
        if when is not None:
            self._add_timer(when, connection)

    def _add_timer(self, when: float, connection: Watched) -> None:
        heapq.heappush(self._timers, (when, next(self._numbers), weakref.ref(connection)))

    def _run_timers(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            connection = heapq.heappop(self._timers)[2]()
            if connection is not None and connection in self._seen:
                when = connection._on_timer(now)
                if when is not None:
                    self._add_timer(when, connection)

    def _look_at_all(self, now: float) -> None:
        """Takes over the connections that no thread has begun to read since the last tick."""
        self.is_ticking = False  # before it looks: a thread may stop to read just now
        for connection, seen in list(self._seen.items()):
            turns = connection._turns
            self._seen[connection] = turns
            if self._masks.get(connection, 0) & READ or connection._is_served:
                continue
            if turns == seen:
                self._serve(connection, 0)
            else:
                self.is_ticking = True
        self._next_tick = now + TICK

    def _serve(self, connection: Watched, ready: int) -> None:
        if connection not in self._seen:
            return
        wanted = connection._be_served(ready)
        if connection in self._seen:
            self._wait_for(connection, wanted)

    def _wait_for(self, connection: Watched, wanted: int) -> None:
        mask = self._masks.get(connection, 0)
        if wanted == mask:
            return
        if not mask:
            self._selector.register(connection.fileno(), wanted, connection)
        elif wanted:
            self._selector.modify(connection.fileno(), wanted, connection)
        else:
            self._selector.unregister(connection.fileno())
        if wanted:
            self._masks[connection] = wanted
        else:
            del self._masks[connection]

    def _forget(self, connection: Watched) -> None:
        if self._seen.pop(connection, None) is not None:
            if self._masks.pop(connection, 0):
                self._selector.unregister(connection.fileno())
            connection._release()


_guard = threading.Lock()
_current: Watcher | None = None


def watch(connection: Watched, when: float | None) -> Watcher:
    """The watcher of a new connection, which must call forget() in the end.

    when  When _on_timer() is to be called; None for never.

    Raises RuntimeError if its thread cannot be started.
    """
    global _current
    with _guard:
        watcher = _current
        if watcher is None:
            watcher = Watcher()
        watcher._commands.append(lambda: watcher._add(connection, when))
        if _current is None:
            try:
                watcher._thread.start()
            except BaseException:
                watcher._close()
                raise
            _current = watcher
    watcher.tick()
    return watcher
