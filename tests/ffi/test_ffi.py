"""Echo servers in Go, Java and LuaJIT over the connection layer, without a line of C.

They need PYTHONPATH=tests/python, and target/lib from `make library`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
import zlib
from collections.abc import Iterator

import pytest
import wire
from echo_checks import (
    GOOD_TEXT,
    INVALID_TEXTS,
    MIB,
    OTHER_REQUEST,
    PATIENCE,
    PLAIN_ANSWER,
    PLAIN_REQUEST,
    PROTOCOL_ERRORS,
    Peer,
    answer,
    echo,
    goodbye,
)
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, ROOT, TEXT, frame

HERE = ROOT / "tests" / "ffi"
WORK = ROOT / "target" / "tests-ffi"
LIBRARY = ROOT / "target" / "lib"
JNA = "/usr/share/java/jna.jar"
RSV1 = 0x40
LIMIT = MIB
"""The default of WS_OPT_MAX_MESSAGE, which all servers keep."""


def run(*command: str, folder: str = "", **variables: str) -> str:
    """Returns the output. A command that is missing or fails is a failure."""
    environment = {**os.environ, **variables}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=HERE / folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def go() -> list[str]:
    variables = {
        "CGO_CFLAGS": f"-I{ROOT}/include",
        "CGO_LDFLAGS": f"-L{LIBRARY} -Wl,-rpath,{LIBRARY} -lwscodec",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOCACHE": str(WORK / "go"),
    }
    program = str(WORK / "echo_go")
    run("go", "vet", ".", folder="go", **variables)
    run("go", "build", "-o", program, ".", folder="go", **variables)
    return [program]


def java() -> list[str]:
    run("javac", "-Xlint:all", "-Werror", "-cp", JNA, "-d", str(WORK), "java/Echo.java")
    return ["java", "-cp", f"{JNA}:{WORK}", "Echo", str(LIBRARY / "libwscodec.so")]


def luajit() -> list[str]:
    declarations = WORK / "echo_server.i"
    header = str(ROOT / "include" / "wscodec.h")
    declarations.write_text(run("cc", "-E", "-P", "-DWSCODEC_FFI", header), encoding="utf-8")
    program = str(HERE / "luajit" / "echo_server.lua")
    return ["luajit", program, str(declarations), str(LIBRARY / "libwscodec.so")]


@pytest.fixture(scope="module", params=[go, java, luajit], ids=["go", "java", "luajit"])
def running(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a server that must survive every test."""
    WORK.mkdir(parents=True, exist_ok=True)
    command = request.param()
    environment = {**os.environ, "GODEBUG": "cgocheck=1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment
    ) as server:
        try:
            assert server.stdout
            yield int(server.stdout.readline())
            assert server.poll() is None
        finally:
            server.kill()


@pytest.fixture
def port(running: int) -> Iterator[int]:
    yield running
    with opened(running) as peer:
        peer.send(frame(FIN | TEXT, b"ready"))
        assert peer.read(7) == echo(FIN | TEXT, b"ready")


def opened(port: int) -> Peer:
    """After an opening handshake without compression."""
    peer = Peer(port)
    peer.send(PLAIN_REQUEST)
    assert peer.read(len(PLAIN_ANSWER)) == PLAIN_ANSWER
    return peer


def client(port: int, compression: str | None) -> ClientConnection:
    url = f"ws://127.0.0.1:{port}/"
    return connect(url, compression=compression, max_size=None, proxy=None)


# The opening handshake


def test_a_request_may_come_byte_by_byte(port: int) -> None:
    with Peer(port) as peer:
        peer.send_each_byte(PLAIN_REQUEST[:-1])
        assert peer.is_silent()
        peer.send(PLAIN_REQUEST[-1:])
        assert peer.read(len(PLAIN_ANSWER)) == PLAIN_ANSWER


