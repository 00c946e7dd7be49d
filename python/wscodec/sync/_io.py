"""Blocking sockets, with deadlines and without."""

from __future__ import annotations

import select
import socket
import struct
import sys
import threading
import time

from ..errors import InvalidArgument

_DONTWAIT = getattr(socket, "MSG_DONTWAIT", 0)
_PIECE = 16384
_LONGEST = (1 << 31) - 1  # milliseconds that poll() takes
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Deadline:
    """When an operation of several steps has to be done."""

    __slots__ = ("at",)

    def __init__(self, timeout: float | None) -> None:
        """
        timeout  In seconds; None for no limit.
        """
        self.at = None if timeout is None else time.monotonic() + timeout

    def left(self) -> float | None:
        """Seconds that are left, not below 0; None for no limit."""
        return None if self.at is None else max(self.at - time.monotonic(), 0)

    def must_be_ahead(self) -> float | None:
        """The same, but raises TimeoutError if none are left."""
        left = self.left()
        if left == 0:
            raise TimeoutError("timed out")
        return left


def deadline_after(timeout: float | None) -> float | None:
    """When so many seconds have passed; None for never.

    Raises TypeError if `timeout` is neither None nor a number, InvalidArgument for NaN.
    """
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout is a number of seconds or None, not {timeout!r}")
    if timeout != timeout:
        raise InvalidArgument("timeout is NaN, not a number of seconds")
    if timeout > threading.TIMEOUT_MAX:
        return None
    return time.monotonic() + max(timeout, 0)


def is_readable(sock: socket.socket, timeout: float | None) -> bool:
    """Waits until something can be received, or the stream has ended, at most `timeout` seconds
    (None: no limit). Returns whether that is so."""
    return _wait(sock, timeout, write=False)


def is_writable(sock: socket.socket, timeout: float | None) -> bool:
    """Waits until something can be sent, or the stream has ended, like is_readable()."""
    return _wait(sock, timeout, write=True)


if hasattr(select, "poll"):

    def _wait(sock: socket.socket, timeout: float | None, *, write: bool) -> bool:
        poll = select.poll()
        poll.register(sock, select.POLLOUT if write else select.POLLIN)
        return bool(poll.poll(None if timeout is None else min(timeout * 1000, _LONGEST)))

else:  # Windows, whose select() takes sockets of any number

    def _wait(sock: socket.socket, timeout: float | None, *, write: bool) -> bool:
        ours = [sock]
        return any(select.select([] if write else ours, ours if write else [], ours, timeout))


def receive_now(sock: socket.socket, size: int) -> bytes | None:
    """Receives at most `size` bytes from a socket that is likely readable; b"" at the end of
    the stream. None if there is nothing."""
    if not _DONTWAIT and not is_readable(sock, 0):
        return None
    try:
        return sock.recv(size, _DONTWAIT)
    except BlockingIOError:
        return None


def send_now(sock: socket.socket, data: bytes | memoryview) -> int:
    """Sends as much as is possible without waiting. Returns the number of bytes."""
    if not _DONTWAIT:
        if not is_writable(sock, 0):
            return 0
        data = memoryview(data)[:_PIECE]
    try:
        return sock.send(data, _DONTWAIT)
    except BlockingIOError:
        return 0


def shut_down(sock: socket.socket, how: int) -> None:
    """Ends one direction of the stream or both. This wakes threads that wait for it."""
    try:
        sock.shutdown(how)
    except OSError:  # it has ended already
        pass


def reset_on_close(sock: socket.socket) -> None:
    """Makes close() reset the connection, so that the peer does not wait for a socket that
    nobody reads any more."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    except OSError:  # it has been reset
        pass
