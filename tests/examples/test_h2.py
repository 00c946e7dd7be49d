"""The HTTP/2 server in C: over HTTP/2 with the library h2, over HTTP/1.1, and with curl.

tests/node/tests/h2.test.js has the clients that open WebSockets over HTTP/2 themselves.
"""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3_future
import wire
from echo_checks import GOOD_TEXT, EchoChecks, ProtocolChecks, echo, goodbye
from h2.errors import ErrorCodes
from h2_client import MIB, PATIENCE, UPGRADE, Client, Stream, trusting
from urllib3_future.contrib.webextensions import WebSocketExtensionFromMultiplexedHTTP
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, ROOT, TEXT, frame

SERVER = "examples-c/h2_server"
RSV1 = 0x40
MAX_STREAMS = 100


class Server:
    """A server process, whose log is read from `log`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.log_file = folder / "log"
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                [ROOT / SERVER, "--port", "0", "--verbose", *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        match = re.fullmatch(r"listening on (https?)://127\.0\.0\.1:(\d+)\n", line)
        assert match, line
        self.url = line.split()[-1]
        self.tls, self.port = match[1] == "https", int(match[2])

    def client(self, **options: Any) -> Client:
        return Client(self.port, tls=self.tls, **options)

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def peak_memory(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        match = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert match
        return int(match[1]) * 1024

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            assert self.process.stdout
            self.process.stdout.close()


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[Server]:
    server = Server(folder, *options)
    try:
        yield server
    except BaseException:
        server.process.kill()
        raise
    assert server.stop() == 0


@pytest.fixture(scope="module", params=[(), ("--no-tls",)], ids=["TLS", "prior knowledge"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One for many tests; it must survive each of them."""
    with running(tmp_path_factory.mktemp("h2"), *request.param) as server:
        yield server


def is_well(client: Client) -> bool:
    """Whether the connection still serves a WebSocket."""
    number = client.open()
    client.send(number, frame(FIN | TEXT, b"well?"), wire.close(1000), end=True)
    return client.rest(number) == echo(FIN | TEXT, b"well?") + goodbye(1000)


def deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def inflate(data: bytes) -> bytes:
    return zlib.decompressobj(wbits=-15).decompress(data + b"\0\0\xff\xff")


# The opening handshake


def test_example_of_the_rfc(server: Server) -> None:
    """RFC 8441, 5.1."""
    with server.client() as client:
        assert client.h2.remote_settings.enable_connect_protocol == 1
        assert client.h2.remote_settings.max_concurrent_streams == MAX_STREAMS
        number = client.open(
            sec_websocket_protocol="chat, superchat",
            sec_websocket_extensions="permessage-deflate",
        )
        stream = client.streams[number]
        assert stream.fields == {
            ":status": "200",
            "sec-websocket-protocol": "chat",
            "sec-websocket-extensions": "permessage-deflate",
        }
        client.send(number, frame(FIN | TEXT, b"Hello"))
        assert client.read(number, 7) == echo(FIN | TEXT, b"Hello")
        client.send(number, wire.close(1000), end=True)
        assert client.rest(number) == goodbye(1000)
        assert stream.ended
        assert stream.error is None
        assert client.is_silent()


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
        (
            "permessage-deflate; server_max_window_bits=9; client_no_context_takeover",
            "permessage-deflate; client_no_context_takeover; server_max_window_bits=9",
        ),
        ("x-other, permessage-deflate; unknown, permessage-deflate", "permessage-deflate"),
        ("x-other", None),
    ],
)
def test_compression(server: Server, offered: str, agreed: str | None) -> None:
    text = b"compressible " * 100
    with server.client() as client:
        number = client.open(sec_websocket_extensions=offered)
        fields = client.streams[number].fields
        assert fields
        got = fields.get("sec-websocket-extensions")
        if agreed is None:
            assert got is None
            return
        assert got
        assert set(got.split("; ")) == set(agreed.split("; "))
        for _ in range(2):
            client.send(number, frame(FIN | RSV1 | TEXT, deflate(text)))
            first, length = client.read(number, 2)
            assert first == FIN | RSV1 | TEXT
            assert 0 < length < 126
            assert inflate(client.read(number, length)) == text


