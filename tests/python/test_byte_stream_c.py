"""The C example that carries a stream of bytes: lines, whatever messages they come in."""

from __future__ import annotations

import contextlib
import random
import subprocess
import time
from collections.abc import Iterator

import needs
import pytest
import wire
from echo_checks import MIB, PATIENCE, PLAIN_REQUEST, Server, answer, echo, goodbye
from needs import UNDER
from pmd import read_frame
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect
from websockets.typing import Subprotocol
from wire import BINARY, CONTINUATION, FIN, PING, PONG, ROOT, TEXT, frame

PROGRAM = "examples-c/byte_stream"
COMMAND = (*UNDER, f"./{PROGRAM}")

pytestmark = needs.program(PROGRAM)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server(COMMAND)
    yield server
    assert server.stop() == 0


def numbered(lines: list[bytes]) -> bytes:
    return b"".join(b"%d: %s\n" % (i, line) for i, line in enumerate(lines, 1))


def test_a_real_client(server: Server) -> None:
    url = f"ws://127.0.0.1:{server.port}/"
    with connect(url, subprotocols=[Subprotocol("binary")], proxy=None) as client:
        assert client.subprotocol == "binary"
        assert client.protocol.extensions == []
        client.send(b"one\ntwo\nthr")
        client.send([b"e", b"", b"e\n"])
        got = b""
        while got.count(b"\n") < 3:
            message = client.recv(PATIENCE)
            assert isinstance(message, bytes)
            got += message
        assert got == numbered([b"one", b"two", b"three"])
        assert client.ping("ping").wait(PATIENCE)
        client.close(4000, "bye")
    assert client.close_code == 4000


@pytest.mark.parametrize("seed", range(8))
def test_however_the_bytes_are_cut(server: Server, seed: int) -> None:
    """Into messages, fragments and reads, with pings between."""
    dice = random.Random(seed)
    lines = [
        bytes(dice.choices(b"abc \xff\0", k=dice.choice((0, 1, 50, 3000)))) for _ in range(60)
    ]
    data, sent, pings = b"".join(line + b"\n" for line in lines), [], 0
    while data:
        cut = dice.choice((0, 1, 7, 200, 5000))
        piece, data = data[:cut], data[cut:]
        fragments = dice.choice((1, 3))
        step = len(piece) // fragments + 1
        for i in range(fragments):
            first = (BINARY if i == 0 else CONTINUATION) | (FIN if i == fragments - 1 else 0)
            sent.append(frame(first, piece[i * step : (i + 1) * step], dice.randbytes(4)))
            if dice.random() < 0.2:
                sent.append(frame(FIN | PING, b"%d" % pings))
                pings += 1
    stream, got, pongs = b"".join(sent), b"", 0
    with server.opened() as peer:
        while stream:
            cut = dice.choice((1, 3, 100, 4000))
            peer.send(stream[:cut])
            stream = stream[cut:]
        expected = numbered(lines)
        while len(got) < len(expected) or pongs < pings:
            first, payload = read_frame(peer)
            if first == FIN | PONG:
                assert payload == b"%d" % pongs
                pongs += 1
            else:
                assert first == FIN | BINARY
                got += payload
        assert got == expected
        peer.send(wire.close(1000))
        assert peer.rest() == goodbye(1000)


def test_bytes_that_come_with_the_request(server: Server) -> None:
    with server.raw() as peer:
        peer.send(
            PLAIN_REQUEST, frame(FIN | BINARY, b"early\nla"), frame(FIN | BINARY, b"te\n")
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += peer.read(1)
        assert answer(head)[0] == 101
        assert read_frame(peer)[1] + read_frame(peer)[1] == numbered([b"early", b"late"])


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(FIN | TEXT, b"text\n"), 1003),
        (frame(FIN | BINARY, b"x", None), 1002),
        (b"\x83", 1002),
        (wire.frame(FIN | 8, b"\x03"), 1002),
        (wire.close(1000, b"\xff"), 1007),
        (wire.close(3000), 3000),
        (frame(FIN | BINARY, bytes(5000)), 1000),  # a line too long
    ],
)
def test_how_a_stream_ends(server: Server, sent: bytes, code: int) -> None:
    with server.opened() as peer:
        peer.send(frame(FIN | BINARY, b"good\n"), sent)
        with contextlib.suppress(ConnectionResetError):
            assert peer.rest() == echo(FIN | BINARY, b"1: good\n") + goodbye(code)


def test_a_half_closed_stream_ends(server: Server) -> None:
    with server.opened() as peer:
        peer.send(frame(FIN | BINARY, b"good\nunfinished"))
        peer.half_close()
        assert peer.rest() == echo(FIN | BINARY, b"1: good\n")


def test_an_idle_stream_stays_open(server: Server) -> None:
    with server.opened() as peer:
        time.sleep(2.5)
        peer.send(frame(FIN | BINARY, b"hi\n"))
        assert read_frame(peer) == (FIN | BINARY, b"1: hi\n")


def test_several_at_a_time(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(server.opened()) for _ in range(20)]
        for peer in reversed(peers):
            peer.send(frame(FIN | BINARY, b"hi\n"))
        for peer in peers:
            assert read_frame(peer) == (FIN | BINARY, b"1: hi\n")


def test_much(server: Server) -> None:
    line = b"x" * 4000 + b"\n"
    with server.opened() as peer:
        peer.send(frame(FIN | BINARY, line * 20))
        got = b"".join(read_frame(peer)[1] for _ in range(20))
        assert len(got) == 20 * len(line) + 9 * 3 + 11 * 4 < MIB


def test_requests_that_are_no_upgrade(server: Server) -> None:
    for request, status in (
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (PLAIN_REQUEST.replace(b"Upgrade: websocket\r\n", b""), 426),
        (PLAIN_REQUEST.replace(b"Version: 13", b"Version: 8"), 426),
        (b"\x16\x03\x01", 400),
        (b"X" * 70_000, 431),
    ):
        with server.raw() as peer, contextlib.suppress(ConnectionResetError):
            peer.send(request)
            assert answer(peer.rest())[0] == status


def test_origins() -> None:
    server = Server(COMMAND, "--origin", "https://a.example")
    for origin, status in ((b"https://a.example", 101), (b"https://b.example", 403)):
        with server.raw() as peer:
            peer.send(PLAIN_REQUEST.replace(b"http://example.com\r", origin + b"\r"))
            assert peer.read(12) == b"HTTP/1.1 %d" % status
    assert server.stop() == 0


def test_a_client_that_breaks_the_rules_is_told(server: Server) -> None:
    with connect(f"ws://127.0.0.1:{server.port}/", proxy=None) as client:
        client.send("text")
        with pytest.raises(ConnectionClosedError):
            client.recv(PATIENCE)
        assert client.close_code == 1003


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("--help",), 0),
        (("--version",), 0),
        (("--port", "x"), 2),
        (("--nonsense",), 2),
        (("surplus",), 2),
    ],
)
def test_the_command_line(arguments: tuple[str, ...], status: int) -> None:
    done = subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, timeout=20)
    assert done.returncode == status
    assert (done.stdout if status == 0 else done.stderr) != b""
