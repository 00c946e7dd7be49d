"""A socket during the opening handshake: one thread, which waits until a deadline."""

from __future__ import annotations

import socket
import ssl

from ._io import Deadline, is_readable, is_writable, send_now, shut_down
from ._tls import Tls

_PIECE = 16384


class Channel:
    """A connected socket, with TLS if start_tls() was called. Every method may raise OSError,
    and TimeoutError after the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        sock.setblocking(True)
        if sock.family in (socket.AF_INET, getattr(socket, "AF_INET6", None)):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.socket = sock
        self.tls: Tls | None = None
        self._deadline = deadline

    def start_tls(
        self,
        context: ssl.SSLContext,
        *,
        server_hostname: str | None = None,
        is_server: bool = False,
    ) -> None:
        """Starts TLS, inside of the one that there is. Raises ssl.SSLError, an OSError; and
        EOFError if the peer closes the connection."""
        tls = Tls(context, server_hostname=server_hostname, is_server=is_server, outer=self.tls)
        received = b""
        while True:
            try:
                is_done = tls.shake_hands(received)
            finally:
                self._send_raw(tls.take_output())
            if is_done:
                break
            received = self._receive_raw()
            if not received:
                raise EOFError("the connection was closed during the TLS handshake")
        self.tls = tls

    def send(self, data: bytes) -> None:
        """Sends all of it."""
        self._send_raw(data if self.tls is None else self.tls.encrypt(data))

    def receive(self) -> bytes:
        """What has arrived, at least one byte; b"" at the end of the stream."""
        if self.tls is None:
            return self._receive_raw()
        data, has_ended = self.tls.decrypt(b"")  # may have come with the handshake
        while not data and not has_ended:
            received = self._receive_raw()
            if not received:
                break
            data, has_ended = self.tls.decrypt(received)
            self._send_raw(self.tls.take_output())
        return data

    def finish(self, deadline: Deadline) -> None:
        """Ends our data, then reads and discards until the peer ends its own: to close the
        socket at once can destroy data in transit."""
        self._deadline = deadline
        if self.tls is not None:
            self._send_raw(self.tls.finish())
        shut_down(self.socket, socket.SHUT_WR)
        while self._receive_raw():
            pass

    def _send_raw(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            sent = send_now(self.socket, view)
            view = view[sent:]
            if not sent and not is_writable(self.socket, self._deadline.must_be_ahead()):
                raise TimeoutError("timed out while sending")

    def _receive_raw(self) -> bytes:
        if not is_readable(self.socket, self._deadline.must_be_ahead()):
            raise TimeoutError("timed out while waiting for the peer")
        return self.socket.recv(_PIECE)
