"""TLS for websockets.sync, one thread of which reads while another writes.

Before Python 3.13, ssl.SSLSocket does not lock its connection of OpenSSL: about one connection
in two thousand hangs, since both threads are inside.
"""

from __future__ import annotations

import select
import ssl
import threading
from typing import Any, Callable, Optional, TypeVar

T = TypeVar("T")
Context = TypeVar("Context", bound=Optional[ssl.SSLContext])


def for_threads(context: Context) -> Context:
    """The same, after wrap_socket() makes sockets that threads may share. None: no TLS."""
    if context is not None:
        context.sslsocket_class = SharedSocket
    return context


class SharedSocket(ssl.SSLSocket):
    """Enters OpenSSL from one thread at a time, and waits outside of it."""

    lock: threading.Lock | None = None  # after the handshake
    limit: float | None = None

    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        self.limit, self.lock = self.gettimeout(), threading.Lock()
        super().settimeout(0)

    def settimeout(self, value: float | None) -> None:
        if self.lock is None:
            super().settimeout(value)
        else:
            self.limit = value

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        return self.in_turn(lambda: super(SharedSocket, self).recv(buflen, flags))

    def send(self, data: Any, flags: int = 0) -> int:
        return self.in_turn(lambda: super(SharedSocket, self).send(data, flags))

    def in_turn(self, call: Callable[[], T]) -> T:
        if self.lock is None:
            return call()
        while True:
            try:
                with self.lock:
                    return call()
            except (ssl.SSLWantReadError, BlockingIOError):
                self.wait(select.POLLIN)
            except ssl.SSLWantWriteError:
                self.wait(select.POLLOUT)

    def wait(self, events: int) -> None:
        poll = select.poll()
        poll.register(self.fileno(), events)
        if not poll.poll(None if self.limit is None else self.limit * 1000):
            raise TimeoutError("timed out")