def test_repeated_fields_are_joined(server: Server) -> None:
    fields = [*UPGRADE.items(), ("sec-websocket-protocol", "other")]
    with server.client() as client:
        number = client.request([*fields, ("sec-websocket-protocol", "superchat")])
        client.wait(lambda: client.streams[number].fields is not None)
        assert client.streams[number].fields == {
            ":status": "200",
            "sec-websocket-protocol": "superchat",
        }
        number = client.request([*fields, ("sec-websocket-version", "13")])
        assert client.response(number).status == 400
        number = client.request([*fields, ("origin", "https://b.example")])
        assert client.response(number).status == 400


def test_unknown_subprotocol(server: Server) -> None:
    with server.client() as client:
        number = client.open(sec_websocket_protocol="other")
        assert client.streams[number].fields == {":status": "200"}


def test_key_gets_its_accept(server: Server) -> None:
    with server.client() as client:
        number = client.open(sec_websocket_key="dGhlIHNhbXBsZSBub25jZQ==")
        fields = client.streams[number].fields
        assert fields
        assert fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"sec-websocket-version": "8"}, 400, "is not 13"),
        ({"sec-websocket-version": None}, 400, "is not 13"),
        ({":protocol": "connect-udp"}, 501, "not a WebSocket"),
        ({":authority": "a b"}, None, ""),
        ({"sec-websocket-extensions": "a b"}, 400, "extension"),
        ({"x-long": "x" * 16384}, 431, "too large"),
    ],
    ids=["version 8", "no version", "protocol", "authority", "extensions", "long field"],
)
def test_refused(
    server: Server, change: dict[str, str | None], status: int | None, reason: str
) -> None:
    fields = {**UPGRADE, **change}
    with server.client() as client:
        number = client.request({name: value for name, value in fields.items() if value})
        stream = client.response(number)
        if status is None:
            assert stream.error == ErrorCodes.PROTOCOL_ERROR
        else:
            assert stream.fields
            assert stream.status == status
            assert reason in stream.data.decode()
            assert stream.fields["content-length"] == str(len(stream.data))
            version = stream.fields.get("sec-websocket-version")
            assert version == ("13" if reason == "is not 13" else None)
        assert is_well(client)


@pytest.mark.parametrize(
    "fields",
    [
        {**UPGRADE, "connection": "Upgrade"},
        {**UPGRADE, "upgrade": "websocket"},
        {**UPGRADE, "transfer-encoding": "chunked"},
        {**UPGRADE, "Origin": "http://example.com"},
        {**UPGRADE, ":method": "GET"},
        {name: value for name, value in UPGRADE.items() if name != ":path"},
        {name: value for name, value in UPGRADE.items() if name != ":scheme"},
        {name: value for name, value in UPGRADE.items() if name != ":authority"},
    ],
    ids=["connection", "upgrade", "transfer-encoding", "upper case", "GET with :protocol",
         "no path", "no scheme", "no authority"],
)  # fmt: skip
def test_malformed_request(server: Server, fields: dict[str, str]) -> None:
    """Malformed for HTTP/2 (RFC 9113, 8.1.1; RFC 8441, 4)."""
    with server.client(checks=False) as client:
        stream = client.response(client.request(fields))
        assert stream.error == ErrorCodes.PROTOCOL_ERROR
        assert stream.fields is None
        assert is_well(client)


def test_request_that_ends_its_stream(server: Server) -> None:
    with server.client() as client:
        assert client.response(client.request(UPGRADE, end=True)).status == 400
        assert is_well(client)


