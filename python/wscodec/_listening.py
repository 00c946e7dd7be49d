"""Sockets on which servers listen."""

from __future__ import annotations

import socket

__all__ = ["address_of"]


def address_of(listening: socket.socket) -> str:
    """The address of a listening socket, for the log."""
    name = listening.getsockname()
    if listening.family == socket.AF_INET:
        return f"{name[0]}:{name[1]}"
    if listening.family == getattr(socket, "AF_INET6", None):
        return f"[{name[0]}]:{name[1]}"
    return str(name)
