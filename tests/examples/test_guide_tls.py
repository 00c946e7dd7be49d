"""The TLS snippet of docs/guide.md serves a client that uses Python's ssl module."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator

import guide
import pytest
from conversation import Certificate
from echo_checks import PATIENCE, PLAIN_ANSWER, PLAIN_REQUEST, Server
from shared_tls import for_threads
from websockets.sync.client import connect
from wire import FIN, TEXT, frame


@contextlib.contextmanager
def serving(compiler: str, certificate: Certificate) -> Iterator[tuple[Server, ssl.SSLContext]]:
    """Serves one client. The exit status is 0 if it and the server have closed."""
    program = guide.build("tls", compiler, "-lssl", "-lcrypto")
    server = Server((str(program), certificate.cert, certificate.key))
    try:
        yield server, for_threads(ssl.create_default_context(cafile=certificate.ca))
        assert server.process.wait(PATIENCE) == 0
    finally:
        server.process.kill()


@pytest.mark.parametrize("compiler", guide.COMPILERS)
def test_a_session(compiler: str, certificate: Certificate) -> None:
    with serving(compiler, certificate) as (server, context):
        url = f"wss://127.0.0.1:{server.port}/"
        with connect(url, ssl=context, proxy=None, compression=None, max_size=None) as client:
            for message in ("Hellö", b"", b"\0" * 20_000, "x" * 200_000):
                client.send(message)
                assert client.recv(PATIENCE) == message
            client.close(4000, "bye")
            assert client.close_code == 4000


def test_many_frames_in_a_record(certificate: Certificate) -> None:
    """The request and all messages arrive in few records, and each gets a reply."""
    with serving("cc", certificate) as (server, context):
        plain = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as peer:
            messages = [b"message %d" % i for i in range(1000)]
            frames = [frame(FIN | TEXT, message) for message in messages]
            peer.sendall(b"".join([PLAIN_REQUEST, *frames, frame(FIN | 8, b"\x03\xe8")]))
            replies = [frame(FIN | TEXT, message, None) for message in messages]
            expected = b"".join([PLAIN_ANSWER, *replies, frame(FIN | 8, b"\x03\xe8", None)])
            received = b"".join(iter(lambda: peer.recv(65536), b""))
            assert received == expected  # and a close_notify, else recv() would fail


def test_a_client_that_does_not_speak_tls(certificate: Certificate) -> None:
    program = guide.build("tls", "cc", "-lssl", "-lcrypto")
    server = Server((str(program), certificate.cert, certificate.key))
    with server.raw() as peer:
        peer.send(PLAIN_REQUEST)
        assert not peer.rest().startswith(b"HTTP")
    assert server.process.wait(PATIENCE) == 1