def test_origin_and_number_of_connections(tmp_path: Path) -> None:
    origins = "https://a.example https://b.example:8443"
    with (
        running(tmp_path, "--origin", origins, "--max-connections", "1") as server,
        server.client() as client,
    ):
        refused = client.response(client.request(UPGRADE))
        assert refused.status == 403
        number = client.open(origin="https://b.example:8443")
        second = client.response(client.request({**UPGRADE, "origin": "https://a.example"}))
        assert second.status == 503
        client.send(number, wire.close(1000), end=True)
        client.rest(number)
        client.open(origin="https://a.example")
        assert ": CONNECT /chat, origin http://www.example.com: " in server.log


# Ordinary requests


def test_plain_requests(server: Server) -> None:
    with server.client() as client:
        page, head = client.get(), client.get(method="HEAD")
        assert page.fields
        assert page.status == 200
        assert page.fields["content-type"].startswith("text/html")
        assert b"new WebSocket" in page.data
        assert head.fields == page.fields
        assert not head.data
        assert client.get("/other").status == 404
        options = client.get(method="OPTIONS")
        assert options.fields == {":status": "204", "allow": "GET, HEAD, OPTIONS"}
        post = client.get(method="POST")
        assert post.fields
        assert (post.status, post.fields["allow"]) == (405, "GET, HEAD, OPTIONS")
        connect = client.response(client.request({":method": "CONNECT", ":authority": "a:1"}))
        assert connect.status == 405


def test_body_of_a_plain_request_is_discarded(server: Server) -> None:
    fields = {":method": "POST", ":scheme": "https", ":path": "/", ":authority": "a"}
    with server.client() as client:
        number = client.request(fields)
        client.send(number, bytes(MIB), end=True)
        assert client.response(number).status == 405
        assert is_well(client)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_and_nghttp(server: Server) -> None:
    h2 = "--http2" if server.tls else "--http2-prior-knowledge"
    written = run("curl", "-sk", h2, "-w", "%{http_version} %{http_code}", server.url + "/")
    assert "new WebSocket" in written
    assert written.endswith("2 200")
    plain = run("curl", "-sk", "--http1.1", "-w", "%{http_version}", server.url + "/")
    assert plain == "Hello, World!\n1.1"
    written = run("nghttp", "-v", "--no-verify-peer", server.url + "/")
    assert "[SETTINGS_ENABLE_CONNECT_PROTOCOL(0x08):1]" in written
    assert "new WebSocket" in written


def test_urllib3_future(tmp_path: Path) -> None:
    """A client that opens WebSockets over HTTP/2, which it has from jh2."""
    with running(tmp_path) as server:
        with urllib3_future.PoolManager(cert_reqs="CERT_NONE", assert_hostname=False) as pool:
            with pytest.warns(urllib3_future.exceptions.InsecureRequestWarning):
                response = pool.urlopen(
                    "GET", server.url.replace("https", "wss+rfc8441") + "/chat", retries=False
                )
            assert (response.status, response.version) == (200, 20)
            socket_ = response.extension
            assert isinstance(socket_, WebSocketExtensionFromMultiplexedHTTP)
            assert "permessage-deflate" in response.headers["sec-websocket-extensions"]
            for message in (
                "Grüße, 世界 🎉",
                b"\0\xff",
                "x" * 300000,
                bytes(range(256)) * 4096,
            ):
                socket_.send_payload(message)
                assert socket_.next_payload() == message
            socket_.close()


# Messages


def test_messages_and_fragments(server: Server) -> None:
    with server.client() as client:
        number = client.open()
        client.send(number, frame(TEXT, GOOD_TEXT[:5]), frame(FIN | PING, b"between"))
        assert client.read(number, 9) == echo(FIN | PONG, b"between")
        client.send(number, frame(FIN | CONTINUATION, GOOD_TEXT[5:]))
        assert client.read(number, 2 + len(GOOD_TEXT)) == echo(FIN | TEXT, GOOD_TEXT)
        for byte in frame(FIN | BINARY, b"\xff\0"):
            client.send(number, bytes([byte]))
        assert client.read(number, 4) == echo(FIN | BINARY, b"\xff\0")


