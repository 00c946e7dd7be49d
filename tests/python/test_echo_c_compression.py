"""The C echo server and permessage-deflate (RFC 7692)."""

from __future__ import annotations

import contextlib
import random
import subprocess
import zlib
from collections.abc import Iterator

import needs
import pytest
from compression_checks import CompressionChecks
from deflated import MARKER, RSV1, Compressor
from echo_checks import MAX_MESSAGE, MIB, Peer, Server, echo, goodbye
from needs import UNDER
from pmd import OFFER, close_code, deflate, inflate, opened, read_frame
from test_echo_c import BINARY as PROGRAM
from test_echo_c_load import memory
from wire import BINARY, CONTINUATION, FIN, PING, PONG, ROOT, TEXT, close, frame

COMMAND = (*UNDER, f"./{PROGRAM}")

pytestmark = [needs.program(PROGRAM), needs.compression]

CLIENT_FORGETS = "; client_no_context_takeover"
HELLO = bytes.fromhex("f248cdc9c907 00")
"""Hello, as in RFC 7692, 7.2.3.1."""


@contextlib.contextmanager
def serving(*options: str) -> Iterator[Server]:
    server = Server(COMMAND, *options)
    try:
        yield server
        assert server.is_well()
    finally:
        code = server.stop()
    assert code == 0


@pytest.fixture(scope="module")
def default() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def eager() -> Iterator[Server]:
    """Compresses everything, and remembers it."""
    with serving("--compress-from", "0", "--context-takeover") as server:
        yield server


class TestForgets(CompressionChecks):
    """Our messages refer to no other, and nobody need know."""

    command = COMMAND


