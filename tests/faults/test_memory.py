"""Allocations fail: of the program and of the library, at random or at a limit."""

from __future__ import annotations

import contextlib
import random
import resource
import zlib
from pathlib import Path

import pytest
from deflated import MARKER, RSV1
from echo_checks import MIB, PLAIN_REQUEST, Peer, Server, echo
from faulty import descriptors, faults, serving, settled
from pmd import deflate, read_frame
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, frame

PROGRAMS = {
    "echo": ("./examples-c/echo_server",),
    "echo with takeover": ("./examples-c/echo_server", "--context-takeover"),
    "broadcast": ("./examples-c/broadcast",),
}


def prose(size: int) -> bytes:
    return (b"the quick brown fox jumps over a lazy dog, " * (size // 40 + 1))[:size]


def opens(peer: Peer) -> bool:
    """Whether the opening handshake succeeds, with compression."""
    peer.send(PLAIN_REQUEST[:-2], b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if not (byte := peer.read(1)):
            return False
        head += byte
    return head.startswith(b"HTTP/1.1 101")


def converse(peer: Peer, dice: random.Random) -> bool:
    """A conversation with compression. Returns whether it reached its end; what is received up
    to there must be correct."""
    inflater = zlib.decompressobj(wbits=-15)
    if not opens(peer):
        return False
    for size in (1, 5000, 70_000):
        payload = prose(size)
        data = deflate(payload)
        half = dice.randrange(len(data))
        peer.send(frame(RSV1 | BINARY, data[:half]), frame(FIN | PING, b"p" * 100))
        peer.send(frame(FIN | CONTINUATION, data[half:]))
        for expected in ((PONG, b"p" * 100), (BINARY, payload)):
            first, got = read_frame(peer)
            if first == FIN | CLOSE:
                assert got == (1011).to_bytes(2, "big")
                return False
            if first & RSV1:
                got = inflater.decompress(got + MARKER)
            assert (first & 0x0F, got) == expected
    return True


def outcomes(server: Server, count: int) -> list[bool]:
    done = []
    for seed in range(count):
        with server.raw() as peer:
            try:
                done.append(converse(peer, random.Random(seed)))
            except (ConnectionError, ValueError):  # lost, perhaps within a frame
                done.append(False)
    return done


@pytest.mark.parametrize("name", PROGRAMS)
def test_failed_allocations_end_connections_and_never_the_server(name: str) -> None:
    with faults() as some, serving((*some.prefix, *PROGRAMS[name])) as server:
        assert all(outcomes(server, 3))
        before = descriptors(server.process.pid)
        some.set(malloc=10)
        done = outcomes(server, 60)
        assert 0 < sum(done) < 60, "each outcome is possible"
        some.set()
        assert all(outcomes(server, 3))
        assert settled(server, before)


def test_at_a_limit_of_memory_large_messages_fail_and_small_ones_do_not() -> None:
    """RLIMIT_AS. What fails is reported with 1011 or ends the connection."""
    with serving(("./examples-c/echo_server",)) as server:
        assert server.is_well()
        pid = server.process.pid
        limit = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
        limit = limit * resource.getpagesize() + 4 * MIB
        resource.prlimit(pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        for _ in range(5):
            with server.opened() as peer, contextlib.suppress(ConnectionError):
                peer.send(frame(FIN | BINARY, bytes(16 * MIB), bytes(4)))
                assert len(peer.rest()) <= 4
            assert server.is_well()
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(pid, resource.RLIMIT_AS, unlimited)
        with server.opened() as peer:
            peer.send(frame(FIN | BINARY, bytes(16 * MIB), bytes(4)))
            reply = echo(FIN | BINARY, bytes(16 * MIB))
            assert peer.read(len(reply)) == reply
