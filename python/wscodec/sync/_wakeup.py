"""How a thread that waits in a selector is woken."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Iterator


class Wakeup:
    """Is readable once it was woken."""

    def __init__(self) -> None:
        self._wakee, self._waker = socket.socketpair()
        self._wakee.setblocking(False)
        self._waker.setblocking(False)

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._wakee.fileno()

    def wake(self) -> None:
        """Wakes the thread. May be called by any thread and by a signal handler."""
        with contextlib.suppress(BlockingIOError):  # it was woken often enough
            self._waker.send(b"\0")

    def clear(self) -> None:
        """The thread is awake."""
        with contextlib.suppress(BlockingIOError):
            while self._wakee.recv(4096):
                pass

    def close(self) -> None:
        """Releases the descriptors."""
        self._wakee.close()
        self._waker.close()

    @contextlib.contextmanager
    def woken_by_signals(self) -> Iterator[None]:
        """In the main thread, signals wake it too, so that it runs their handlers. Without
        this, a signal that comes just before the thread waits, or that the system hands to
        another thread, would not. A program that has set a descriptor for signals keeps it.
        """
        is_ours = False
        with contextlib.suppress(ValueError):  # not the main thread
            others = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
            is_ours = others < 0
            if not is_ours:
                signal.set_wakeup_fd(others)
        try:
            yield
        finally:
            if is_ours:
                signal.set_wakeup_fd(-1)