def test_largest_message_beside_other_streams(server: Server) -> None:
    payload = bytes(range(256)) * 4096 * 16
    message, reply = frame(FIN | BINARY, payload), echo(FIN | BINARY, payload)
    with server.client() as client:
        large, small = client.open(), client.open()
        client.send(large, message[:-1])
        client.send(small, frame(FIN | TEXT, b"meanwhile"))
        assert client.read(small, 11) == echo(FIN | TEXT, b"meanwhile")
        client.send(large, message[-1:])
        assert client.read(large, len(reply)) == reply
        client.send(large, wire.header(FIN | BINARY, len(payload) + 1), b"x")
        assert client.rest(large) == goodbye(1009)
        assert is_well(client)


def test_streams_at_once(server: Server) -> None:
    with server.client() as client:
        numbers = [client.open() for _ in range(MAX_STREAMS)]
        for round_ in range(3):
            for number in numbers:
                client.send(number, frame(FIN | TEXT, b"%03d of %d" % (number, round_)))
            for number in numbers:
                expected = echo(FIN | TEXT, b"%03d of %d" % (number, round_))
                assert client.read(number, len(expected)) == expected
        for number in numbers:
            client.send(number, wire.close(1000), end=True)
        for number in numbers:
            assert client.rest(number) == goodbye(1000)
        assert is_well(client)


def test_too_many_streams(server: Server) -> None:
    with server.client() as client:
        for _ in range(MAX_STREAMS):
            client.open()
        client.h2.remote_settings.update({3: 2 * MAX_STREAMS})  # else h2 refuses to send
        client.h2.remote_settings.acknowledge()
        client.request(UPGRADE)
        wait_for_end(client)
        assert client.goaway == ErrorCodes.PROTOCOL_ERROR


# The end of a stream


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
def test_close(server: Server, code: int) -> None:
    with server.client() as client:
        number = client.open()
        client.send(number, wire.close(code, b"bye"))
        assert client.rest(number) == goodbye(code)
        stream = client.streams[number]
        assert stream.ended
        assert stream.error is None
        assert is_well(client)


def test_client_that_does_not_end_the_stream(server: Server) -> None:
    """After the closing handshake, the server ends both directions, though not at once."""
    with server.client() as client:
        number = client.open()
        client.send(number, wire.close(1000))
        assert client.rest(number) == goodbye(1000)
        stream = client.streams[number]
        assert client.is_silent()
        client.wait(lambda: stream.error is not None)
        assert stream.error == ErrorCodes.NO_ERROR
        assert is_well(client)


def test_protocol_error_ends_only_its_stream(server: Server) -> None:
    with server.client() as client:
        other, number = client.open(), client.open()
        client.send(number, frame(FIN | TEXT, b"unmasked", None))
        assert client.rest(number) == goodbye(1002)
        assert client.streams[number].ended
        client.send(other, frame(FIN | TEXT, b"fine"))
        assert client.read(other, 6) == echo(FIN | TEXT, b"fine")


def test_end_without_close(server: Server) -> None:
    with server.client() as client:
        number = client.open()
        client.send(number, frame(FIN | TEXT, b"hi"), frame(TEXT, b"unfinished"), end=True)
        assert client.rest(number) == echo(FIN | TEXT, b"hi")
        assert client.streams[number].error is None
        assert is_well(client)
        assert "the stream ended unexpectedly" in server.log


def test_end_after_close_is_clean(server: Server) -> None:
    with server.client() as client:
        number = client.open()
        client.send(number, frame(FIN | CLOSE), end=True)
        assert client.rest(number) == echo(FIN | CLOSE)
        assert client.is_silent(1.5)


