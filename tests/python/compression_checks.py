"""How an echo server behaves that compresses, whatever it is written in.

    class TestMine(CompressionChecks):
        command = ("./my-server",)

It must be one for EchoChecks, agree to what a client offers, and take --no-compression and
--compress-from BYTES (1024 if not given).
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator

import pytest
import wire
from deflated import Compressor, Decompressor, cut, frames, messages_in, prose
from echo_checks import (
    MAX_MESSAGE,
    PATIENCE,
    PLAIN_ANSWER,
    PLAIN_REQUEST,
    ErrorChecks,
    Peer,
    Server,
    echo,
    goodbye,
)
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect
from wire import BINARY, CLOSE, FIN, ROOT, TEXT

CHROMIUM = "permessage-deflate; client_max_window_bits"
FIREFOX = "permessage-deflate"


class Deflating(Peer):
    """A client that has offered compression; the server agrees to it."""

    def __init__(self, port: int, offer: str, answer: str) -> None:
        super().__init__(port)
        lines = "Sec-WebSocket-Extensions: {}\r\n\r\n"
        self.send(PLAIN_REQUEST[:-2] + lines.format(offer).encode())
        expected = PLAIN_ANSWER[:-2] + (lines.format(answer).encode() if answer else b"\r\n")
        assert self.read(len(expected)) == expected

    def __enter__(self) -> Deflating:
        return self

    def message(self) -> tuple[int, bool, bytes]:
        """Opcode, whether it is compressed, and payload of the next one, of one frame."""
        data = self.read(2)
        more = {126: 2, 127: 8}.get(data[1], 0)
        data += self.read(more)
        length = int.from_bytes(data[2:], "big") if more else data[1]
        data += self.read(length)
        (message,) = messages_in(data)
        return message


class CompressionChecks(ErrorChecks):
    """Derive from it, and name the command."""

    command: tuple[str, ...]
    exit_codes: tuple[int, ...] = (0,)

    @pytest.fixture
    def server(self, running: Server) -> Iterator[Server]:
        """One for all tests; it must survive each of them."""
        yield running
        assert running.process.poll() is None
        assert running.is_well()

    @pytest.mark.parametrize(
        ("offer", "bits", "no_context"),
        [
            (CHROMIUM, 15, False),
            (FIREFOX, 15, False),
            (FIREFOX + "; server_no_context_takeover", 15, True),
            (FIREFOX + "; server_max_window_bits=9", 9, False),
            (FIREFOX + "; server_no_context_takeover; server_max_window_bits=8", 8, True),
        ],
    )
    def test_compressed_echo(
        self, server: Server, offer: str, bits: int, no_context: bool
    ) -> None:
        dice = random.Random(bits)
        answer = offer if offer != CHROMIUM else FIREFOX
        them, zlib_s = Compressor(), Decompressor(bits, no_context)
        with Deflating(server.port, offer, answer) as peer:
            for size in (0, 1, 1023, 1024, 1500, 70_000, 1500):
                data = prose(dice, size)
                pieces = cut(dice, them.message(data), dice.choice((1, 3)))
                peer.send(frames(BINARY, pieces, wire.KEY))
                opcode, compressed, payload = peer.message()
                assert (opcode, compressed) == (BINARY, size >= 1024)
                assert (zlib_s.message(payload) if compressed else payload) == data
            peer.send(wire.frame(FIN | BINARY, bytes(2000)))  # not compressed, but the echo is
            assert zlib_s.message(peer.message()[2]) == bytes(2000)
            peer.send(wire.close(1000))
            assert peer.rest() == goodbye(1000)

    def test_offers_that_are_no_good(self, server: Server) -> None:
        for offer in (FIREFOX + "; x", FIREFOX + "; server_max_window_bits=7", "x"):
            with Deflating(server.port, offer, "") as peer:
                peer.send(wire.frame(FIN | TEXT, b"x" * 2000))
                assert peer.message() == (TEXT, False, b"x" * 2000)
                peer.send(wire.frame(FIN | 0x40 | TEXT, b"\x00"))
                assert self.rest(peer) == goodbye(1002)

    def test_damaged_and_too_big(self, server: Server) -> None:
        bomb = Compressor(level=9).message(bytes(MAX_MESSAGE + 1))
        for payload, code in ((b"\x06", 1007), (b"\xff", 1007), (bomb, 1009)):
            with Deflating(server.port, CHROMIUM, FIREFOX) as peer:
                peer.send(wire.frame(FIN | TEXT, b"hi"))
                peer.send(wire.frame(FIN | 0x40 | BINARY, payload))
                assert self.rest(peer) == echo(FIN | TEXT, b"hi") + goodbye(code)

    def test_a_client_that_compresses(self, server: Server) -> None:
        url = f"ws://127.0.0.1:{server.port}/"
        with connect(url, max_size=None, proxy=None) as client:
            assert len(client.protocol.extensions) == 1
            for message in ("Hellö", b"\0\xff", "", b"", "x" * 2**20, bytes(MAX_MESSAGE)):
                client.send(message)
                assert client.recv(PATIENCE) == message
            client.send(["Hel", "lo ", "Wörld" * 500])
            assert client.recv(PATIENCE) == "Hello " + "Wörld" * 500
        with connect(url, max_size=None, proxy=None) as client:
            with pytest.raises(ConnectionClosedError):
                client.send(bytes(MAX_MESSAGE + 1))
                client.recv(PATIENCE)
            assert client.close_code == 1009

    def test_without_compression(self) -> None:
        server = Server(self.command, "--no-compression")
        with Deflating(server.port, CHROMIUM, "") as peer:
            peer.send(wire.frame(FIN | TEXT, b"x" * 2000))
            assert peer.message() == (TEXT, False, b"x" * 2000)
        assert server.stop() == 0

    @pytest.mark.parametrize("length", [0, 1, 100])
    def test_the_length_to_compress_from(self, length: int) -> None:
        server = Server(self.command, "--compress-from", str(length))
        with Deflating(server.port, CHROMIUM, FIREFOX) as peer:
            for size in (0, 1, 99, 100, 5000):
                peer.send(wire.frame(FIN | BINARY, bytes(size)))
                assert peer.message()[:2] == (BINARY, size >= length)
            peer.send(wire.close(1000))
            assert peer.message()[:2] == (CLOSE, False)
        assert server.stop() == 0

    def test_the_options(self) -> None:
        command = [*self.command, "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        for words in ("--no-compression", "--compress-from BYTES", "1024"):
            assert words in done.stdout
        for wrong in ("-1", "x", "", str(2**64)):
            command = [*self.command, "--port", "0", "--compress-from", wrong]
            assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 2
