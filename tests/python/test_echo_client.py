"""The asyncio client example with the server of websockets, both echo servers, and servers that
break the rules."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any
from urllib.parse import parse_qs, urlsplit

import needs
import pytest
import wire
import wscodec
from echo_checks import PATIENCE, Server, echo, goodbye
from shared_tls import for_threads
from test_echo_c import BINARY as C_SERVER
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame
from websockets.sync.server import ServerConnection, serve
from websockets.typing import ExtensionParameter, Subprotocol
from wire import FIN, ROOT, TEXT

CLIENT = (sys.executable, "python/examples/echo_client.py")
Done = subprocess.CompletedProcess


def run(*arguments: str, stdin: bytes = b"") -> Done[bytes]:
    return subprocess.run(
        [*CLIENT, *arguments], cwd=ROOT, input=stdin, capture_output=True, timeout=3 * PATIENCE
    )


def check(done: Done[bytes], stdout: bytes, stderr: bytes = b"") -> None:
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, 0)


def failed(done: Done[bytes], words: bytes, stdout: bytes = b"") -> None:
    assert done.returncode == 1
    assert done.stdout == stdout
    assert done.stderr.startswith(b"echo_client.py: ") and words in done.stderr
    assert done.stderr.count(b"\n") == 1


@contextlib.contextmanager
def serving(handler: Callable[[ServerConnection], None], **options: Any) -> Iterator[str]:
    """A server of websockets, and its URL."""
    for_threads(options.get("ssl"))
    with serve(
        handler,
        "127.0.0.1",
        0,
        max_size=None,
        compression=None,
        subprotocols=[Subprotocol("chat")],
        # A client may offer none of them.
        select_subprotocol=lambda _, offered: Subprotocol("chat") if offered else None,
        **options,
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def filled_in(reply: bytes, key: str | None) -> bytes:
    """The reply, with {101} or {101 EXTENSIONS} replaced by the response to the key."""
    return re.sub(
        rb"\{101 ?(.*?)\}",
        lambda match: wscodec.build_response(key, extensions=match[1].decode()),
        reply,
    )


@contextlib.contextmanager
def scripted(*replies: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server for one client: reads a request, sends all replies, and closes when the client
    does. The list receives the data after the request."""
    received: list[bytes] = []

    def work() -> None:
        with contextlib.suppress(OSError):
            peer = listener.accept()[0]
            with peer:
                peer.settimeout(PATIENCE)
                data = b""
                while (request := wscodec.parse_handshake(data)) is None:
                    data += peer.recv(65536)
                key = request.key
                peer.sendall(b"".join(filled_in(reply, key) for reply in replies))
                peer.shutdown(socket.SHUT_WR)
                while data := peer.recv(65536):
                    received.append(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        thread = threading.Thread(target=work)
        thread.start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/", received
        thread.join(PATIENCE)


def echo_handler(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)


@pytest.fixture(scope="module", params=["websockets", "asyncio", "c"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An echo server."""
    if request.param == "websockets":
        with serving(echo_handler) as url:
            yield url
        return
    if request.param == "c" and not (ROOT / C_SERVER).exists():
        pytest.skip(f"{C_SERVER} was not built")
    command = (f"./{C_SERVER}",)
    if request.param == "asyncio":
        command = (sys.executable, "python/examples/echo_server.py")  # type: ignore[assignment]
    server = Server(command)
    yield f"ws://127.0.0.1:{server.port}"
    assert server.stop() == 0


def test_messages_of_the_command_line_are_echoed(url: str) -> None:
    check(run(url, "hi", "", "Hellö 🎉"), "hi\n\nHellö 🎉\n".encode())


def test_lines_of_stdin_are_echoed(url: str) -> None:
    lines = b"".join(b"%d\n" % i for i in range(500))
    check(run(f"{url}/x?y=z", stdin=lines), lines)
    check(run(url, stdin=b"no line feed"), b"no line feed\n")
    check(run(url, stdin=b""), b"")


@pytest.mark.parametrize(
    "options", [["--no-compression"], ["--compress-from", "0"], ["--compress-from", "99999999"]]
)
def test_compressed_messages_are_echoed(url: str, options: list[str]) -> None:
    lines = b"".join(b"%d\n" % i * 300 for i in range(20)).replace(b"\n", b" ") + b"\n"
    check(run(url, *options, stdin=lines * 5), lines * 5)


@needs.compression
def test_options_decide_which_messages_are_compressed() -> None:
    seen: Queue[tuple[str | None, list[bool]]] = Queue()
    factory = Recording()

    def handler(connection: ServerConnection) -> None:
        assert connection.request
        with contextlib.suppress(ConnectionClosed):
            while True:
                connection.send(connection.recv())
        offer = connection.request.headers.get("Sec-WebSocket-Extensions")
        seen.put((offer, factory.compressed[:2]))
        factory.compressed.clear()

    offer = "permessage-deflate; client_max_window_bits"
    with serving(handler, extensions=[factory]) as url:
        for options, expected in (
            ([], (offer, [False, True])),
            (["--compress-from", "3"], (offer, [True, True])),
            (["--no-compression"], (None, [])),
        ):
            check(run(url, *options, "one", "x" * 1024), b"one\n" + b"x" * 1024 + b"\n")
            assert seen.get(timeout=PATIENCE) == expected


class Recording(ServerPerMessageDeflateFactory):
    """Records for each frame received whether it is compressed."""

    def __init__(self) -> None:
        super().__init__()
        self.compressed: list[bool] = []

    def process_request_params(
        self, params: Any, accepted: Any
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        response, extension = super().process_request_params(params, accepted)
        decode = extension.decode

        def recording(frame: Frame, **options: Any) -> Frame:
            self.compressed.append(frame.rsv1)
            return decode(frame, **options)

        extension.decode = recording  # type: ignore[method-assign]
        return response, extension


@needs.compression
def test_damaged_compression_closes_with_1007() -> None:
    with scripted(b"{101 permessage-deflate}\xc1\x01\x06") as (url, received):
        failed(run(url), b"compressed data is damaged")
    (frame,) = wscodec.Decoder().feed(b"".join(received))
    assert frame.opcode == wire.CLOSE
    assert frame.payload == b"\x03\xefthe compressed data is damaged"


def test_binary_messages_are_echoed(url: str) -> None:
    check(run(url, "--binary", "hi"), b"hi\n")
    check(run("--binary", url, stdin=b"\xff\xfe\n\0\n"), b"\xff\xfe\n\0\n")


def test_long_messages_are_echoed(url: str) -> None:
    line = b"0123456789abcdef" * 65536 + b"\n"
    check(run(url, stdin=line * 2), line * 2)


def test_the_subprotocol_is_printed(url: str) -> None:
    check(run(url, "--subprotocol", "chat", "hi"), b"hi\n", b"subprotocol: chat\n")


def test_each_line_is_echoed_before_the_next() -> None:
    with serving(echo_handler) as url:
        client = subprocess.Popen(
            [*CLIENT, url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert client.stdin and client.stdout
        with client:
            for line in (b"one\n", b"two\n"):
                client.stdin.write(line)
                client.stdin.flush()
                assert client.stdout.readline() == line
            client.stdin.close()
            assert client.wait(PATIENCE) == 0


def test_a_close_of_the_server_ends_the_client() -> None:
    closed_with = []

    def handler(connection: ServerConnection) -> None:
        connection.send("bye")
        connection.close(4000 if connection.request.path == "/4000" else 1000, "enough")  # type: ignore[union-attr]
        closed_with.append(connection.protocol.close_rcvd)

    with serving(handler) as url:
        for path, code, message in (("", 0, b""), ("/4000", 1, b"closed with 4000 enough\n")):
            client = subprocess.Popen(
                [*CLIENT, url + path],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            with client:  # stdin stays open
                assert client.stdout and client.stderr
                assert client.stdout.read() == b"bye\n"
                assert client.wait(PATIENCE) == code
                stderr = client.stderr.read()
                assert stderr.endswith(message) and bool(stderr) == bool(message)
    assert [close and close.code for close in closed_with] == [1000, 4000]


def test_the_client_closes_with_1000() -> None:
    codes = []

    def handler(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                connection.send(connection.recv())
        codes.append(connection.protocol.close_rcvd)

    with serving(handler) as url:
        check(run(url, "hi"), b"hi\n")
    assert [close and close.code for close in codes] == [1000]


def test_frames_sent_with_the_response_are_read() -> None:
    with scripted(b"{101}" + echo(FIN | TEXT, b"hi") + goodbye(1000)) as (url, received):
        check(run(url, "one"), b"hi\n")
    frames = list(wscodec.Decoder().feed(b"".join(received)))
    assert frames[-1].opcode == wire.CLOSE and frames[-1].payload == b"\x03\xe8"


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([b"{101}", b"\x83"], b"opcode is reserved"),
        ([b"{101}", echo(FIN | TEXT, b"\xff")], b"UTF-8"),
        ([b"{101}", wire.frame(FIN | TEXT, b"hi")], b"mask"),
        ([b"{101}"], b"without a closing handshake"),
        ([b"{101}", echo(TEXT, b"hi")], b"without a closing handshake"),
        ([b""], b"without an answer"),
        ([b"HTTP/1.1 101"], b"without an answer"),
        ([b"HTTP/1.1 404 Not Found\r\n\r\n"], b"answers 404"),
        ([b"nonsense\r\n\r\n"], b"answer is wrong"),
        ([b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n"], b"answer is wrong"),
        ([b"{101}", goodbye(1011)], b"closed with 1011"),
        ([b"{101 x}"], b"answer is wrong"),
        ([b"{101 permessage-deflate; x}"], b"answer is wrong"),
        ([b"{101}", b"\xc1\x01\x00"], b"reserved bit"),
    ],
)
def test_errors_of_a_server_are_reported_in_a_line(replies: list[bytes], words: bytes) -> None:
    with scripted(*replies) as (url, _):
        failed(run(url), words)


def test_what_a_terminal_would_obey_is_escaped() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.send("\x1b[2J")
        connection.send(b"\xff\x9b")
        connection.close(4000, "\x1b[31m")

    master, terminal = os.openpty()
    with serving(talk) as url:
        done = subprocess.run(
            [*CLIENT, url, *"abc"],
            cwd=ROOT,
            stdout=terminal,
            stderr=subprocess.PIPE,
            timeout=3 * PATIENCE,
        )
    os.close(terminal)
    shown = b""
    with contextlib.suppress(OSError):  # EIO: that is all
        while data := os.read(master, 100):
            shown += data
    os.close(master)
    assert shown == b"\\x1b[2J\r\n\\xff\\x9b\r\n"
    assert b"closed with 4000 \\x1b[31m\n" in done.stderr


def test_a_missing_server_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failed(run(f"ws://127.0.0.1:{port}"), b"onnect")


def test_silent_servers_time_out() -> None:
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        failed(run(url, "--timeout", "0.5", "hi"), b"no opening handshake within 0.5 seconds")

    def handler(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                connection.recv()

    with serving(handler) as url:
        failed(run(url, "--timeout", "0.5", "hi"), b"within 0.5 seconds")
    assert time.monotonic() - started < PATIENCE


def test_a_line_that_is_not_utf8_needs_binary() -> None:
    server = Server((sys.executable, "python/examples/echo_server.py"))
    url = f"ws://127.0.0.1:{server.port}"
    failed(run(url, stdin=b"ok\n\xff\n"), b"--binary", b"ok\n")
    assert server.stop() == 0


class Fuzzer:
    """Like Autobahn's server, with three cases: a message, many, and an invalid frame."""

    def __init__(self) -> None:
        self.cases: dict[int, str] = {}
        self.agents: set[str] = set()
        self.reports = 0

    def __call__(self, connection: ServerConnection) -> None:
        assert connection.request
        place = urlsplit(connection.request.path)
        query = parse_qs(place.query)
        self.agents |= set(query.get("agent", []))
        if place.path == "/base/getCaseCount":
            connection.send("3")
        elif place.path == "/base/updateReports":
            self.reports += 1
        elif place.path == "/base/runCase":
            case = int(query["case"][0])
            self.cases[case] = "failed"
            with contextlib.suppress(ConnectionClosed):
                self.run_case(connection, case)

    def run_case(self, connection: ServerConnection, case: int) -> None:
        if case == 3:
            connection.socket.sendall(echo(FIN | TEXT, b"good") + b"\x83")
            assert connection.recv(PATIENCE) == "good"
            with contextlib.suppress(ConnectionClosed):
                connection.recv(PATIENCE)
            if connection.close_code == 1002:
                self.cases[case] = "passed"
            return
        messages: list[str | bytes] = ["", b"", "Hellö", bytes(70000), "x" * 2**20]
        messages = messages[:1] if case == 1 else messages * 5
        for message in messages:
            connection.send(message)
        for message in messages:
            assert connection.recv(PATIENCE) == message
        assert connection.ping(b"x").wait(PATIENCE)
        connection.close(1000)
        if connection.protocol.close_rcvd:
            self.cases[case] = "passed"


def test_autobahn_runs_all_cases() -> None:
    fuzzer = Fuzzer()
    with serving(fuzzer) as url:
        done = run("--autobahn", f"{url}/base/", "--agent", "me & you")
        check(done, b"case 1 of 3\ncase 2 of 3\ncase 3 of 3\n")
    assert fuzzer.cases == {1: "passed", 2: "passed", 3: "passed"}
    assert fuzzer.agents == {"me & you"}
    assert fuzzer.reports == 1


def test_help_lists_all_options() -> None:
    done = run("--help")
    assert done.returncode == 0
    for option in (b"--subprotocol", b"--binary", b"--autobahn", b"--agent", b"--timeout"):
        assert option in done.stdout
    for option in (b"--no-compression", b"--compress-from BYTES", b"1024"):
        assert option in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--nonsense"],
        ["http://localhost/"],
        ["localhost"],
        ["ws://"],
        ["ws://localhost:x/"],
        ["ws://localhost:0/"],
        ["ws://localhost:65536/"],
        ["ws://localhost/#fragment"],
        ["ws://user@localhost/"],
        ["ws://localhost/two words"],
        ["ws://localhost/\r\nX: y"],
        ["ws://localhost/", "--subprotocol", "two words"],
        ["ws://localhost/", "--timeout", "soon"],
        ["ws://localhost/", "--compress-from", "-1"],
        ["ws://localhost/", "--compress-from", "few"],
        ["ws://localhost/", "--autobahn", "ws://localhost/"],
        ["--autobahn", "http://localhost/"],
    ],
)
def test_invalid_arguments_print_the_usage(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == b"" and b"usage: " in done.stderr
    assert not re.search(rb"Traceback", done.stderr)