def test_reset(server: Server) -> None:
    with server.client() as client:
        other = client.open()
        for error in (ErrorCodes.CANCEL, ErrorCodes.INTERNAL_ERROR):
            number = client.open()
            client.send(number, frame(TEXT, b"Hel"))
            client.h2.reset_stream(number, error)
            client.flush()
        client.send(other, frame(FIN | TEXT, b"fine"))
        assert client.read(other, 6) == echo(FIN | TEXT, b"fine")
        assert "the stream was reset: CANCEL" in server.log
        assert "the stream was reset: INTERNAL_ERROR" in server.log


def test_end_of_the_connection(server: Server) -> None:
    """With streams in every state."""
    client = server.client()
    client.open()
    client.send(client.open(), frame(TEXT, b"Hel"))
    client.send(client.open(), wire.close(1000))
    client.request({**UPGRADE, "sec-websocket-version": "8"})
    client.socket.close()
    with server.client() as other:
        assert is_well(other)


# Slow readers


def give_window(client: Client) -> None:
    """For the connection, but not for its streams."""
    client.h2.increment_flow_control_window(2**30)
    client.flush()


def fill(client: Client, number: int, message: bytes) -> int:
    """Sends messages until the server has returned no window for a second, or has reset the
    stream. Returns how many were sent completely."""
    for sent in range(1024):
        left = message
        while left:
            size = min(client.h2.local_flow_control_window(number), 16384, len(left))
            if size <= 0 and not client.receive(1):
                return sent
            if client.streams[number].error is not None:
                return sent
            client.h2.send_data(number, left[: max(size, 0)])
            left = left[max(size, 0) :]
            client.flush()
    raise AssertionError("the server reads on and on")


def test_slow_reader_delays_nobody(tmp_path: Path) -> None:
    payload = bytes(range(256)) * 256
    message, reply = frame(FIN | BINARY, payload), echo(FIN | BINARY, payload)
    with running(tmp_path) as server, server.client(reads=False) as client:
        give_window(client)
        slow = client.open()
        sent = fill(client, slow, message)
        assert 0 < sent < 20
        for _ in range(20):
            quick = client.open()
            client.send(quick, frame(FIN | TEXT, b"quick"), wire.close(1000), end=True)
            assert client.rest(quick) == echo(FIN | TEXT, b"quick") + goodbye(1000)
        assert server.peak_memory() < 16 * MIB
        assert "does not read: " in server.log
        assert len(client.streams[slow].data) < sent * len(reply)
        client.h2.increment_flow_control_window(2**24, slow)  # it reads again
        client.flush()
        for _ in range(sent):
            assert client.read(slow, len(reply)) == reply


def test_send_timeout(tmp_path: Path) -> None:
    """A stream that is not read is reset; its bytes from the client do not keep it."""
    message = frame(FIN | BINARY, bytes(65536))
    with running(tmp_path, "--send-timeout", "1") as server:
        with server.client(reads=False) as client:
            give_window(client)
            slow, other = client.open(), client.open()
            fill(client, slow, message)
            stream = client.streams[slow]
            client.wait(lambda: stream.error is not None)
            assert stream.error == ErrorCodes.CANCEL
            client.send(other, frame(FIN | TEXT, b"fine"))
            assert client.read(other, 6) == echo(FIN | TEXT, b"fine")
        assert "dropped: does not read (--send-timeout)" in server.log


def test_send_timeout_of_a_connection(tmp_path: Path) -> None:
    """The windows are large, but the client does not read, so that the socket fills."""
    message = frame(FIN | RSV1 | BINARY, deflate(bytes(MIB)))
    options = ("--send-timeout", "1", "--compress-from", str(2 * MIB))
    with running(tmp_path, *options) as server, server.client() as client:
        give_window(client)
        offer = "permessage-deflate"
        for number in [client.open(sec_websocket_extensions=offer) for _ in range(16)]:
            client.h2.increment_flow_control_window(2**24, number)
            client.send(number, message)
        until = time.monotonic() + PATIENCE
        while "closed by a time limit" not in server.log:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert server.peak_memory() < 64 * MIB
    assert server.log.count(" disconnected\n") == 16


