"""System calls that transfer less than they could, or have to be repeated."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, ProtocolChecks, Server, echo, goodbye
from faulty import Faults, faults
from pmd import read_frame
from wire import BINARY, CONTINUATION, FIN, PING, PONG, ROOT, TEXT, close, frame

KINDS = {
    "one byte": {"one": 100},
    "interrupted": {"eintr": 60},
    "would block": {"eagain": 60},
    "everything": {"one": 20, "part": 40, "eintr": 20, "eagain": 20},
}

SERVERS = {
    "epoll": ("./examples-c/echo_server",),
    "fork": ("./examples-c/echo_fork",),
    "asyncio": (sys.executable, "python/examples/echo_server.py"),
    "threads": (sys.executable, "python/examples/echo_threads.py"),
}


@pytest.fixture(scope="class")
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server of a class of ProtocolChecks, with all faults at once."""
    with faults(**KINDS["everything"]) as some:
        server = Server((*some.prefix, *request.cls.command))
        yield server
        assert server.stop() in request.cls.exit_codes


class TestEpoll(ProtocolChecks):
    command = SERVERS["epoll"]


class TestFork(ProtocolChecks):
    command = SERVERS["fork"]
    exit_codes = (-15,)


@pytest.fixture(params=KINDS)
def some(request: pytest.FixtureRequest) -> Iterator[Faults]:
    with faults(**KINDS[request.param]) as result:
        yield result


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_echoes_whatever_its_calls_transfer(name: str, some: Faults) -> None:
    server = Server((*some.prefix, *SERVERS[name]))
    payload = bytes(range(256)) * 80
    with server.opened() as peer:
        for size in (0, 1, 125, 126, len(payload)):
            peer.send(frame(FIN | BINARY, payload[:size]))
            expected = echo(FIN | BINARY, payload[:size])
            assert peer.read(len(expected)) == expected
        peer.send(frame(TEXT, b"a"), frame(FIN | PING, b"p"), frame(FIN | CONTINUATION, b"b"))
        expected = echo(FIN | PONG, b"p") + echo(FIN | TEXT, b"ab")
        assert peer.read(len(expected)) == expected
        peer.send(close(1000))
        assert peer.rest() == goodbye(1000)
    server.stop()


def test_everybody_gets_a_broadcast_whatever_calls_transfer(some: Faults) -> None:
    server = Server((*some.prefix, "./examples-c/broadcast"))
    payload = bytes(range(256)) * 80
    with server.opened() as first, server.opened() as second:
        for size in (0, 126, len(payload)):
            first.send(frame(FIN | BINARY, payload[:size]))
            expected = echo(FIN | BINARY, payload[:size])
            assert first.read(len(expected)) == second.read(len(expected)) == expected
    assert server.stop() == 0


def test_a_stream_of_bytes_arrives_whatever_calls_transfer(some: Faults) -> None:
    server = Server((*some.prefix, "./examples-c/byte_stream"))
    lines = [b"%d" % number for number in range(500)]
    expected = b"".join(b"%d: %b\n" % (i + 1, line) for i, line in enumerate(lines))
    with server.raw() as peer:
        peer.send(PLAIN_REQUEST, frame(FIN | BINARY, b"\n".join([*lines, b""])))
        assert peer.read(len(PLAIN_ANSWER)) == PLAIN_ANSWER
        got = b""
        while len(got) < len(expected):
            got += read_frame(peer)[1]
        assert got == expected
    server.stop()


def test_wscat_prints_every_echo_whatever_its_calls_transfer(some: Faults) -> None:
    server = Server(SERVERS["epoll"])
    lines = [str(number) * 50 for number in range(100)]
    done = subprocess.run(
        [*some.prefix, "target/tools/wscat", f"ws://127.0.0.1:{server.port}/"],
        cwd=ROOT,
        input="\n".join([*lines, ""]),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == lines
    assert server.stop() == 0
