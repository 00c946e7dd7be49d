"""The asyncio example."""

from __future__ import annotations

import sys

from echo_checks import MIB, EchoChecks


class TestAsyncio(EchoChecks):
    command = (sys.executable, "python/examples/echo_server.py")
    memory_limit = 96 * MIB  # of which the interpreter takes a third
