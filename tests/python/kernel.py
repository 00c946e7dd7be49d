"""What the kernel holds of a stream: how much depends on the machine, and grows."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

SMALL = 64 * 1024  # bytes of a buffer


def hold_little(sender: Any) -> None:
    """Fixes what the kernel holds for this socket before a peer that does not read."""
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)


def unread(client: socket.socket) -> int:
    """Bytes that a server on IPv4 gave to its kernel, and this client has not read."""
    ours, theirs = client.getsockname()[1], client.getpeername()[1]
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, queues, *_ = line.split()
        ports = (int(local.split(":")[1], 16), int(remote.split(":")[1], 16))
        sending, received = (int(size, 16) for size in queues.split(":"))
        if ports == (theirs, ours):
            total += sending
        elif ports == (ours, theirs):
            total += received
    return total
