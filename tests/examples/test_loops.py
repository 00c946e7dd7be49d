"""The examples in examples-c/loops."""

from __future__ import annotations

import ssl

import needs
import pytest
from echo_checks import HELLO, REFUSED, RFC_REQUEST, EchoChecks, Server, answer

FOLDER = "examples-c/loops"


def trusting() -> ssl.SSLContext:
    """For a self-signed certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@needs.program(f"{FOLDER}/uv_server")
class TestLibuv(EchoChecks):
    command = (*needs.UNDER, f"{FOLDER}/uv_server")
    options_status = 204


@needs.program(f"{FOLDER}/libevent_server")
class TestLibevent(EchoChecks):
    command = (*needs.UNDER, f"{FOLDER}/libevent_server")
    options_status = 204


EVHTTP_DECIDES = {
    "a bare line feed": (b"", 101),
    "257 fields": (b"", 101),
    "a body": (b"hello", 400),
    "long field": (b"", 400),
    "HTTP/2.0": (b"", 400),
}
"""What evhttp parses in its own way: what is sent after the request, and the status."""


@needs.program(f"{FOLDER}/evhttp_server")
class TestEvhttp(EchoChecks):
    command = (*needs.UNDER, f"{FOLDER}/evhttp_server")
    options_status = 204

    @pytest.mark.parametrize("name", sorted(set(REFUSED) - set(EVHTTP_DECIDES)))
    def test_refused_handshake(self, server: Server, name: str) -> None:
        super().test_refused_handshake(server, name)

    @pytest.mark.parametrize("name", EVHTTP_DECIDES)
    def test_handshake_of_which_evhttp_decides(self, server: Server, name: str) -> None:
        old, new, _ = REFUSED[name]
        rest, status = EVHTTP_DECIDES[name]
        with server.raw() as peer:
            peer.send(RFC_REQUEST.replace(old, new, 1), rest)
            assert peer.read(12) == b"HTTP/1.1 %d" % status

    def test_a_head_that_never_ends(self, server: Server) -> None:
        with server.raw() as peer:
            peer.send(b"GET / HTTP/1.1\r\nX: ", bytes(b"x" * 65536))
            status, fields, _ = answer(peer.rest())
        assert (status, fields["connection"]) == (400, "close")

    @pytest.mark.parametrize("version", [b"1.1"])
    def test_plain_http(self, server: Server, version: bytes) -> None:
        super().test_plain_http(server, version)

    def test_plain_http_1_0(self, server: Server) -> None:
        for method, body in ((b"GET", HELLO), (b"HEAD", b"")):
            with server.raw() as peer:
                peer.send(method + b" / HTTP/1.0\r\n\r\n")
                head, _, content = peer.rest().partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.0 200 OK\r\n") and content == body


@needs.program(f"{FOLDER}/uring_server")
class TestUring(EchoChecks):
    command = (*needs.UNDER, f"{FOLDER}/uring_server")
    options_status = 204


@needs.program(f"{FOLDER}/glib_server")
class TestGlib(EchoChecks):
    command = (*needs.UNDER, f"{FOLDER}/glib_server")
    options_status = 204


@needs.program(f"{FOLDER}/threads_server")
class TestThreads(EchoChecks):
    command = (*needs.UNDER, f"{FOLDER}/threads_server")
    options_status = 204


@needs.program(f"{FOLDER}/openssl_server")
class TestOpenSsl(EchoChecks):
    command = (*needs.UNDER, f"{FOLDER}/openssl_server")
    tls = trusting()
    options_status = 204


@needs.program(f"{FOLDER}/gnutls_server")
class TestGnuTls(EchoChecks):
    command = (*needs.UNDER, f"{FOLDER}/gnutls_server")
    tls = trusting()
    options_status = 204