def test_limit_of_all_output(tmp_path: Path) -> None:
    """64 KiB wait for each of 40 streams, which is more than 1 MiB."""
    with (
        running(tmp_path, "--max-output", "1") as server,
        server.client(reads=False) as client,
    ):
        give_window(client)
        numbers = [client.open() for _ in range(40)]
        for number in numbers:
            client.send(number, frame(FIN | BINARY, bytes(65536 + 65536)))
        client.wait(lambda: any(client.streams[n].error is not None for n in numbers))
        errors = [client.streams[n].error for n in numbers]
        assert ErrorCodes.CANCEL in errors
        assert None in errors
        assert "(--max-output)" in server.log


# Time limits


def test_handshake_timeout(tmp_path: Path) -> None:
    with running(tmp_path, "--handshake-timeout", "1") as server:
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as silent:
            assert silent.recv(1) == b""
        with server.client() as client:
            number = client.open()
            client.send(number, frame(FIN | TEXT, b"unmasked", None))
            stream = client.streams[number]
            client.wait(lambda: stream.error is not None)
            assert stream.error == ErrorCodes.CANCEL
            assert bytes(stream.data) == goodbye(1002)
            assert is_well(client)
        assert "does not close the connection (--handshake-timeout)" in server.log


def test_pings(tmp_path: Path) -> None:
    with running(tmp_path, "--ping-interval", "1") as server, server.client() as client:
        silent, other = client.open(), client.open()
        for _ in range(2):
            assert client.read(other, 2) == echo(FIN | PING)
            client.send(other, frame(FIN | PONG))
        assert client.read(silent, 2) == echo(FIN | PING)
        client.wait(lambda: client.streams[silent].error is not None)
        assert client.streams[silent].error == ErrorCodes.CANCEL
        assert client.streams[other].error is None


def test_idle_connection(tmp_path: Path) -> None:
    with running(tmp_path, "--idle-timeout", "1") as server:
        with server.client() as client:
            number = client.open()
            assert client.is_silent(2.5)
            client.send(number, wire.close(1000), end=True)
            assert client.rest(number) == goodbye(1000)
            wait_for_end(client)
            assert client.goaway == ErrorCodes.NO_ERROR
        assert "(--idle-timeout)" in server.log


# Abuse


def wait_for_end(client: Client, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not client.closed:
        assert time.monotonic() < deadline, "the connection is still open"
        client.receive(0.5)


def test_rapid_reset(server: Server) -> None:
    with server.client() as client:
        with contextlib.suppress(ConnectionError):
            for _ in range(1500):
                number = client.request(UPGRADE)
                client.h2.reset_stream(number)
            client.flush()
        with contextlib.suppress(ConnectionError):
            wait_for_end(client)
        assert client.closed or client.goaway is not None
    with server.client() as client:
        assert is_well(client)


def raw_frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return (
        struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload
    )


@pytest.mark.parametrize(
    "flood",
    [
        raw_frame(6, 0, 0, bytes(8)) * 100000,
        raw_frame(4, 0, 0) * 100000,
        raw_frame(1, 0, 1, b"\x82") + raw_frame(9, 0, 1) * 1000,
        raw_frame(0, 0, 1),
        raw_frame(1, 4, 1, b"\xff\xff\xff\xff\xff\xff"),
        b"\0" * 1000,
    ],
    ids=["PING", "SETTINGS", "CONTINUATION", "DATA without a stream", "HPACK", "zeros"],
)
def test_flood(tmp_path: Path, flood: bytes) -> None:
    """The connection is closed, or is not read any further while its client does not read."""
    with running(tmp_path, "--no-tls", "--send-timeout", "1") as server:
        with server.client() as client, contextlib.suppress(ConnectionError):
            client.socket.settimeout(1)
            with contextlib.suppress(TimeoutError):
                client.socket.sendall(flood)
            client.socket.settimeout(5)
            while client.socket.recv(65536):
                pass
        assert server.peak_memory() < 16 * MIB
        with server.client() as client:
            assert is_well(client)


def test_large_field_list_is_not_kept(server: Server) -> None:
    """One byte may stand for a long field: 16 MiB of fields in less than 64 KiB."""
    indexed = b"\x40\x01x" + b"\x7f\xa1\x1e" + b"y" * 4000 + b"\xbe" * 4000
    start = b"\x82\x87\x84\x41\x01a"  # GET, https, /, :authority
    with server.client() as client:
        number = client.h2.get_next_available_stream_id()
        client.h2.send_headers(number, UPGRADE.items())  # so that h2 knows the stream
        client.h2.data_to_send()
        block = start + indexed
        client.socket.sendall(raw_frame(1, 5, number, block))
        client.streams[number] = Stream()
        assert client.response(number).status == 431


# TLS


def tls_client(port: int, protocols: list[str]) -> ssl.SSLSocket:
    context = trusting()
    if protocols:
        context.set_alpn_protocols(protocols)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), PATIENCE))


