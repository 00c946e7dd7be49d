"""Ports for programs that must be told theirs."""

from __future__ import annotations

import random
import socket

LEAST, MOST = 10_000, 32_767
"""Below the ports from which Linux chooses for whoever asks for any."""


def free_port() -> int:
    """Nobody takes it before the program does, except by a rare chance."""
    while True:
        port = random.randint(LEAST, MOST)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
