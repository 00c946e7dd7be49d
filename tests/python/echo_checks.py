"""How an echo server behaves, whatever it is written in.

    class TestMine(EchoChecks):
        command = ("./my-server",)

It must take --host, --port (0 for a free one), --handshake-timeout and --help, print
"listening on http://HOST:PORT" once it is ready, speak the subprotocols chat and superchat,
echo messages of up to 16 MiB, and say hello to a plain GET. For a simpler server, which takes
--port alone, there are ProtocolChecks.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import pytest
import wire
from shared_tls import for_threads
from tls_socket import TlsSocket
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, ROOT, TEXT, frame

PATIENCE = 10
MIB = 1024 * 1024
MAX_MESSAGE = 16 * MIB
HELLO = b"Hello, World!\n"

RFC_REQUEST = (
    b"GET /chat HTTP/1.1\r\n"
    b"Host: server.example.com\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Origin: http://example.com\r\n"
    b"Sec-WebSocket-Protocol: chat, superchat\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
    b"\r\n"
)
RFC_ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    b"Sec-WebSocket-Protocol: chat\r\n"
    b"\r\n"
)
OTHER_REQUEST = (
    b"GET /chat HTTP/1.1\r\n"
    b"Host: server.example.com\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n"
    b"Sec-WebSocket-Protocol: chat, superchat\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
    b"Origin: http://example.com\r\n"
    b"\r\n"
)
OTHER_ANSWER = RFC_ANSWER.replace(
    b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", b"HSmrc0sMlYUkAGmm5OPpG2HaGWk="
)
PLAIN_REQUEST = RFC_REQUEST.replace(b"Sec-WebSocket-Protocol: chat, superchat\r\n", b"")
PLAIN_ANSWER = RFC_ANSWER.replace(b"Sec-WebSocket-Protocol: chat\r\n", b"")


class Server:
    """A server process."""

    def __init__(
        self,
        command: tuple[str, ...],
        *options: str,
        log: IO[str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`log` gets its stderr. Clients use `tls` if the server does."""
        self.tls = tls
        library = Path(os.environ["WSCODEC_LIBRARY"]).resolve().parent
        path = f"{library}:{os.environ.get('LD_LIBRARY_PATH', '')}"
        self.process = subprocess.Popen(
            [*command, "--port", "0", *options],
            cwd=ROOT,
            env={**os.environ, "LD_LIBRARY_PATH": path},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline().strip()
        scheme = "https" if tls else "http"
        assert line.startswith(f"listening on {scheme}://127.0.0.1:"), line
        self.port = int(line.rsplit(":", 1)[1])

    def peak_memory(self) -> int:
        """The most bytes that it had resident so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024

    def raw(self, receive_buffer: int | None = None) -> Peer:
        return Peer(self.port, self.tls, receive_buffer)

    def opened(self, receive_buffer: int | None = None) -> Peer:
        """After the opening handshake."""
        peer = self.raw(receive_buffer)
        peer.send(PLAIN_REQUEST)
        assert peer.read(len(PLAIN_ANSWER)) == PLAIN_ANSWER
        return peer

    def client(self, **options: Any) -> ClientConnection:
        """The client of websockets."""
        client = connect(
            f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}/",
            ssl=for_threads(self.tls),
            compression=None,
            max_size=None,
            proxy=None,
            **options,
        )
        return cast(ClientConnection, client)

    def is_well(self) -> bool:
        """Whether it still echoes."""
        with self.opened() as peer:
            peer.send(frame(FIN | TEXT, b"well?"))
            return peer.read(7) == frame(FIN | TEXT, b"well?", None)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Its exit code."""
        self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            if self.process.stdout:
                self.process.stdout.close()


class Peer:
    """A client that sends exactly what it is told to."""

    def __init__(
        self, port: int, tls: ssl.SSLContext | None = None, receive_buffer: int | None = None
    ) -> None:
        """The kernel holds about as much as the `receive_buffer`, else what it likes."""
        tcp = socket.socket()
        tcp.settimeout(PATIENCE)
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer is not None:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        tcp.connect(("127.0.0.1", port))
        self.socket = cast(socket.socket, TlsSocket(tcp, tls)) if tls else tcp

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *pieces: bytes) -> None:
        self.socket.sendall(b"".join(pieces))

    def send_each_byte(self, data: bytes) -> None:
        for i in range(len(data)):
            self.send(data[i : i + 1])

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def read(self, size: int) -> bytes:
        """Exactly so many bytes, or what there is before the end."""
        parts = []
        while size > 0 and (part := self.socket.recv(min(size, MIB))):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def rest(self) -> bytes:
        """All there is until the server closes."""
        return self.read(2**40)

    def is_silent(self, seconds: float = 0.2) -> bool:
        """Whether nothing comes."""
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except socket.timeout:  # a TimeoutError only since Python 3.10
            return True
        finally:
            self.socket.settimeout(PATIENCE)
        return False


