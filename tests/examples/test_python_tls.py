"""The echo servers in Python under TLS."""

from __future__ import annotations

import ssl

import pytest
from conversation import Certificate
from echo_checks import (
    MIB,
    PATIENCE,
    RFC_REQUEST,
    Peer,
    ProtocolChecks,
    Server,
    echo,
    is_dropped,
)
from python_servers import SERVERS
from wire import FIN, TEXT, frame


class TlsChecks(ProtocolChecks):
    """What a peer notices. TlsSocket requires the close_notify."""

    name: str
    memory_limit = 128 * MIB

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def certified(cls, certificate: Certificate) -> None:
        cls.command = (*SERVERS[cls.name], "--cert", certificate.cert, "--key", certificate.key)
        cls.tls = ssl.create_default_context(cafile=certificate.ca)

    def test_a_peer_that_speaks_no_tls_gets_no_response(self, server: Server) -> None:
        with Peer(server.port) as peer:
            peer.send(RFC_REQUEST)
            assert b"HTTP" not in peer.read(8)


class TestAsyncio(TlsChecks):
    name = "asyncio"
    explains = True
    pongs_come_first = True

    def test_half_close(self, server: Server) -> None:
        """asyncio ends TLS in both directions at once: a reply can be lost."""
        with server.opened() as peer:
            peer.send(frame(FIN | TEXT, b"hi"), frame(TEXT, b"unfinished"))
            peer.half_close()
            assert peer.rest() in (b"", echo(FIN | TEXT, b"hi"))


class TestUvloop(TestAsyncio):
    name = "uvloop"


class TestThreads(TlsChecks):
    name = "threads"
    explains = True

    def test_half_close(self, server: Server) -> None:
        """Within a head, it is answered without a close_notify."""
        with server.opened() as peer:
            peer.send(frame(FIN | TEXT, b"hi"), frame(TEXT, b"unfinished"))
            peer.half_close()
            assert peer.rest() == echo(FIN | TEXT, b"hi")
        with server.raw() as peer:
            peer.send(RFC_REQUEST[:50])
            peer.half_close()
            assert is_dropped(peer, PATIENCE)


class TestTrio(TlsChecks):
    name = "trio"
