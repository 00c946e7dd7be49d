"""The first C example, which has a process for each connection."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import needs
import pytest
from echo_checks import (
    PLAIN_REQUEST,
    ProtocolChecks,
    Server,
    answer,
    echo,
    goodbye,
)
from needs import UNDER
from sync_peers import wait_until
from wire import FIN, ROOT, TEXT, close, frame

BINARY = "examples-c/echo_fork"
COMMAND = (*UNDER, f"./{BINARY}")

pytestmark = needs.program(BINARY)


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """Valgrind reports the errors of a child on stderr alone."""
    with tempfile.TemporaryFile("w+") as log:
        server = Server(COMMAND, log=log)
        yield server
        wait_for_children(server)
        assert server.stop() == -signal.SIGTERM
        log.seek(0)
        lines = log.read().splitlines()
    assert all(line.startswith("echo_fork: ") for line in lines), lines


def children(server: Server) -> list[int]:
    """Those that have ended count, unless somebody has waited for them."""
    pid = server.process.pid
    return [int(i) for i in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for_children(server: Server) -> None:
    wait_until(lambda: not children(server))


def wait_until_stopped(pid: int) -> None:
    """A signal to go on would take back one to stop that has not had its effect."""
    wait_until(lambda: "State:\tT" in Path(f"/proc/{pid}/status").read_text())


@pytest.fixture(scope="class")
def running() -> Iterator[Server]:
    with serving() as server:
        yield server


class TestFork(ProtocolChecks):
    command = COMMAND
    exit_codes = (-signal.SIGTERM,)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def test_a_process_ends_with_its_connection(server: Server) -> None:
    with server.opened() as peer, server.opened() as other:
        assert len(children(server)) == 2
        peer.send(close(1000))
        assert peer.rest() == goodbye(1000)
        other.reset()
    wait_for_children(server)


def test_a_process_that_was_stopped_goes_on(server: Server) -> None:
    """Its recv() fails with EINTR."""
    with server.opened() as peer:
        (child,) = children(server)
        os.kill(child, signal.SIGSTOP)
        wait_until_stopped(child)
        os.kill(child, signal.SIGCONT)
        peer.send(frame(FIN | TEXT, b"hi"))
        assert peer.read(4) == echo(FIN | TEXT, b"hi")


def test_a_request_has_ten_seconds(server: Server) -> None:
    started = time.monotonic()
    with server.raw() as silent, server.raw() as slow, server.opened() as idle:
        silent.socket.settimeout(15)
        slow.socket.settimeout(15)
        slow.send(PLAIN_REQUEST[:-2])
        assert silent.rest() == slow.rest() == b""
        assert 9 < time.monotonic() - started < 14
        idle.send(frame(FIN | TEXT, b"hi"))
        assert idle.read(4) == echo(FIN | TEXT, b"hi")


def test_a_plain_request_is_refused(server: Server) -> None:
    with server.raw() as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        status, fields, _ = answer(peer.rest())
    assert (status, fields["upgrade"]) == (426, "websocket")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=20
    )


def test_help() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--port PORT" in done.stdout and "--help" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("--port",),
        ("--port", ""),
        ("--port", "http"),
        ("--port", "80x"),
        ("--port", "-1"),
        ("--port", "65536"),
        ("--nonsense",),
        ("surplus",),
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_explained(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"echo_fork: {arguments[0]}: ")
    assert done.stderr.endswith(" (see --help)\n")
    assert len(done.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_named(server: Server) -> None:
    done = run("--port", str(server.port))
    assert done.returncode == 1
    assert done.stderr == f"echo_fork: port {server.port}: Address already in use\n"
