"""How the echo servers in Python behave beside what echo_checks.py and compression_checks.py
demand of any: derive a class from each."""

from __future__ import annotations

import time

import wire
from compression_checks import FIREFOX, CompressionChecks, Deflating
from deflated import Compressor
from echo_checks import MAX_MESSAGE, MIB, PLAIN_REQUEST, EchoChecks, Server, echo, goodbye


class PythonChecks(EchoChecks):
    memory_limit = 96 * MIB  # a third of it for the interpreter

    def test_a_frame_that_is_too_big_fails_at_its_header(self, server: Server) -> None:
        with server.opened() as peer:
            peer.send(wire.header(wire.FIN | wire.BINARY, MAX_MESSAGE + 1))
            assert self.rest(peer) == goodbye(1009)

    def test_a_long_head_in_many_pieces_is_accepted(self, server: Server) -> None:
        """Up to WS_MAX_HEAD bytes, which proxies with long cookies need."""
        fields = b"".join(b"Cookie: " + b"x" * 300 + b"\r\n" for _ in range(200))
        head = PLAIN_REQUEST[:-2] + fields + b"\r\n"
        with server.raw() as peer:
            for at in range(0, len(head), 100):
                peer.send(head[at : at + 100])
            assert peer.read(12) == b"HTTP/1.1 101"


class PythonCompressionChecks(CompressionChecks):
    queue_limit = 40 * MIB
    """Bytes of messages and echoes of a peer that does not read."""

    def test_memory_stays_small_while_a_peer_does_not_read_large_echoes(self) -> None:
        never = str(2**64 - 1)
        server = Server(self.command, "--compress-from", never)
        try:
            size, count = 4 * MIB, 50
            message = wire.frame(
                0xC2, Compressor(level=9, no_context=True).message(bytes(size))
            )
            assert len(message) < 5000
            with Deflating(server.port, FIREFOX, FIREFOX) as peer:
                before = server.peak_memory()
                peer.send(message * count)
                time.sleep(1)
                assert server.is_well()
                expected = echo(0x82, bytes(size))
                for _ in range(count):
                    assert peer.read(len(expected)) == expected
                assert server.peak_memory() - before < self.queue_limit
                peer.send(wire.close(1000))
                assert peer.rest() == goodbye(1000)
        finally:
            assert server.stop() == 0
