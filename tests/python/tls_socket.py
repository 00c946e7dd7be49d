"""A client's socket with TLS that can end its own side and still read, which ssl.SSLSocket
cannot."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading


class TlsSocket:
    """Has what Peer uses of a socket. One thread may send while another receives."""

    def __init__(self, tcp: socket.socket, context: ssl.SSLContext) -> None:
        self.tcp = tcp
        self.lock = threading.Lock()
        self.peeked = b""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush()
                self.fill()
        self.flush()

    def flush(self) -> None:
        self.tcp.sendall(self.outgoing.read())

    def fill(self) -> bool:
        """Whether anything came before the end."""
        data = self.tcp.recv(1 << 18)
        self.incoming.write(data)
        return bool(data)

    def sendall(self, data: bytes) -> None:
        with self.lock:
            self.tls.write(data)
        self.flush()

    def recv(self, size: int, flags: int = 0) -> bytes:
        data = self.peeked[:size] or self.read(size)
        self.peeked = data if flags & socket.MSG_PEEK else self.peeked[size:]
        return data

    def read(self, size: int) -> bytes:
        """Without a close_notify at the end, the connection counts as reset."""
        while True:
            try:
                with self.lock:
                    return self.tls.read(size)
            except ssl.SSLWantReadError:
                if not self.fill():
                    raise ConnectionResetError("TCP ended before TLS") from None
            except ssl.SSLZeroReturnError:
                return b""

    def shutdown(self, how: int) -> None:
        """Sends a close_notify."""
        assert how == socket.SHUT_WR
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.flush()

    def settimeout(self, seconds: float) -> None:
        self.tcp.settimeout(seconds)

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        self.tcp.setsockopt(level, option, value)

    def close(self) -> None:
        self.tcp.close()
