"""What is due, and who writes it: the thread that adds to it, waiting or not; the thread that
is writing already; or the watcher, when the socket can take more."""

from __future__ import annotations

import socket
import time

from ._closing import Closing
from ._io import is_writable, send_now, shut_down

JOIN = 1 << 16
"""Bytes from which what is due is not joined any more before it is written."""


class Writer(Closing):
    """Adds to what is due, and writes it."""

    def _add(self, data: bytes) -> int:
        """Adds to what is due. Returns the number of bytes. Needs the lock."""
        if data:
            self._put(data if self._tls is None else self._tls.encrypt(data))
        return len(data)

    def _put(self, data: bytes) -> None:
        """Adds to what is due, without TLS. Needs the lock."""
        self._due.append(data)
        self._added += len(data)

    def _end_data(self) -> None:
        """Nothing is sent after what is due. Needs the lock."""
        if not self._wants_eof:
            self._wants_eof = True
            if self._tls is not None:
                self._put(self._tls.finish())

    def _write_all(self, deadline: float | None) -> bool:
        """Writes what is due, and waits while the peer does not read. Returns whether that was
        done before the deadline."""
        if deadline is None:
            self._writer.acquire()
        elif not self._writer.acquire(timeout=max(deadline - time.monotonic(), 0)):
            return False
        try:
            is_done = self._write_due()
            while not is_done:
                left = None if deadline is None else max(deadline - time.monotonic(), 0)
                if not is_writable(self.socket, left):
                    break
                is_done = self._write_due()
        except BaseException:  # of a signal handler: the watcher writes the rest
            self._watcher.attend(self)
            raise
        finally:
            self._writer.release()
        if self._due or self._wants_eof:
            self._flush()
        return is_done

    def _flush(self) -> None:
        """Writes what is due, without waiting: the watcher writes what is left."""
        if not self._try_to_flush():
            self._watcher.attend(self)

    def _try_to_flush(self) -> bool:
        """Writes what is due, without waiting. Returns whether nothing is left to do; if
        another thread writes, it does the rest."""
        while self._due or (self._wants_eof and not self._has_eof):
            if not self._writer.acquire(False):
                return True
            try:
                if not self._write_due():
                    return False
            finally:
                self._writer.release()
        return True

    def _write_due(self) -> bool:
        """Writes what is due as far as is possible without waiting. Returns whether nothing is
        left. Needs _writer, not the lock."""
        due = self._due
        try:
            while due:
                data = due.popleft()
                while due and len(data) < JOIN:
                    data = b"".join((data, due.popleft()))
                sent = send_now(self.socket, data)
                self._sent += sent
                if sent < len(data):
                    due.appendleft(memoryview(data)[sent:])
                    return False
        except OSError as error:
            self._lost(error)
        except BaseException as error:
            self._lost(error)
            raise
        self._owed = 0
        if self._wants_eof and not self._has_eof:
            self._has_eof = True
            shut_down(self.socket, socket.SHUT_WR)
        return True