def is_dropped(peer: Peer, within: float) -> bool:
    """Whether the server ends the connection; what it sent before is read and lost."""
    peer.socket.settimeout(within)
    try:
        peer.rest()
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def echo(first: int, payload: bytes = b"") -> bytes:
    return frame(first, payload, None)


def goodbye(code: int) -> bytes:
    return wire.close(code, key=None)


def answer(data: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, fields with their names in lower case, and body of an HTTP answer."""
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    assert status.startswith("HTTP/1.1 ")
    fields = [line.split(": ", 1) for line in lines]
    assert len({name.lower() for name, _ in fields}) == len(fields), lines
    return (
        int(status.split(" ")[1]),
        {name.lower(): value for name, value in fields},
        body,
    )


REFUSED = {
    "no key": (b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b"", 400),
    "short key": (b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZQ==", 400),
    "key of 15 bytes": (b"ub25jZQ==", b"ub25jZ===", 400),
    "no host": (b"Host: server.example.com\r\n", b"", 400),
    "two hosts": (b"Upgrade: web", b"Host: other\r\nUpgrade: web", 400),
    "two origins": (b"Upgrade: web", b"Origin: http://b.example\r\nUpgrade: web", 400),
    "a body": (b"Upgrade: web", b"Content-Length: 5\r\nUpgrade: web", 400),
    "a line without colon": (b"Upgrade: web", b"nonsense\r\nUpgrade: web", 400),
    "a folded line": (b"Upgrade: web", b" folded\r\nUpgrade: web", 400),
    "a bare line feed": (b"/chat HTTP/1.1\r\n", b"/chat HTTP/1.1\n", 400),
    "no HTTP": (b"GET /chat HTTP/1.1", b"\x16\x03\x01\x00\xc8 hello", 400),
    "by POST": (b"GET", b"POST", 405),
    "no version": (b"Sec-WebSocket-Version: 13\r\n", b"", 426),
    "version 8": (b"Version: 13", b"Version: 8", 426),
    "long field": (
        b"Upgrade: web",
        b"X: " + bytes(b"x" * 65536) + b"\r\nUpgrade: web",
        431,
    ),
    "257 fields": (b"Upgrade: web", b"X: x\r\n" * 257 + b"Upgrade: web", 431),
    "extensions that are malformed": (
        b"Upgrade: web",
        b"Sec-WebSocket-Extensions: a b\r\nUpgrade: web",
        400,
    ),
    "HTTP/1.0": (b"HTTP/1.1", b"HTTP/1.0", 505),
    "HTTP/2.0": (b"HTTP/1.1", b"HTTP/2.0", 505),
}

GOOD_TEXT = "Hellö, Wörld 🎉".encode()
PROTOCOL_ERRORS = {
    "unmasked": frame(FIN | TEXT, b"Hello", None),
    "RSV1": frame(FIN | 0x40 | TEXT, b"Hello"),
    "RSV2": frame(FIN | 0x20 | TEXT, b"Hello"),
    "RSV3": frame(FIN | 0x10 | TEXT, b"Hello"),
    "reserved data opcode": frame(FIN | 3),
    "reserved control opcode": frame(FIN | 11),
    "long ping": frame(FIN | PING, bytes(126)),
    "fragmented ping": frame(PING, b"Hello"),
    "continuation of nothing": frame(FIN | CONTINUATION, b"Hello"),
    "text inside a message": frame(TEXT, b"Hel") + frame(FIN | TEXT, b"lo"),
    "length that is not minimal": bytes([FIN | TEXT, 0xFE, 0, 5]) + wire.KEY + bytes(5),
    "length with its top bit set": bytes([FIN | BINARY, 0xFF, 0x80]) + bytes(11),
    "close payload of 1 byte": frame(FIN | CLOSE, b"\x03"),
    "close code 0": wire.close(0),
    "close code 999": wire.close(999),
    "close code 1004": wire.close(1004),
    "close code 1005": wire.close(1005),
    "close code 1006": wire.close(1006),
    "close code 1015": wire.close(1015),
    "close code 2999": wire.close(2999),
    "close code 5000": wire.close(5000),
}
INVALID_TEXTS = {
    "stray continuation": frame(FIN | TEXT, b"a\x80"),
    "overlong": frame(FIN | TEXT, b"a\xc0\xaf"),
    "surrogate": frame(FIN | TEXT, b"a\xed\xa0\x80"),
    "above U+10FFFF": frame(FIN | TEXT, b"a\xf4\x90\x80\x80"),
    "incomplete at the end": frame(FIN | TEXT, b"a\xe2\x82"),
    "in the second fragment": frame(TEXT, b"a\xe2") + frame(FIN | CONTINUATION, b"\x28\xa1"),
    "incomplete at the end of a message": frame(TEXT, b"a\xe2") + frame(FIN | CONTINUATION),
    "in a close's reason": wire.close(1000, b"\xff"),
    # Each of these is not all that was announced, and hopeless already.
    "fails fast": wire.header(FIN | TEXT, 1000) + wire.xor(b"ok\xf5", wire.KEY),
    "fails fast in a fragment": frame(TEXT, b"\xf0\x9f")
    + wire.header(FIN | CONTINUATION, 70000)
    + wire.xor(b"\xc0", wire.KEY),
}
GOOD_CLOSES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
               3000, 3999, 4000, 4999]  # fmt: skip


@pytest.fixture(scope="class")
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server of a class of ProtocolChecks."""
    server = Server(request.cls.command, tls=getattr(request.cls, "tls", None))
    yield server
    assert server.stop() in request.cls.exit_codes


class ErrorChecks:
    """How a server reports an error of the peer."""

    explains = False
    """Whether its close frame also has a reason."""

    def rest(self, peer: Peer) -> bytes:
        """All there is until the server closes, without the reason in the close frame."""
        data = peer.rest()
        if not self.explains:
            return data
        for length in range(3, 126):
            start = len(data) - 2 - length
            if data[start : start + 2] == bytes([FIN | CLOSE, length]):
                data[start + 4 :].decode()
                return data[:start] + bytes([FIN | CLOSE, 2]) + data[start + 2 : start + 4]
        raise AssertionError(f"no reason in {data[-130:]!r}")


class ProtocolChecks(ErrorChecks):
    """What peers notice of any echo server. Derive from it, and name the command."""

    command: tuple[str, ...]
    tls: ssl.SSLContext | None = None
    """For clients, if the server speaks TLS."""
    exit_codes: tuple[int, ...] = (0,)
    """Of a server that is stopped by SIGTERM."""
    version_status = 426
    """What an unknown version is answered with."""

    def start(self, *options: str) -> Server:
        return Server(self.command, *options, tls=self.tls)

    @pytest.fixture
    def server(self, running: Server) -> Iterator[Server]:
        """One for all tests; it must survive each of them."""
        yield running
        assert running.process.poll() is None
        assert running.is_well()

    # The opening handshake

    @pytest.mark.parametrize(
        ("request_", "answer_"),
        [
            (RFC_REQUEST, RFC_ANSWER),
            (OTHER_REQUEST, OTHER_ANSWER),
            (PLAIN_REQUEST, PLAIN_ANSWER),
            (RFC_REQUEST.replace(b"chat, superchat", b"other"), PLAIN_ANSWER),
            (
                RFC_REQUEST.replace(b"chat, superchat", b"other, superchat"),
                RFC_ANSWER.replace(b"chat\r\n\r\n", b"superchat\r\n\r\n"),
            ),
        ],
        ids=[
            "RFC 6455, 1.3",
            "another key",
            "no subprotocol",
            "unknown one",
            "second one",
        ],
    )
    def test_handshake(self, server: Server, request_: bytes, answer_: bytes) -> None:
        with server.raw() as peer:
            peer.send(request_)
            assert peer.read(len(answer_)) == answer_
            assert peer.is_silent()

    def test_handshake_byte_by_byte(self, server: Server) -> None:
        with server.raw() as peer:
            peer.send_each_byte(RFC_REQUEST[:-1])
            assert peer.is_silent()
            peer.send(RFC_REQUEST[-1:])
            assert peer.read(len(RFC_ANSWER)) == RFC_ANSWER
            peer.send_each_byte(frame(FIN | TEXT, b"hi"))
            assert peer.read(4) == echo(FIN | TEXT, b"hi")

    @pytest.mark.parametrize("name", REFUSED)
    def test_refused_handshake(self, server: Server, name: str) -> None:
        old, new, status = REFUSED[name]
        request = RFC_REQUEST.replace(old, new, 1)
        assert request != RFC_REQUEST
        with server.raw() as peer:
            peer.send(request)
            got, fields, body = answer(peer.rest())
        assert got == status
        assert fields["connection"] == ("Upgrade, close" if status == 426 else "close")
        assert fields["content-length"] == str(len(body))
        if status == 426:
            assert fields["sec-websocket-version"] == "13"
            assert fields["upgrade"] == "websocket"
        if status == 405:
            assert "GET" in fields["allow"]

    def test_what_follows_a_refused_request_is_not_read(self, server: Server) -> None:
        """A proxy may take the refusal for an upgrade, and send on what a client smuggles."""
        refused = RFC_REQUEST.replace(b"Version: 13", b"Version: 777")
        with server.raw() as peer:
            peer.send(refused, RFC_REQUEST, frame(FIN | TEXT, b"hi"))
            status, fields, body = answer(peer.rest())
        assert (status, len(body)) == (self.version_status, int(fields["content-length"]))

    def test_a_head_that_never_ends(self, server: Server) -> None:
        with server.raw() as peer:
            peer.send(b"GET / HTTP/1.1\r\n", b"X: x\r\n" * 100)
            peer.send(b"X: ", bytes(b"x" * 65536))
            status, fields, _ = answer(peer.rest())
        assert (status, fields["connection"]) == (431, "close")

    def test_frames_right_behind_the_handshake(self, server: Server) -> None:
        hi, half = frame(FIN | TEXT, b"hi"), frame(FIN | TEXT, b"half")
        with server.raw() as peer:
            peer.send(RFC_REQUEST, hi, half[:7])
            expected = RFC_ANSWER + echo(FIN | TEXT, b"hi")
            assert peer.read(len(expected)) == expected
            peer.send(half[7:])
            assert peer.read(6) == echo(FIN | TEXT, b"half")

    def test_an_error_right_behind_the_handshake(self, server: Server) -> None:
        with server.raw() as peer:
            peer.send(RFC_REQUEST, b"\x83")
            assert self.rest(peer) == RFC_ANSWER + goodbye(1002)

    # Messages

    @pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, MIB, MAX_MESSAGE])
    @pytest.mark.parametrize("opcode", [TEXT, BINARY])
    def test_echo(self, server: Server, opcode: int, size: int) -> None:
        payload = (b"0123456789abcdef" * (size // 16 + 1))[:size]
        expected = echo(FIN | opcode, payload)
        with server.opened() as peer:
            peer.send(frame(FIN | opcode, payload))
            assert peer.read(len(expected)) == expected
            peer.send(frame(FIN | PING, b"after"))
            assert peer.read(7) == echo(FIN | PONG, b"after")

    def test_fragments(self, server: Server) -> None:
        with server.opened() as peer:
            peer.send(frame(TEXT, GOOD_TEXT[:5]), frame(CONTINUATION))
            peer.send(frame(FIN | PING, b"in between"))
            assert peer.read(12) == echo(FIN | PONG, b"in between")
            peer.send(frame(CONTINUATION, GOOD_TEXT[5:17]))  # in the middle of a character
            peer.send(frame(FIN | CONTINUATION, GOOD_TEXT[17:]))
            assert peer.read(2 + len(GOOD_TEXT)) == echo(FIN | TEXT, GOOD_TEXT)
            peer.send(*[frame(BINARY, b"\xff"), frame(FIN | CONTINUATION, b"\0")])
            assert peer.read(4) == echo(FIN | BINARY, b"\xff\0")
            peer.send(frame(TEXT), frame(FIN | CONTINUATION))
            assert peer.read(2) == echo(FIN | TEXT)

    def test_frames_byte_by_byte(self, server: Server) -> None:
        data = (
            frame(TEXT, GOOD_TEXT)
            + frame(FIN | PING, b"ping")
            + frame(FIN | CONTINUATION, GOOD_TEXT * 20)
            + wire.close(3000, b"reason")
        )
        with server.opened() as peer:
            peer.send_each_byte(data)
            text = echo(FIN | TEXT, GOOD_TEXT * 21)
            assert peer.rest() == echo(FIN | PONG, b"ping") + text + goodbye(3000)

    pongs_come_first = False
    """Whether a pong precedes the replies to messages that came together with the ping."""

    def test_order_of_replies(self, server: Server) -> None:
        hi, pong = echo(FIN | TEXT, b"hi"), echo(FIN | PONG, b"ping")
        with server.opened() as peer:
            peer.send(
                frame(FIN | TEXT, b"hi"),
                frame(FIN | PING, b"ping"),
                frame(FIN | TEXT, b"yo"),
                wire.close(1000),
            )
            first = pong + hi if self.pongs_come_first else hi + pong
            assert peer.rest() == first + echo(FIN | TEXT, b"yo") + goodbye(1000)

    def test_pings_and_pongs(self, server: Server) -> None:
        with server.opened() as peer:
            peer.send(frame(FIN | PONG, b"nobody asked"), frame(FIN | PING))
            assert peer.read(2) == echo(FIN | PONG)
            peer.send(frame(FIN | PING, bytes(range(125))))
            assert peer.read(127) == echo(FIN | PONG, bytes(range(125)))
            assert peer.is_silent()

    # The end

    @pytest.mark.parametrize("code", GOOD_CLOSES)
    def test_close(self, server: Server, code: int) -> None:
        with server.opened() as peer:
            peer.send(wire.close(code, "goodbye ü".encode()))
            peer.send(frame(FIN | TEXT, b"after the end"))
            assert peer.rest() == goodbye(code)

    def test_close_without_code(self, server: Server) -> None:
        with server.opened() as peer:
            peer.send(frame(FIN | CLOSE))
            assert peer.rest() == echo(FIN | CLOSE)

    def test_close_inside_a_message(self, server: Server) -> None:
        with server.opened() as peer:
            peer.send(frame(TEXT, b"Hel"), wire.close(1001))
            assert peer.rest() == goodbye(1001)

    @pytest.mark.parametrize("name", PROTOCOL_ERRORS)
    def test_protocol_error(self, server: Server, name: str) -> None:
        with server.opened() as peer:
            peer.send(frame(FIN | TEXT, b"good"), PROTOCOL_ERRORS[name])
            assert self.rest(peer) == echo(FIN | TEXT, b"good") + goodbye(1002)

    @pytest.mark.parametrize("name", INVALID_TEXTS)
    def test_invalid_text(self, server: Server, name: str) -> None:
        with server.opened() as peer:
            peer.send(frame(FIN | BINARY, b"\xff"), INVALID_TEXTS[name])
            assert self.rest(peer) == echo(FIN | BINARY, b"\xff") + goodbye(1007)

    def test_too_big(self, server: Server) -> None:
        with server.opened() as peer:  # announced; nothing else of it need come
            peer.send(wire.header(FIN | BINARY, MAX_MESSAGE + 1), b"x")
            assert self.rest(peer) == goodbye(1009)
        with server.opened() as peer:
            peer.send(wire.header(FIN | BINARY, 2**63 - 1), b"x")
            assert self.rest(peer) == goodbye(1009)
        with server.opened() as peer:
            peer.send(frame(BINARY, bytes(MAX_MESSAGE - 1), bytes(4)))
            peer.send(frame(CONTINUATION, b"x"), frame(CONTINUATION))
            assert peer.is_silent()
            peer.send(frame(FIN | CONTINUATION, b"x"))
            assert self.rest(peer) == goodbye(1009)

    def test_half_close(self, server: Server) -> None:
        with server.opened() as peer:
            peer.send(frame(FIN | TEXT, b"hi"), frame(TEXT, b"unfinished"))
            peer.half_close()
            assert peer.rest() == echo(FIN | TEXT, b"hi")
        with server.raw() as peer:
            peer.send(RFC_REQUEST[:50])
            peer.half_close()
            assert peer.rest() == b""

    def test_reset(self, server: Server) -> None:
        for sent in (b"", RFC_REQUEST[:50], PLAIN_REQUEST):
            peer = server.raw()
            peer.send(sent)
            peer.reset()
        for sent in (b"\x81", frame(FIN | TEXT, b"Hello")[:8], frame(TEXT, b"Hello")):
            peer = server.opened()
            peer.send(sent)
            peer.reset()
        peer = server.opened()
        peer.send(*[frame(FIN | BINARY, bytes(65536), bytes(4))] * 50)
        peer.reset()
        assert server.is_well()

    # Many, and slow ones

    def test_200_connections(self, server: Server) -> None:
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(server.opened()) for _ in range(200)]
            for round_ in range(3):
                for i, peer in enumerate(peers):
                    peer.send(frame(FIN | TEXT, b"%d of %d" % (i, round_)))
                for i, peer in enumerate(peers):
                    expected = echo(FIN | TEXT, b"%d of %d" % (i, round_))
                    assert peer.read(len(expected)) == expected
            # One after the other: a server need not wait long for peers that stay.
            for peer in peers:
                peer.send(wire.close(1000))
                assert peer.rest() == goodbye(1000)

    # Valgrind and sanitizers keep memory that was freed.
    memory_limit = (512 if "WSCODEC_UNDER" in os.environ else 64) * MIB

    def test_a_slow_reader(self) -> None:
        """Does not read while 64 MiB are to be echoed: then the server must not read either,
        rather than keep it all; and yet serve others, and lose nothing."""
        server = self.start()
        count, payload = 1024, bytes(range(256)) * 256
        message = frame(FIN | BINARY, payload, bytes(4))
        reply = echo(FIN | BINARY, payload)
        sent = 0
        with server.opened() as peer:

            def send() -> None:
                nonlocal sent
                for _ in range(count):
                    peer.send(message)
                    sent += 1

            sender = threading.Thread(target=send)
            sender.start()
            before = -1
            while sent != before:
                before = sent
                time.sleep(0.3)
            assert 0 < sent < count
            assert server.is_well()
            for _ in range(count):
                assert peer.read(len(reply)) == reply
            sender.join(PATIENCE)
            assert sent == count
            peer.send(wire.close(1000))
            assert peer.rest() == goodbye(1000)
        assert server.peak_memory() < self.memory_limit
        assert server.stop() in self.exit_codes

    def test_many_announce_much(self) -> None:
        """Memory grows with what came, not with what was announced."""
        server = self.start()
        with contextlib.ExitStack() as stack:
            for _ in range(100):
                peer = stack.enter_context(server.opened())
                peer.send(wire.header(FIN | BINARY, MAX_MESSAGE), bytes(1000))
            assert server.is_well()
            assert server.peak_memory() < self.memory_limit
        assert server.stop() in self.exit_codes

    # A real client

    def test_client(self, server: Server) -> None:
        chat = [Subprotocol("superchat"), Subprotocol("chat")]
        with server.client(subprotocols=chat) as client:
            assert client.subprotocol == "chat"
            for message in ("Hellö", b"\0\xff", "", b"", "x" * MIB, bytes(MAX_MESSAGE)):
                client.send(message)
                assert client.recv(PATIENCE) == message
            client.send(["Hel", "lo ", "Wörld"])
            assert client.recv(PATIENCE) == "Hello Wörld"
            assert client.ping("ping").wait(PATIENCE)
            client.close(4321, "bye")
        assert client.close_code == 4321
        with pytest.raises(ConnectionClosedOK), server.client() as client:
            client.close()
            client.recv(PATIENCE)

    def test_client_is_told_what_was_wrong(self, server: Server) -> None:
        for message, code in ((bytes(MAX_MESSAGE + 1), 1009), ([b"\xff"], 1007)):
            with server.client() as client:
                with pytest.raises(ConnectionClosedError):
                    client.send(message, text=code == 1007)
                    client.recv(PATIENCE)
                assert client.close_code == code


class EchoChecks(ProtocolChecks):
    """Also what a server needs beside the protocol. Derive from it, and name the command."""

    options_status = 405
    """What a plain OPTIONS is answered with."""
    max_reads = 5
    """In how many reads 500 short replies to messages that came together may arrive."""

    @pytest.mark.parametrize("version", [b"1.1", b"1.0"])
    def test_plain_http(self, server: Server, version: bytes) -> None:
        for method, status, body in (
            (b"GET", 200, HELLO),
            (b"HEAD", 200, b""),
            (b"POST", 405, b""),
            (b"OPTIONS", self.options_status, b""),
        ):
            with server.raw() as peer:
                peer.send(method + b" / HTTP/" + version + b"\r\nHost: example.com\r\n\r\n")
                got, fields, content = answer(peer.rest())
            assert got == status
            assert fields["connection"] == "close"
            if status == 200:
                assert fields["content-type"] == "text/plain"
                assert fields["content-length"] == str(len(HELLO))
                assert content == body
            else:
                assert fields["allow"].startswith("GET, HEAD")

    def test_handshake_timeout(self) -> None:
        server = self.start("--handshake-timeout", "1")
        started = time.monotonic()
        with server.raw() as silent, server.raw() as slow, server.opened() as idle:
            slow.send(RFC_REQUEST[:-2])
            for peer in (silent, slow):
                with contextlib.suppress(ConnectionResetError):
                    assert peer.rest() == b""
            assert 0.9 < time.monotonic() - started < 5
            time.sleep(1.2)
            idle.send(frame(FIN | TEXT, b"still here"))
            assert idle.read(12) == echo(FIN | TEXT, b"still here")
        assert server.stop() == 0

    def test_replies_leave_together(self, server: Server) -> None:
        replies = b"".join(echo(FIN | TEXT, b"%03d" % i) for i in range(500))
        with server.opened() as peer:
            peer.send(*[frame(FIN | TEXT, b"%03d" % i) for i in range(500)])
            got, reads = b"", 0
            while len(got) < len(replies):
                got += peer.socket.recv(MIB)
                reads += 1
        assert got == replies
        assert reads <= self.max_reads

    # The process

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_signal(self, number: int) -> None:
        server = self.start()
        with (
            server.client() as client,
            server.opened() as peer,
            server.raw() as newcomer,
        ):
            newcomer.send(RFC_REQUEST[:20])
            client.send("hi")
            assert client.recv(PATIENCE) == "hi"
            peer.send(frame(TEXT, b"unfinished"))
            server.process.send_signal(number)
            assert peer.read(len(goodbye(1001))) == goodbye(1001)
            peer.send(wire.close(1001))
            assert peer.rest() == b""
            peer.socket.close()
            with pytest.raises(ConnectionClosedOK):
                client.recv(PATIENCE)
            assert client.close_code == 1001
            with contextlib.suppress(ConnectionResetError):
                told = newcomer.rest()
                assert told == b"" or answer(told)[0] == 503
        assert server.process.wait(PATIENCE) == 0
        with pytest.raises(ConnectionRefusedError):
            server.raw()
        server.stop()

    def test_the_end_waits_for_the_close_frame_of_a_peer(self) -> None:
        server = self.start()
        with server.opened() as peer:
            server.process.send_signal(signal.SIGTERM)
            assert peer.read(len(goodbye(1001))) == goodbye(1001)
            assert peer.is_silent()
            peer.send(frame(FIN | TEXT, b"too late"), wire.close(1001))
            assert peer.rest() == b""
        assert server.process.wait(PATIENCE) == 0
        server.stop()

    def test_a_peer_that_goes_on_does_not_hold_up_the_end(self) -> None:
        server = self.start("--handshake-timeout", "1")
        with server.opened() as peer, contextlib.suppress(ConnectionError):
            server.process.send_signal(signal.SIGTERM)
            end = time.monotonic() + PATIENCE
            while server.process.poll() is None and time.monotonic() < end:
                peer.send(frame(FIN | TEXT, b"Hello"))
                time.sleep(0.05)
        assert server.process.wait(PATIENCE) == 0
        server.stop()

    def test_a_silent_peer_does_not_hold_up_the_end(self) -> None:
        server = self.start()
        with server.opened():
            assert server.stop() == 0

    def test_help(self) -> None:
        done = subprocess.run(
            [*self.command, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for option in ("--host", "--port", "--handshake-timeout", "--help"):
            assert option in done.stdout
        wrong = subprocess.run([*self.command, "--nonsense"], cwd=ROOT, capture_output=True)
        assert wrong.returncode == 2