def test_alpn(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        for offered, chosen in (
            (["http/1.1", "h2"], "h2"),
            (["h2"], "h2"),
            (["spdy/3", "http/1.1"], "http/1.1"),
            ([], None),
        ):
            with tls_client(server.port, offered) as client:
                assert client.selected_alpn_protocol() == chosen
                if chosen != "h2":
                    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    assert client.recv(15) == b"HTTP/1.1 200 OK"
        with pytest.raises(ssl.SSLError):
            tls_client(server.port, ["h3"])
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 10)
            with contextlib.suppress(ConnectionResetError):
                assert not plain.recv(100).startswith(b"HTTP")


def test_certificate(tmp_path: Path) -> None:
    certificate, key = str(tmp_path / "certificate"), str(tmp_path / "key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    with running(tmp_path, "--cert", certificate, "--key", key) as server:
        context = ssl.create_default_context(cafile=certificate)
        sock = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
        with context.wrap_socket(sock, server_hostname="localhost") as client:
            assert client.version() == "TLSv1.3"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--key", "x"], "--key: needs --cert"),
        (["--cert", "x"], "--cert: needs --key"),
        (["--no-tls", "--cert", "x", "--key", "x"], "not possible with --cert"),
        (["--cert", "/none", "--key", "/none"], "/none: No such file or directory"),
        (["--cert", "README.md", "--key", "README.md"], "no start line"),
    ],
)
def test_wrong_options(options: list[str], why: str) -> None:
    done = subprocess.run(
        [SERVER, "--port", "0", *options], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode > 0
    assert why in done.stderr


# The process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal(tmp_path: Path, number: int) -> None:
    server = Server(tmp_path)
    with server.client() as client, server.client() as idle, server.client() as silent:
        first, second = client.open(), client.open()
        client.send(second, frame(TEXT, b"unfinished"))
        silent.open()
        server.process.send_signal(number)
        for stream in (first, second):
            assert client.read(stream, len(goodbye(1001))) == goodbye(1001)
            client.send(stream, wire.close(1001), end=True)
            assert client.rest(stream) == b""
        for peer in (client, idle):
            wait_for_end(peer)
            assert peer.goaway == ErrorCodes.NO_ERROR
        assert server.process.wait(PATIENCE) == 0
    server.stop()


# The same checks as of the other servers


class TestHttp1(EchoChecks):
    command = (SERVER, "--no-tls")
    options_status = 204


class TestHttp1WithTls(EchoChecks):
    command = (SERVER,)
    tls = trusting()
    options_status = 204


class TestOverHttp2(ProtocolChecks):
    """Through a bridge, which makes extended CONNECTs of upgrades."""

    command = (sys.executable, "tests/examples/h2_bridge.py", SERVER)
    memory_limit = 256 * MIB
    """Of the bridge. For that of the server see above."""
    version_status = 400

    # The bridge would answer: see test_refused().
    test_refused_handshake = None  # type: ignore[assignment]
    test_a_head_that_never_ends = None  # type: ignore[assignment]