def test_frames_may_follow_the_request_at_once(port: int) -> None:
    hi, half = frame(FIN | TEXT, b"hi"), frame(FIN | TEXT, b"half")
    with Peer(port) as peer:
        peer.send(PLAIN_REQUEST, hi, half[:7])
        expected = PLAIN_ANSWER + echo(FIN | TEXT, b"hi")
        assert peer.read(len(expected)) == expected
        peer.send(half[7:])
        assert peer.read(6) == echo(FIN | TEXT, b"half")


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"GET", b"POST", 405),
        (b"Version: 13", b"Version: 8", 426),
        (b"Upgrade: websocket\r\n", b"", 426),
        (b"Upgrade: web", b"Sec-WebSocket-Extensions: =\r\nUpgrade: web", 400),
        (b"Upgrade: web", b"X: " + bytes(b"x" * 65536) + b"\r\nUpgrade: web", 431),
        (b"GET / HTTP/1.1", b"\x16\x03\x01", 400),
    ],
    ids=["POST", "version", "no upgrade", "extensions", "too long", "TLS"],
)
def test_an_invalid_request_is_refused_with_a_status(
    port: int, old: bytes, new: bytes, status: int
) -> None:
    request = PLAIN_REQUEST.replace(b"GET /chat", b"GET /").replace(old, new, 1)
    assert request != PLAIN_REQUEST.replace(b"GET /chat", b"GET /")
    with Peer(port) as peer:
        peer.send(request)
        assert answer(peer.rest())[0] == status


# Messages


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, LIMIT])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_of_any_length_is_echoed(port: int, opcode: int, size: int) -> None:
    payload = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    with opened(port) as peer:
        peer.send(frame(FIN | opcode, payload))
        expected = echo(FIN | opcode, payload)
        assert peer.read(len(expected)) == expected


def test_fragments_become_one_message(port: int) -> None:
    with opened(port) as peer:
        peer.send(frame(TEXT, GOOD_TEXT[:5]), frame(CONTINUATION))
        peer.send(frame(FIN | PING, b"in between"))
        assert peer.read(12) == echo(FIN | PONG, b"in between")
        peer.send(frame(CONTINUATION, GOOD_TEXT[5:17]))  # in the middle of a character
        peer.send(frame(FIN | CONTINUATION, GOOD_TEXT[17:]))
        assert peer.read(2 + len(GOOD_TEXT)) == echo(FIN | TEXT, GOOD_TEXT)
        peer.send(frame(BINARY), frame(FIN | CONTINUATION))
        assert peer.read(2) == echo(FIN | BINARY)


def test_frames_may_come_byte_by_byte(port: int) -> None:
    with opened(port) as peer:
        peer.send_each_byte(
            frame(TEXT, GOOD_TEXT)
            + frame(FIN | PING, b"ping")
            + frame(FIN | CONTINUATION, GOOD_TEXT * 20)
            + wire.close(3000, b"reason")
        )
        text = echo(FIN | TEXT, GOOD_TEXT * 21)
        assert peer.rest() == echo(FIN | PONG, b"ping") + text + goodbye(3000)


def test_replies_keep_their_order_over_several_calls(port: int) -> None:
    sent, expected = [], []
    for i in range(200):
        text = b"%03d" % i
        sent += [frame(FIN | TEXT, text), frame(FIN | PING, text)]
        expected += [echo(FIN | TEXT, text), echo(FIN | PONG, text)]
    with opened(port) as peer:
        peer.send(*sent, wire.close(1000))
        assert peer.rest() == b"".join(expected) + goodbye(1000)


# Compression


def test_a_compressed_message_is_echoed_compressed(port: int) -> None:
    offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    hello = bytes.fromhex("f248cdc9c90700")  # RFC 7692, 7.2.3.1
    with Peer(port) as peer:
        peer.send(PLAIN_REQUEST[:-2] + offer)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += peer.read(1)
        assert b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context" in head
        for _ in range(2):
            peer.send(frame(FIN | RSV1 | TEXT, hello))
            first, length = peer.read(2)
            assert first == FIN | RSV1 | TEXT
            payload = peer.read(length) + b"\x00\x00\xff\xff"
            assert zlib.decompressobj(-15).decompress(payload) == b"Hello"


