"""The echo servers in Python with peers that do not read, or do not answer pings."""

from __future__ import annotations

import contextlib
import time

import pytest
from conversation import Certificate
from echo_checks import MIB, PATIENCE, echo, is_dropped
from python_servers import SERVERS, start
from wire import BINARY, FIN, PING, PONG, TEXT, frame

# With pings after half a second of silence. To drop a peer can take a closing handshake.

PINGS = ("--ping-interval", "0.5", "--handshake-timeout", "1")
RARE_PINGS = ("--ping-interval", "1.5", "--handshake-timeout", "1")
"""For peers that must not be dropped, even if the machine is busy."""
either_transport = pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "TLS"])
each_server = pytest.mark.parametrize("name", SERVERS)


@either_transport
@each_server
def test_a_peer_that_never_reads_is_dropped(
    name: str, is_tls: bool, certificate: Certificate
) -> None:
    server = start(name, certificate if is_tls else None, *PINGS)
    message = frame(FIN | BINARY, bytes(65536))
    with server.opened() as peer:
        peer.socket.settimeout(0.1)
        end = time.monotonic() + PATIENCE
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while time.monotonic() < end:
                with contextlib.suppress(TimeoutError):
                    peer.send(message)
    assert server.is_well()
    assert server.stop() == 0


@either_transport
@each_server
def test_a_peer_that_reads_slowly_is_served(
    name: str, is_tls: bool, certificate: Certificate
) -> None:
    server = start(name, certificate if is_tls else None, *RARE_PINGS)
    payload = bytes(range(256)) * (16 * MIB // 256)
    with server.opened() as peer:
        peer.send(frame(FIN | BINARY, payload))
        got = bytearray()
        for _ in range(15):  # the kernel lets the server write again after a MiB or two
            time.sleep(0.25)
            got += peer.read(MIB)
            while got[0] == FIN | PING:  # of a server that was slow to reply
                del got[: 2 + got[1]]
        expected = echo(FIN | BINARY, payload)
        got += peer.read(len(expected) - len(got))
        assert got == expected
    assert server.stop() == 0


@each_server
def test_a_silent_peer_gets_a_ping_and_is_dropped(name: str) -> None:
    server = start(name, None, *PINGS)
    with server.opened() as peer:
        assert peer.read(1) == bytes([FIN | PING])
        assert is_dropped(peer, 3)
    assert server.stop() == 0


@each_server
def test_a_peer_that_answers_pings_stays(name: str) -> None:
    server = start(name, None, *RARE_PINGS)
    with server.opened() as peer:
        for _ in range(3):
            first, length = peer.read(2)
            assert first == FIN | PING
            peer.send(frame(FIN | PONG, peer.read(length)))
        peer.send(frame(FIN | TEXT, b"still here"))
        assert peer.read(12) == echo(FIN | TEXT, b"still here")
    assert server.stop() == 0
