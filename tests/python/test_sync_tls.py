"""wscodec.sync: TLS, where one thread reads while others write."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import wire
from certificates import context, trusting
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, echo, goodbye
from shared_tls import for_threads
from sync_peers import (  # noqa: F401
    PATIENCE,
    Records,
    nothing_is_left,
    port_of,
    serving,
    wait_until,
)
from sync_peers import echo as echo_handler
from tls_socket import TlsSocket
from websockets.sync.client import connect as connect_of_websockets
from wire import FIN, PING, PONG, TEXT, frame
from wscodec.sync import (
    ClientConnection,
    ConnectionClosedError,
    ServerConnection,
    State,
    connect,
)

pytestmark = pytest.mark.filterwarnings("error")

LARGE = bytes(range(256)) * 16384  # 4 MiB


@pytest.fixture
def client_context(certificates: Path) -> ssl.SSLContext:
    return trusting(certificates)


@pytest.fixture
def server_context(certificates: Path) -> ssl.SSLContext:
    return context(certificates)


def connected(port: int, tls: ssl.SSLContext, **options: Any) -> ClientConnection:
    uri = f"wss://localhost:{port}/"
    client: ClientConnection = connect(uri, ssl=tls, proxy=None, max_size=None, **options)
    return client


def opened(port: int, tls: ssl.SSLContext) -> TlsSocket:
    """A raw client after the opening handshake."""
    peer = TlsSocket(socket.create_connection(("127.0.0.1", port), PATIENCE), tls)
    peer.sendall(PLAIN_REQUEST)
    assert received(peer, len(PLAIN_ANSWER)) == PLAIN_ANSWER
    return peer


def received(peer: TlsSocket, size: int) -> bytes:
    data = b""
    while len(data) < size and (part := peer.recv(size - len(data))):
        data += part
    return data


@pytest.fixture
def local_name(client_context: ssl.SSLContext) -> ssl.SSLContext:
    """For TlsSocket, which does not name the server."""
    client_context.check_hostname = False
    return client_context


def test_messages_of_every_size_pass(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    with serving(ssl=server_context, max_size=None) as server:
        with connected(port_of(server), client_context) as client:
            for message in ("", "Hellö", b"x" * 16384, b"y" * 16385, LARGE):
                client.send(message)
                assert client.recv(PATIENCE) == message
            assert client.ping().wait(PATIENCE)
        assert client.close_code == 1000


def test_the_client_of_websockets_is_served(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    codes = []

    def handler(connection: ServerConnection) -> None:
        echo_handler(connection)
        codes.append(connection.close_code)

    with serving(handler, ssl=server_context, max_size=None) as server:
        uri = f"wss://localhost:{port_of(server)}/"
        with connect_of_websockets(
            uri, ssl=for_threads(client_context), proxy=None, max_size=None
        ) as client:
            for message in ("Hellö", LARGE):
                client.send(message)
                assert client.recv(PATIENCE) == message
        wait_until(lambda: codes)
    assert codes == [1000]


def test_both_directions_at_once_by_several_threads(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    count, payload = 40, bytes(200_000)
    with serving(ssl=server_context) as server, ThreadPoolExecutor() as threads:
        with connected(port_of(server), client_context, max_queue=2) as client:

            def send() -> None:
                for _ in range(count):
                    client.send(payload)

            sending = [threads.submit(send) for _ in range(3)]
            for _ in range(3 * count):
                assert client.recv(PATIENCE) == payload
            for each in sending:
                each.result(PATIENCE)


def test_a_ping_is_answered_while_a_thread_waits_to_receive_or_nobody_does(
    server_context: ssl.SSLContext, local_name: ssl.SSLContext
) -> None:
    is_answered = threading.Event()

    def handler(connection: Any) -> None:
        assert connection.recv() == "go"
        is_answered.wait(PATIENCE)

    with serving(handler, ssl=server_context, close_timeout=1) as server:
        peer = opened(port_of(server), local_name)
        for _ in range(3):
            peer.sendall(frame(FIN | PING, b"p"))
            assert received(peer, 3) == echo(FIN | PONG, b"p")
        peer.sendall(frame(FIN | TEXT, b"go"))
        peer.sendall(frame(FIN | PING, b"q"))
        assert received(peer, 3) == echo(FIN | PONG, b"q")
        is_answered.set()
        peer.close()


def test_the_server_ends_with_a_close_notify(
    server_context: ssl.SSLContext, local_name: ssl.SSLContext
) -> None:
    """TlsSocket takes any other end for a reset."""
    with serving(ssl=server_context) as server:
        peer = opened(port_of(server), local_name)
        peer.sendall(wire.close(1000))
        assert received(peer, 100) == goodbye(1000)
        peer.close()


def test_what_was_sent_before_a_close_notify_is_received_and_answered(
    server_context: ssl.SSLContext, local_name: ssl.SSLContext
) -> None:
    with serving(ssl=server_context) as server:
        peer = opened(port_of(server), local_name)
        peer.sendall(frame(FIN | TEXT, b"a") + frame(FIN | TEXT, b"b"))
        peer.shutdown(socket.SHUT_WR)
        assert received(peer, 100) == echo(FIN | TEXT, b"a") + echo(FIN | TEXT, b"b")
        peer.close()


def test_damaged_tls_is_the_cause(
    server_context: ssl.SSLContext, local_name: ssl.SSLContext
) -> None:
    errors = []

    def handler(connection: Any) -> None:
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv()
        errors.append(caught.value.__cause__)

    with serving(handler, ssl=server_context) as server:
        peer = opened(port_of(server), local_name)
        peer.tcp.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        wait_until(lambda: errors)
        assert isinstance(errors[0], ssl.SSLError)
        peer.close()


def test_a_peer_that_does_not_read_is_ended_by_close(
    server_context: ssl.SSLContext, local_name: ssl.SSLContext
) -> None:
    errors = []

    def handler(connection: Any) -> None:
        with ThreadPoolExecutor() as threads:
            sending = threads.submit(connection.send, bytes(32 << 20))
            time.sleep(0.2)
            connection.close()
            errors.append(sending.exception(PATIENCE))

    with serving(handler, ssl=server_context, close_timeout=0.3) as server:
        peer = opened(port_of(server), local_name)
        wait_until(lambda: errors)
        assert isinstance(errors[0], ConnectionClosedError)
        peer.close()


def test_the_keepalive_works_and_finds_a_silent_peer(
    server_context: ssl.SSLContext, local_name: ssl.SSLContext
) -> None:
    with serving(ssl=server_context, ping_interval=0.1, ping_timeout=1.5) as server:
        peer = opened(port_of(server), local_name)
        for _ in range(3):
            ping = received(peer, 6)
            assert ping[0] == FIN | PING
            peer.sendall(frame(FIN | PONG, ping[2:]))
        assert received(peer, 100)[6:] == wire.close(1011, b"keepalive ping timeout", None)
        peer.close()


def test_open_timeout_bounds_the_tls_handshake(server_context: ssl.SSLContext) -> None:
    with serving(ssl=server_context, open_timeout=0.3) as server:
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", port_of(server)), PATIENCE) as peer:
            assert peer.recv(100) == b""
            assert 0.25 < time.monotonic() - started < 3


def test_a_client_without_tls_is_refused_and_the_server_goes_on(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    records = Records()
    with serving(ssl=server_context, logger=records.logger) as server:
        with socket.create_connection(("127.0.0.1", port_of(server)), PATIENCE) as peer:
            peer.sendall(PLAIN_REQUEST)
            while peer.recv(1000):
                pass
        assert any("opening handshake failed" in message for message in records.messages())
        with connected(port_of(server), client_context) as client:
            client.send("hi")
            assert client.recv(PATIENCE) == "hi"


def test_the_certificate_must_be_that_of_the_host(
    certificates: Path, client_context: ssl.SSLContext
) -> None:
    with serving(ssl=context(certificates, "other")) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            connected(port_of(server), client_context)
        with connected(
            port_of(server), client_context, server_hostname="other.example"
        ) as client:
            client.send("hi")
            assert client.recv(PATIENCE) == "hi"
        with pytest.raises(ssl.SSLCertVerificationError):
            connect(f"wss://127.0.0.1:{port_of(server)}/", proxy=None)  # an unknown CA


def test_a_client_can_have_a_certificate(
    certificates: Path, client_context: ssl.SSLContext
) -> None:
    server_side = context(certificates)
    server_side.verify_mode = ssl.CERT_REQUIRED
    server_side.load_verify_locations(certificates / "ca.pem")

    def handler(connection: Any) -> None:
        subject = connection.tls.getpeercert()["subject"]
        connection.send(subject[0][0][1])

    client_context.load_cert_chain(certificates / "client.pem", certificates / "client.key")
    with serving(handler, ssl=server_side) as server:
        with connected(port_of(server), client_context) as client:
            assert client.recv(PATIENCE) == "client"


def test_shutdown_of_a_server_with_tls_closes_with_1001(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    with serving(ssl=server_context) as server:
        with connected(port_of(server), client_context) as client:
            server.shutdown()
            assert client.wait_closed(PATIENCE)
            assert (client.close_code, client.state) == (1001, State.CLOSED)


def test_tls_1_2_works_too(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    with serving(ssl=server_context, max_size=None) as server:
        with connected(port_of(server), client_context) as client:
            client.send(LARGE)
            assert client.recv(PATIENCE) == LARGE
