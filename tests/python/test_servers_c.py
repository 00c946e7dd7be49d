"""What both C servers do beside their purpose: limits, logs, plain HTTP, the command line."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import IO

import kernel
import needs
import pytest
from echo_checks import (
    MIB,
    PLAIN_ANSWER,
    PLAIN_REQUEST,
    RFC_REQUEST,
    Server,
    answer,
    echo,
    goodbye,
    is_dropped,
)
from needs import UNDER
from pmd import read_frame
from test_echo_c_load import memory
from wire import BINARY, FIN, PING, PONG, ROOT, TEXT, close, frame, header

PROGRAMS = ("examples-c/echo_server", "examples-c/broadcast")
ECHO, BROADCAST = (((*UNDER, f"./{program}")) for program in PROGRAMS)

pytestmark = [needs.program(program) for program in PROGRAMS]

both = pytest.mark.parametrize("command", [ECHO, BROADCAST], ids=["echo", "broadcast"])


@contextlib.contextmanager
def serving(
    command: tuple[str, ...], *options: str, log: IO[str] | None = None
) -> Iterator[Server]:
    server = Server(command, *options, log=log)
    try:
        yield server
    finally:
        code = server.stop()
    assert code == 0


def reply_to(server: Server, request: bytes) -> tuple[int, dict[str, str], bytes]:
    with server.raw() as peer:
        peer.send(request)
        return answer(peer.rest())


# Plain HTTP


@both
def test_a_request_that_lost_its_upgrade_is_told_so(command: tuple[str, ...]) -> None:
    """As nginx passes it on that was not told to upgrade."""
    with serving(command) as server:
        request = PLAIN_REQUEST.replace(b"Upgrade: websocket\r\n", b"").replace(
            b"Connection: Upgrade", b"Connection: close"
        )
        status, fields, body = reply_to(server, request)
        assert status == 426
        assert fields["upgrade"] == "websocket"
        assert b"proxy_set_header Upgrade" in body
        assert server.is_well()


@both
def test_the_default_check_of_haproxy_succeeds(command: tuple[str, ...]) -> None:
    with serving(command) as server:
        status, fields, body = reply_to(server, b"OPTIONS / HTTP/1.0\r\n\r\n")
        assert 200 <= status < 300
        assert fields["connection"] == "close"
        assert body == b""


@both
def test_head_is_answered_as_get_without_the_body(command: tuple[str, ...]) -> None:
    with serving(command) as server:
        got, head = (
            reply_to(server, method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")
            for method in (b"GET", b"HEAD")
        )
        assert got[0] == 200 and len(got[2]) == int(got[1]["content-length"]) > 0
        assert head[:2] == got[:2] and head[2] == b""


@both
def test_what_is_no_http_is_refused_at_once(command: tuple[str, ...]) -> None:
    with serving(command) as server:
        for sent in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\n"):
            assert reply_to(server, sent)[0] == 400


# Who may connect


@both
def test_only_listed_origins_may_connect(command: tuple[str, ...]) -> None:
    allowed = "https://a.example http://example.com:8080"
    with serving(command, "--origin", allowed) as server:
        for origin, status in (
            (b"https://a.example", 101),
            (b"https://A.example:443", 101),
            (b"http://example.com:8080", 101),
            (b"http://example.com", 403),
            (b"https://a.example.evil", 403),
            (b"null", 403),
        ):
            with server.raw() as peer:
                peer.send(RFC_REQUEST.replace(b"http://example.com\r", origin + b"\r"))
                assert peer.read(12) == b"HTTP/1.1 %d" % status
        with server.raw() as peer:  # no browser
            peer.send(PLAIN_REQUEST.replace(b"Origin: http://example.com\r\n", b""))
            assert peer.read(12) == b"HTTP/1.1 101"


@both
@pytest.mark.parametrize("origins", ["", "a.example", "https://a.example/", "*", "null"])
def test_a_list_of_origins_that_matches_nothing_is_a_mistake(
    command: tuple[str, ...], origins: str
) -> None:
    done = run(command, "--port", "0", "--origin", origins)
    assert done.returncode == 2
    assert "--origin" in done.stderr and done.stdout == ""


@both
def test_a_connection_too_many_is_refused(command: tuple[str, ...]) -> None:
    with serving(command, "--max-connections", "2") as server:
        with server.opened(), server.opened() as second:
            status, _, body = reply_to(server, PLAIN_REQUEST)
            assert status == 503 and body == b"too many connections"
            assert reply_to(server, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[0] == 200
            second.send(close(1000))
            second.rest()
            second.socket.close()
            with server.opened():
                pass


# Peers that do not read, and peers that say nothing


@needs.not_under
def test_peers_that_do_not_read_are_dropped_and_their_memory_is_bounded() -> None:
    """Each is owed 16 MiB."""
    message = frame(FIN | BINARY, bytes(16 * MIB), bytes(4))
    with (
        serving(ECHO, "--send-timeout", "2", "--max-output", "32") as server,
        contextlib.ExitStack() as stack,
    ):
        peers = []
        for _ in range(10):
            peer = stack.enter_context(server.opened(kernel.SMALL))
            peer.send(message)
            peers.append(peer)
        assert server.is_well()
        # What waits, and what is being handled: a message, and the reply to it.
        assert server.peak_memory() < (32 + 3 * 16 + 8) * MIB
        time.sleep(3.5)
        assert memory(server) < 24 * MIB
        assert all(is_dropped(peer, 5) for peer in peers)
        assert server.is_well()


@needs.not_under
def test_a_slow_reader_is_not_dropped_while_it_takes_something() -> None:
    payload = bytes(16 * MIB)
    with (
        serving(ECHO, "--send-timeout", "3") as server,
        server.opened(kernel.SMALL) as peer,
    ):
        peer.send(frame(FIN | BINARY, payload, bytes(4)))
        reply, got = echo(FIN | BINARY, payload), 0
        for _ in range(16):
            got += len(peer.read(MIB // 4))
            time.sleep(0.25)
        assert got + len(peer.read(len(reply) - got)) == len(reply)
        peer.send(frame(FIN | TEXT, b"hi"))
        assert peer.read(4) == echo(FIN | TEXT, b"hi")


@both
def test_a_silent_peer_is_pinged_and_one_that_does_not_answer_is_dropped(
    command: tuple[str, ...],
) -> None:
    with serving(command, "--ping-interval", "1") as server:
        with server.opened() as good, server.opened() as dead:
            started = time.monotonic()
            for _ in range(3):
                assert read_frame(good) == (FIN | PING, b"")
                good.send(frame(FIN | PONG))
            assert 2 < time.monotonic() - started < 8
            assert read_frame(dead) == (FIN | PING, b"")
            assert is_dropped(dead, 5)
            good.send(frame(FIN | TEXT, b"hi"))
            while (got := read_frame(good))[0] == FIN | PING:
                good.send(frame(FIN | PONG))
            assert got == (FIN | TEXT, b"hi")


def test_without_an_interval_nothing_is_sent() -> None:
    with serving(ECHO, "--ping-interval", "0") as server, server.opened() as peer:
        assert peer.is_silent(2.5)


# The log


def logged(command: tuple[str, ...], *options: str) -> list[str]:
    """What a server logs of some connections, each of which ends in another way."""
    with tempfile.TemporaryFile("w+") as log:
        with serving(command, *options, log=log) as server:
            with server.opened() as peer:
                peer.send(close(3000, b"b\x1b[31mye\n"))
                assert peer.rest() == goodbye(3000)
            with server.opened() as peer:
                peer.send(frame(FIN | TEXT, b"\xff"))
                assert peer.rest() == goodbye(1007)
            reply_to(server, PLAIN_REQUEST.replace(b"Version: 13", b"Version: 8"))
            reply_to(server, b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n")
            reply_to(server, b"\x16\x03")
            with server.opened() as peer:
                peer.socket.close()
            left = server.opened()
            time.sleep(0.3)
        left.socket.close()
        log.seek(0)
        return log.read().splitlines()


@both
def test_verbose_names_connections_refusals_errors_and_closes(
    command: tuple[str, ...],
) -> None:
    lines = logged(command, "--verbose")
    assert all(re.match(r"#\d+ ", line) for line in lines), lines
    for number, words in enumerate(
        [
            ["connected from 127.0.0.1:", "101: GET /chat, origin http://example.com",
             r"closed by the peer: 3000 b\x1b[31mye\x0a", "disconnected"],
            ["connected", "101", "failed: 1007, the text is not UTF-8", "disconnected"],
            ["connected", "refused with 426: ", "disconnected"],
            ["connected", "responded with 200: GET /plain", "disconnected"],
            ["connected", "refused with 400: ", "disconnected"],
            ["connected", "101", "disconnected"],
            ["connected", "101", "closed by us: 1001"],
        ],
        start=1,
    ):  # fmt: skip
        of_it = [line.split(" ", 1)[1] for line in lines if line.startswith(f"#{number} ")]
        for word in words:
            assert any(word in line for line in of_it), (number, word, of_it)


@both
def test_without_verbose_nothing_is_logged(command: tuple[str, ...]) -> None:
    assert logged(command) == []


def test_verbose_says_why_a_peer_was_dropped() -> None:
    with tempfile.TemporaryFile("w+") as log:
        options = ("--verbose", "--ping-interval", "1", "--handshake-timeout", "1",
                   "--send-timeout", "1")  # fmt: skip
        with (
            serving(ECHO, *options, log=log) as server,
            server.opened() as silent,
            server.raw() as incomplete,
            server.opened(kernel.SMALL) as unread,
        ):
            unread.send(frame(FIN | BINARY, bytes(16 * MIB), bytes(4)))
            assert is_dropped(incomplete, 10) and is_dropped(silent, 10)
            time.sleep(3)
            assert is_dropped(unread, 10)
        log.seek(0)
        text = log.read()
    for option in ("--ping-interval", "--handshake-timeout", "--send-timeout"):
        assert f"({option})" in text, text


@both
def test_verbose_logs_a_close_without_a_reason(command: tuple[str, ...]) -> None:
    with tempfile.TemporaryFile("w+") as log:
        with serving(command, "--verbose", log=log) as server, server.opened() as peer:
            peer.send(close(1000))
            assert peer.rest() == goodbye(1000)
        log.seek(0)
        assert "closed by the peer: 1000\n" in log.read()


# The command line


def run(command: tuple[str, ...], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=20
    )


@both
def test_version(command: tuple[str, ...]) -> None:
    done = run(command, "--version")
    assert done.returncode == 0
    assert re.fullmatch(r"\w+, wscodec \d+\.\d+\.\d+.*\n", done.stdout)


@both
def test_help_names_every_option(command: tuple[str, ...]) -> None:
    done = run(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for option in ("host", "port", "reuse-port", "origin", "max-connections",
                   "handshake-timeout", "send-timeout", "max-output", "ping-interval",
                   "no-compression", "compress-from", "context-takeover",
                   "no-client-context", "verbose", "version", "help"):  # fmt: skip
        assert f"  --{option} " in done.stdout
    assert "tornado" in done.stdout  # whom a choice loses
    assert f"({2**20})" in done.stdout  # --max-connections


@both
@pytest.mark.parametrize(
    "arguments",
    [
        ("--port", "http"),
        ("--port", "65536"),
        ("--port", "-1"),
        ("--port", "80x"),
        ("--port", ""),
        ("--handshake-timeout", "0"),
        ("--send-timeout", "soon"),
        ("--max-output", "0"),
        ("--ping-interval", "-5"),
        ("--max-connections", "99999999999999999999"),
        ("--compress-from", "1k"),
        ("--context-takeover", "--no-compression"),
        ("--no-client-context", "--no-compression"),
        ("--nonsense",),
        ("--verbose=1",),
        ("-x",),
        ("-xy", "--verbose"),
        ("--port",),
        ("surplus",),
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_explained(
    command: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    done = run(command, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert f": {arguments[0]}: " in done.stderr
    assert done.stderr.endswith(" (see --help)\n")
    assert len(done.stderr.splitlines()) == 1


@needs.not_under  # exits with what it has
@both
def test_a_port_that_is_taken_is_named(command: tuple[str, ...]) -> None:
    with serving(command) as server:
        done = run(command, "--port", str(server.port))
        assert done.returncode == 1
        assert str(server.port) in done.stderr and "in use" in done.stderr


@both
def test_processes_may_share_a_port(command: tuple[str, ...]) -> None:
    with serving(command, "--reuse-port") as server:
        with serving(command, "--reuse-port", "--port", str(server.port)) as other:
            assert other.port == server.port
            peers = [server.opened() for _ in range(40)]
            for peer in peers:
                peer.socket.close()


@both
def test_a_head_that_trickles_in_costs_linear_work(command: tuple[str, ...]) -> None:
    """Byte by byte, 60,000 bytes of cookies."""
    cookies = b"Cookie: " + b"c" * 60_000 + b"\r\n\r\n"
    with serving(command) as server, server.raw() as peer:
        peer.send(PLAIN_REQUEST[:-2])
        peer.send_each_byte(cookies)
        assert peer.read(len(PLAIN_ANSWER)) == PLAIN_ANSWER
        peer.send(header(FIN | TEXT, 0))
        assert peer.read(2) == echo(FIN | TEXT)