def test_messages_of_a_client_that_compresses_are_echoed(port: int) -> None:
    noise = os.urandom(LIMIT // 2)
    with client(port, "deflate") as peer:
        assert [e.name for e in peer.protocol.extensions] == ["permessage-deflate"]
        for message in ("the quick brown fox " * 1000, "", b"", noise, bytes(LIMIT), "again"):
            peer.send(message)
            assert peer.recv(PATIENCE) == message
        peer.send(["Hel", "", "lo, ", "world" * 1000])
        assert peer.recv(PATIENCE) == "Hello, " + "world" * 1000
        assert peer.ping(b"are you there").wait(PATIENCE)


# The closing handshake


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
def test_a_close_is_echoed_with_its_code(port: int, code: int) -> None:
    with opened(port) as peer:
        peer.send(wire.close(code, "goodbye ü".encode()))
        assert peer.rest() == goodbye(code)


def test_a_close_without_a_code_is_echoed_without_one(port: int) -> None:
    with opened(port) as peer:
        peer.send(frame(FIN | CLOSE))
        assert peer.rest() == echo(FIN | CLOSE)


def test_a_close_may_arrive_within_a_message(port: int) -> None:
    with opened(port) as peer:
        peer.send(frame(TEXT, b"Hel"), wire.close(1001))
        assert peer.rest() == goodbye(1001)


@pytest.mark.parametrize("name", PROTOCOL_ERRORS)
def test_a_protocol_error_closes_with_1002(port: int, name: str) -> None:
    with opened(port) as peer:
        peer.send(frame(FIN | TEXT, b"good"), PROTOCOL_ERRORS[name])
        assert peer.rest() == echo(FIN | TEXT, b"good") + goodbye(1002)


@pytest.mark.parametrize("name", INVALID_TEXTS)
def test_text_that_is_not_utf8_closes_with_1007(port: int, name: str) -> None:
    with opened(port) as peer:
        peer.send(frame(FIN | BINARY, b"\xff"), INVALID_TEXTS[name])
        assert peer.rest() == echo(FIN | BINARY, b"\xff") + goodbye(1007)


def test_a_message_over_the_limit_fails_at_its_header(port: int) -> None:
    for length in (LIMIT + 1, 2**63 - 1):
        with opened(port) as peer:
            peer.send(wire.header(FIN | BINARY, length))
            assert peer.rest() == goodbye(1009)
    with opened(port) as peer:
        peer.send(frame(BINARY, bytes(LIMIT)), frame(FIN | CONTINUATION, b"x"))
        assert peer.rest() == goodbye(1009)


def test_a_close_frame_arrives_while_the_peer_still_sends(port: int) -> None:
    """If the socket were closed at once, a reset could destroy the close frame."""
    with opened(port) as peer:
        peer.send(wire.header(FIN | BINARY, LIMIT + 1))
        assert not peer.is_silent(PATIENCE)
        for _ in range(4):
            peer.send(bytes(LIMIT // 4))
            time.sleep(0.1)
        assert peer.rest() == goodbye(1009)


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_a_message_over_the_limit_closes_with_1009(port: int, compression: str | None) -> None:
    with client(port, compression) as peer:
        with pytest.raises(ConnectionClosedError):
            peer.send(bytes(8 * LIMIT))
            peer.recv(PATIENCE)
        assert peer.close_code == 1009


def test_a_peer_that_does_not_close_is_disconnected(port: int) -> None:
    with opened(port) as peer:
        peer.send(wire.close(1000))
        assert peer.rest() == goodbye(1000)
        deadline = time.monotonic() + PATIENCE
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while time.monotonic() < deadline:
                peer.send(b"x")
                time.sleep(0.05)


def test_the_server_survives_peers_that_vanish(port: int) -> None:
    for sent in (b"", OTHER_REQUEST[:50], OTHER_REQUEST):
        peer = Peer(port)
        peer.send(sent)
        peer.reset()
    for sent in (b"\x81", frame(FIN | TEXT, b"Hello")[:8], frame(TEXT, b"Hello")):
        peer = opened(port)
        peer.send(sent)
        peer.reset()
    peer = opened(port)
    with contextlib.suppress(ConnectionResetError):
        peer.send(*[frame(FIN | BINARY, bytes(65536), bytes(4))] * 50)
    peer.reset()
    with opened(port) as peer:
        peer.send(frame(FIN | TEXT, b"hi"), frame(TEXT, b"unfinished"))
        peer.half_close()
        assert peer.rest() == echo(FIN | TEXT, b"hi")
