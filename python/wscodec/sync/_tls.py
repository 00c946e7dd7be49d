"""TLS between a socket's bytes and a connection's, without I/O.

An ssl.SSLSocket is not for two threads at a time, of which one waits for input. Here no method
waits, so that a lock can protect them all.
"""

from __future__ import annotations

import contextlib
import ssl

_PIECE = 65536


class Tls:
    """One side of TLS. Its methods are for one thread at a time."""

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        server_hostname: str | None = None,
        is_server: bool = False,
        outer: Tls | None = None,
    ) -> None:
        """
        server_hostname  Client: the name that the server's certificate must have.
        outer            The TLS that this one is inside of: that of an https proxy.
        """
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._outer = outer
        self.object = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=is_server,
            server_hostname=server_hostname,
        )
        """What tells about certificates and ciphers."""

    def shake_hands(self, data: bytes) -> bool:
        """Takes what has arrived, b"" at first. Returns whether the handshake is complete. In
        either case, and after an error too, take_output() has bytes to send.

        Raises ssl.SSLError.
        """
        self._feed(data)
        try:
            self.object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def take_output(self) -> bytes:
        """The bytes to send; b"" if there are none."""
        data = self._outgoing.read()
        return data if self._outer is None else self._outer.encrypt(data)

    def encrypt(self, data: bytes) -> bytes:
        """The bytes to send for these, after those that are due already."""
        if data:
            self.object.write(data)
        return self.take_output()

    def decrypt(self, data: bytes) -> tuple[bytes, bool]:
        """Takes what has arrived. Returns what it means, and whether the peer's data ends
        there. Then take_output() may have bytes to send.

        Raises ssl.SSLError.
        """
        has_ended = self._feed(data)
        parts = []
        try:
            while part := self.object.read(_PIECE):
                parts.append(part)
            has_ended = True
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            has_ended = True
        return b"".join(parts), has_ended

    def finish(self) -> bytes:
        """The bytes to send that end this side's data."""
        with contextlib.suppress(ssl.SSLError, ValueError):
            self.object.unwrap()  # sends a close_notify, then wants the peer's
        return self.take_output()

    def _feed(self, data: bytes) -> bool:
        """Returns whether the stream that carries the TLS has ended."""
        has_ended = False
        if self._outer is not None and data:
            data, has_ended = self._outer.decrypt(data)
        self._incoming.write(data)
        return has_ended
