"""wscat, against both echo servers and that of websockets."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import needs
import pytest
from echo_checks import Server
from test_echo_client import scripted
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.sync.server import ServerConnection, serve
from wire import ROOT

BINARY = "target/tools/wscat"
SERVERS = {
    "c": ("./examples-c/echo_server",),
    "asyncio": (sys.executable, "python/examples/echo_server.py"),
}

pytestmark = needs.program(BINARY)


def run(*arguments: str, sent: str = "") -> subprocess.CompletedProcess[str]:
    command = [f"./{BINARY}", *arguments]
    return subprocess.run(
        command, cwd=ROOT, input=sent, capture_output=True, text=True, timeout=20
    )


@pytest.fixture(scope="module", params=SERVERS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    server = Server(SERVERS[request.param])
    yield f"ws://127.0.0.1:{server.port}/anything"
    assert server.stop() == 0


def test_it_prints_the_echo_of_its_arguments(url: str) -> None:
    done = run(url, "hello", "Grüße", "x" * 100_000)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["hello", "Grüße", "x" * 100_000]


def test_it_prints_the_echo_of_its_input(url: str) -> None:
    done = run(url, sent="one\ntwo\n\nfour\n")
    assert (done.returncode, done.stdout) == (0, "one\ntwo\n\nfour\n")


def test_it_understands_a_server_that_we_did_not_write() -> None:
    closed: list[int | None] = []

    def talk(connection: ServerConnection) -> None:
        for message in connection:
            connection.ping()
            connection.send([message[:2], message[2:]])
        closed.append(connection.close_code)

    with serve(talk, "127.0.0.1", 0, compression=None) as server:
        threading.Thread(target=server.serve_forever).start()
        port = server.socket.getsockname()[1]
        done = run(f"ws://localhost:{port}/", "hello", "world")
        server.shutdown()
    assert (done.returncode, done.stdout) == (0, "hello\nworld\n")
    assert closed == [1000]


@needs.compression
@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"server_no_context_takeover": True},
        {"client_no_context_takeover": True},
        {"server_max_window_bits": 9, "client_max_window_bits": 9},
        {"server_max_window_bits": 12, "client_max_window_bits": 15},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "options",
    [(), ("--compress-from", "0"), ("--compress-from", "0", "--context-takeover")],
    ids=" ".join,
)
def test_it_compresses(options: tuple[str, ...], terms: dict[str, Any]) -> None:
    agreed = []

    def talk(connection: ServerConnection) -> None:
        agreed.append(connection.protocol.extensions)
        for message in connection:
            connection.send(message)

    factory = ServerPerMessageDeflateFactory(**terms)
    with serve(talk, "127.0.0.1", 0, compression=None, extensions=[factory]) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        lines = "".join(f"{'hello ' * i}\n" for i in (0, 1, 1, 200, 20_000, 200, 1, 0))
        done = run(*options, url, sent=lines)
        declined = run("--no-compression", url, "hello")
        server.shutdown()
    assert (done.returncode, done.stdout, done.stderr) == (0, lines, "")
    assert (declined.returncode, declined.stdout) == (0, "hello\n")
    (deflate,), nothing = agreed
    assert isinstance(deflate, PerMessageDeflate) and nothing == []
    assert deflate.remote_no_context_takeover == (  # of what we compress
        "--context-takeover" not in options or "client_no_context_takeover" in terms
    )


@needs.compression
@pytest.mark.parametrize(
    "response",
    [
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; unknown",
        "permessage-deflate",  # without the server_no_context_takeover that we asked for
        "other",
        "permessage-deflate, permessage-deflate",
    ],
)
def test_a_response_that_goes_beyond_the_offer(response: str) -> None:
    with scripted(b"{101 %s}" % response.encode()) as (url, _):
        done = run(url, "hello")
    assert done.returncode == 1
    assert "extension" in done.stderr


HOSTILE = "\x1b[31mred\x07 \x1b]0;title\x07\r\x7f\u009b"
ESCAPED = r"\x1b[31mred\x07 \x1b]0;title\x07\x0d\x7f\xc2\x9b"


def test_text_of_the_server_moves_no_cursor() -> None:
    """Neither in messages, nor in the reason of a close."""

    def talk(connection: ServerConnection) -> None:
        connection.recv()
        connection.send(HOSTILE + "\ttab\nline")
        connection.close(4000, HOSTILE + "\n")

    with serve(talk, "127.0.0.1", 0, compression=None) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        done = run(url, "hello", "which gets no reply")
        server.shutdown()
    assert done.stdout == ESCAPED + "\ttab\nline\n"
    assert f"closed with 4000 {ESCAPED}\\x0a\n" in done.stderr
    assert done.returncode == 1


def test_the_reason_of_a_refusal_is_reported_and_moves_no_cursor() -> None:
    with scripted(b"HTTP/1.1 404 Not\x1b[31m Here\r\nContent-Length: 0\r\n\r\n") as (url, _):
        done = run(url, "hello")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr


def test_a_refusal_is_reported() -> None:
    with scripted(b"HTTP/1.1 404 Not Here\r\nContent-Length: 0\r\n\r\n") as (url, _):
        done = run(url, "hello")
    assert done.returncode == 1
    assert "refused with status 404 Not Here" in done.stderr


def test_a_server_that_speaks_no_http_is_noticed_at_once() -> None:
    with scripted(b"\x16\x03\x01 no HTTP") as (url, _):
        done = run(url, "hello")
    assert done.returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--compress-from", "x", "ws://127.0.0.1/"),
        ("http://127.0.0.1/",),
        ("wss://127.0.0.1/",),
        ("ws://127.0.0.1:1/", "nobody listens"),
        ("ws://127.0.0.1:99999/",),
        ("--nonsense", "ws://127.0.0.1/"),
        ("--agent",),
        ("--no-compression", "--context-takeover", "ws://127.0.0.1/"),
    ],
)
def test_wrong_arguments_are_explained(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode in (1, 2)
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.endswith(" (see --help)\n") == (done.returncode == 2)


@pytest.mark.parametrize(("reason", "reported"), [("", "4000\n"), ("bye", "4000 bye\n")])
def test_a_close_is_reported_with_its_reason(reason: str, reported: str) -> None:
    def talk(connection: ServerConnection) -> None:
        connection.recv()
        connection.close(4000, reason)

    with serve(talk, "127.0.0.1", 0, compression=None) as server:
        threading.Thread(target=server.serve_forever).start()
        done = run(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/", "hello")
        server.shutdown()
    assert done.returncode == 1
    assert done.stderr.endswith(f"closed with {reported}")


def test_help_and_version() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "URL" in done.stdout
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("wscat, wscodec ")
