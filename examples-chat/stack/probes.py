"""The questions that tell whether a process is ready."""

from __future__ import annotations

import contextlib
import socket
import ssl
from pathlib import Path

from .hosts import Place

SECONDS = 2


def redis_answers(place: Place) -> bool:
    """False while Redis still reads its files."""
    return _ask(place, b"PING\r\n").startswith(b"+PONG")


def server_is_healthy(place: Place, *, proxied: bool) -> bool:
    """Whether a server of the chat answers, and is connected to Redis."""
    header = b"PROXY UNKNOWN\r\n" if proxied else b""
    return b"\nchat_redis_up 1\n" in _ask(place, header + _get("/metrics"))


def proxy_has_servers(place: Place, certificate: Path) -> bool:
    context = ssl.create_default_context(cafile=str(certificate))
    with contextlib.suppress(ssl.SSLError, FileNotFoundError):
        return b" 200 " in _ask(place, _get("/health"), context).partition(b"\r\n")[0]
    return False


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


def _ask(place: Place, request: bytes, context: ssl.SSLContext | None = None) -> bytes:
    """What comes back until the end, or until nothing more comes."""
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_connection(place.address, SECONDS))
        if context is not None:
            tcp = stack.enter_context(
                context.wrap_socket(tcp, server_hostname=place.host.address)
            )
        tcp.sendall(request)
        answer = b""
        while not answer.startswith((b"+", b"-")) and (more := tcp.recv(65536)):
            answer += more
        return answer
