"""The asyncio example."""

from __future__ import annotations

import sys

import needs
import wire
from compression_checks import CompressionChecks
from echo_checks import MAX_MESSAGE, MIB, EchoChecks, Server, goodbye


class TestAsyncio(EchoChecks):
    command = (sys.executable, "python/examples/echo_server.py")
    memory_limit = 96 * MIB  # of which the interpreter takes a third

    def test_too_big_by_its_header_alone(self, server: Server) -> None:
        with server.opened() as peer:
            peer.send(wire.header(wire.FIN | wire.BINARY, MAX_MESSAGE + 1))
            assert peer.rest() == goodbye(1009)


@needs.compression
class TestAsyncioCompresses(CompressionChecks):
    command = (sys.executable, "python/examples/echo_server.py")