class TestRemembers(CompressionChecks):
    command = (*COMMAND, "--context-takeover")

    def test_without_compression(self) -> None:
        """The two options contradict each other."""
        done = subprocess.run(
            [*self.command, "--no-compression"], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 2
        assert "--context-takeover: not possible with --no-compression" in done.stderr


# What is agreed on

BITS = "server_max_window_bits"
ANSWERS = {
    OFFER: OFFER,
    f"{OFFER}; client_max_window_bits": OFFER,
    OFFER + CLIENT_FORGETS: OFFER + CLIENT_FORGETS,
    f"{OFFER}; server_no_context_takeover": f"{OFFER}; server_no_context_takeover",
    f"{OFFER}; client_max_window_bits=10": f"{OFFER}; client_max_window_bits=10",
    f"{OFFER}; {BITS}=9": f"{OFFER}; {BITS}=9",
    f'{OFFER}; {BITS}="15"': f"{OFFER}; {BITS}=15",
    f"{OFFER}; {BITS}=7, {OFFER}; {BITS}=8": f"{OFFER}; {BITS}=8",
    f"{OFFER}; unknown, {OFFER}": OFFER,
    f"other; x=1, {OFFER}": OFFER,
    "": "",
    "other": "",
    f"{OFFER}; {BITS}": "",
    f"{OFFER}; {BITS}=016": "",
    f"{OFFER}; {BITS}=9; {BITS}=9": "",
    f"{OFFER}; server_no_context_takeover=1": "",
}


@pytest.mark.parametrize("offer", ANSWERS)
def test_an_offer_is_answered(default: Server, eager: Server, offer: str) -> None:
    """Nothing is asked of a client that it did not offer."""
    for server in (default, eager):
        peer, agreed = opened(server, offer)
        peer.socket.close()
        assert agreed == ANSWERS[offer]


def test_clients_can_be_told_to_forget() -> None:
    with serving("--no-client-context") as server:
        for offer in (OFFER, OFFER + CLIENT_FORGETS):
            peer, agreed = opened(server, offer)
            peer.socket.close()
            assert agreed == OFFER + CLIENT_FORGETS


def test_no_compression_declines() -> None:
    with serving("--no-compression") as server:
        peer, agreed = opened(server)
        assert agreed == ""
        peer.send(frame(FIN | TEXT, bytes(2000)), frame(FIN | RSV1 | TEXT, HELLO))
        assert peer.rest() == echo(FIN | TEXT, bytes(2000)) + goodbye(1002)
        peer.socket.close()


@pytest.mark.parametrize("threshold", [None, 0, 1, 70_000])
def test_the_threshold(threshold: int | None) -> None:
    options = () if threshold is None else ("--compress-from", str(threshold))
    from_ = 1024 if threshold is None else threshold
    with serving(*options) as server, opened(server)[0] as peer:
        for size in {0, 1, 2, 1023, 1024, 69_999, 70_000, from_}:
            payload = b"a" * size
            peer.send(frame(FIN | RSV1 | TEXT, deflate(payload)))
            first, data = read_frame(peer)
            assert bool(first & RSV1) == (size >= from_)
            assert first & ~RSV1 == FIN | TEXT
            assert (inflate(data) if first & RSV1 else data) == payload


@pytest.mark.parametrize("value", ["", "-1", "x", "1k", "1 ", str(2**64)])
def test_a_threshold_that_is_none(value: str) -> None:
    with pytest.raises(AssertionError):
        Server(COMMAND, "--compress-from", value)


# Messages


def test_messages_of_all_kinds(eager: Server) -> None:
    """In fragments, byte by byte, with a ping between, compressed or not."""
    with opened(eager)[0] as peer:
        peer.send(frame(FIN | RSV1 | TEXT, HELLO))
        first, data = read_frame(peer)
        decompressor = zlib.decompressobj(wbits=-15)
        assert (first, decompressor.decompress(data + MARKER)) == (FIN | RSV1 | TEXT, b"Hello")
        peer.send_each_byte(
            frame(RSV1 | TEXT, HELLO[:3])
            + frame(CONTINUATION)
            + frame(FIN | PING, b"ping")
            + frame(FIN | CONTINUATION, HELLO[3:])
        )
        assert read_frame(peer) == (FIN | PONG, b"ping")
        first, data = read_frame(peer)
        assert (first, decompressor.decompress(data + MARKER)) == (FIN | RSV1 | TEXT, b"Hello")
        peer.send(frame(FIN | RSV1 | TEXT, bytes.fromhex("f200110000")))  # as the one before
        first, data = read_frame(peer)
        assert decompressor.decompress(data + MARKER) == b"Hello"
        assert len(data) < len(HELLO)  # ours refers to the one before, too
        peer.send(frame(FIN | BINARY, b"\xff"), close(1000))
        first, data = read_frame(peer)
        assert (first, decompressor.decompress(data + MARKER)) == (FIN | RSV1 | BINARY, b"\xff")
        assert close_code(peer) == 1000


@pytest.mark.parametrize("bits", range(8, 16))
def test_the_window_is_what_was_agreed(default: Server, eager: Server, bits: int) -> None:
    block = random.Random(bits).randbytes(1 << bits)
    for server in (default, eager):
        with opened(server, f"{OFFER}; server_max_window_bits={bits}")[0] as peer:
            # zlib has no windows of 8 bits, and reads such streams with one of 9.
            decompressor = zlib.decompressobj(wbits=-max(bits, 9))
            for size in (1 << bits, 70_000, 500_000):
                payload = (block[:-300] * (size // len(block[:-300] or block) + 1))[:size]
                payload = payload or b"a" * size
                peer.send(frame(FIN | RSV1 | BINARY, deflate(payload)))
                first, data = read_frame(peer)
                assert first | RSV1 == FIN | RSV1 | BINARY
                if not first & RSV1:
                    assert data == payload and size < 1024
                    continue
                if server is default:
                    decompressor = zlib.decompressobj(wbits=-max(bits, 9))
                assert decompressor.decompress(data + MARKER) == payload


# What is wrong

DAMAGED = {
    "not deflate": (frame(FIN | RSV1 | BINARY, b"\xff\xff"), 1007),
    "cut off": (frame(FIN | RSV1 | BINARY, HELLO[:-2]), 1007),
    "with its marker": (frame(FIN | RSV1 | BINARY, HELLO + MARKER + b"\xff"), 1007),
    "too far back": (frame(FIN | RSV1 | BINARY, bytes.fromhex("4b841100")), 1007),
    "not UTF-8": (frame(FIN | RSV1 | TEXT, deflate(b"ok \xff")), 1007),
    "incomplete UTF-8": (frame(FIN | RSV1 | TEXT, deflate(b"ok \xe2\x82")), 1007),
    "RSV1 in a continuation": (frame(RSV1 | TEXT, HELLO) + frame(FIN | RSV1), 1002),
    "RSV1 in a ping": (frame(FIN | RSV1 | PING), 1002),
    "RSV2": (frame(FIN | RSV1 | 0x20 | TEXT, HELLO), 1002),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_data(default: Server, eager: Server, name: str) -> None:
    data, code = DAMAGED[name]
    for server in (default, eager):
        with opened(server)[0] as peer:
            peer.send(data)
            assert close_code(peer) == code
    assert default.is_well() and eager.is_well()


def test_a_bomb_is_answered_and_costs_no_more_than_the_limit() -> None:
    bomb = Compressor(level=9).message(bytes(64 * MIB))
    assert len(bomb) < 70_000
    with serving() as server:
        assert server.is_well()
        before = server.peak_memory()
        for _ in range(3):
            with opened(server)[0] as peer:
                peer.send(frame(FIN | RSV1 | BINARY, bomb))
                assert close_code(peer) == 1009
        with opened(server)[0] as peer:
            peer.send(frame(RSV1 | BINARY, bomb[:30_000]), frame(FIN | 0, bomb[30_000:]))
            assert close_code(peer) == 1009
        if not UNDER:
            assert server.peak_memory() - before < MAX_MESSAGE + MIB


def test_the_longest_message(default: Server) -> None:
    with opened(default)[0] as peer:
        peer.send(frame(FIN | RSV1 | BINARY, deflate(bytes(MAX_MESSAGE))))
        first, data = read_frame(peer)
        assert first == FIN | RSV1 | BINARY and len(data) < MIB // 32
        assert inflate(data) == bytes(MAX_MESSAGE)


# Memory


@needs.not_under
def test_a_read_that_becomes_much_waits_its_turn() -> None:
    """60 KB that become 11 MiB, again and again, to clients that do not read."""
    block = random.Random(1).randbytes(4096)
    payload = block * (MIB // 4096)
    message = frame(FIN | RSV1 | BINARY, deflate(payload))
    with serving() as server, contextlib.ExitStack() as stack:
        peers = [opened(server, f"{OFFER}; server_max_window_bits=9")[0] for _ in range(10)]
        for peer in peers:
            stack.enter_context(peer)
            peer.socket.sendall(message * 12)
        assert server.is_well()
        # For each waits a message or so, not all that it caused.
        assert server.peak_memory() < 4 * len(peers) * MIB
        for peer in peers:
            for _ in range(12):
                first, data = read_frame(peer)
                assert first == FIN | RSV1 | BINARY
                assert inflate(data) == payload
        for peer in peers:
            peer.send(frame(FIN | TEXT, b"hi"), close(1000))
            assert peer.rest() == echo(FIN | TEXT, b"hi") + goodbye(1000)


def talked(server: Server, count: int, offer: str) -> list[Peer]:
    """Clients that are idle, after compressed messages both ways."""
    payload = random.Random(1).randbytes(1000).hex().encode()
    data = deflate(payload)
    peers = []
    for _ in range(count):
        peer, _ = opened(server, offer)
        peers.append(peer)
        for _ in range(3):
            peer.send(frame(FIN | RSV1 | TEXT, data))
            assert read_frame(peer)[0] == FIN | RSV1 | TEXT
    return peers


@needs.not_under
@pytest.mark.parametrize(
    ("option", "offer", "least", "most"),
    [
        ((), OFFER + CLIENT_FORGETS, 0, 512),
        (("--no-client-context",), OFFER, 0, 512),
        ((), OFFER, 40_000, 60_000),
        (("--context-takeover",), OFFER, 100_000, 450_000),
    ],
)
def test_memory_of_an_idle_connection(
    option: tuple[str, ...], offer: str, least: int, most: int
) -> None:
    with needs.descriptors(1200), serving(*option) as server, contextlib.ExitStack() as stack:
        for peer in talked(server, 100, offer):
            stack.enter_context(peer)
        before = memory(server)
        for peer in talked(server, 900, offer):
            stack.enter_context(peer)
        each = (memory(server) - before) / 900
        print(f"{each:.0f} bytes of the server's memory per idle connection {option} {offer}")
        assert least <= each < most
