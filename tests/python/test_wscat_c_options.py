"""The options of wscat, with the server of websockets and servers that break the rules."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import kernel
import needs
import pytest
import wscodec
from echo_checks import PATIENCE
from test_echo_client import echo_handler, scripted, serving
from test_wscat_c import BINARY, ESCAPED, HOSTILE, run
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection
from wire import BINARY as BINARY_FRAME
from wire import FIN, PING, ROOT, frame

pytestmark = needs.program(BINARY)


def start(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    return subprocess.Popen([f"./{BINARY}", *arguments], cwd=ROOT, **{**pipes, **options})


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The objects that --json printed, without their times, which must not decrease."""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    times = [event.pop("time") for event in found]
    assert times == sorted(times) and abs(times[-1] - time.time()) < 60
    return found


@contextlib.contextmanager
def keeping(requests: list[Request], closes: list[Any] | None = None) -> Iterator[str]:
    """An echo server that keeps the requests, and the closes that it received."""

    def handler(connection: ServerConnection) -> None:
        assert connection.request
        requests.append(connection.request)
        with contextlib.suppress(ConnectionClosed):
            while True:
                connection.send(connection.recv())
        if closes is not None:
            closes.append(connection.protocol.close_rcvd)

    with serving(handler) as url:
        yield url


# ---- the opening handshake ----


def test_header_fields_are_sent() -> None:
    requests: list[Request] = []
    with keeping(requests) as url:
        done = run(
            *("-H", "X-One: 1", "--header", "Cookie: a=b; c=d", "-H", "Host: other.example"),
            *("--origin", "https://a.example", "--basic-auth", "Aladdin:open sesame"),
            *("-s", "superchat, chat", f"{url}/path?query=1", "hello"),
        )
    assert (done.returncode, done.stdout) == (0, "hello\n")
    (request,) = requests
    assert request.path == "/path?query=1"
    headers = request.headers
    assert headers["X-One"] == "1" and headers["Cookie"] == "a=b; c=d"
    assert headers.get_all("Host") == ["other.example"]
    assert headers["Origin"] == "https://a.example"
    assert headers["Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # RFC 7617, 2
    assert headers["Sec-WebSocket-Protocol"] == "superchat, chat"


@pytest.mark.parametrize("header", ["no colon", ": no name", "X: a\r\nY: b", "Upgrade: h2c"])
def test_invalid_header_fields_are_refused(header: str) -> None:
    with serving(echo_handler) as url:
        done = run("-H", header, url, "hello")
    assert done.returncode == 2
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("ws://127.0.0.1:1/a b",), "URL"),
        (("-H", "X Y: 1", "ws://127.0.0.1:1"), "--header"),
        (("-H", "Host: a b", "ws://127.0.0.1:1"), "--header"),
        (("-H", "Sec-WebSocket-Key: x", "ws://127.0.0.1:1"), "--header"),
        (("--origin", "a\nb", "ws://127.0.0.1:1"), "--origin"),
        (("-s", "a b", "ws://127.0.0.1:1"), "--subprotocol"),
    ],
)
def test_what_is_invalid_is_named_before_a_connection_is_made(
    arguments: tuple[str, ...], named: str
) -> None:
    done = run(*arguments, "hello")
    assert done.returncode == 2 and done.stderr.startswith(f"wscat: {named}: ")


def test_the_host_names_the_port_unless_it_is_the_default() -> None:
    requests: list[Request] = []
    with keeping(requests) as url:
        assert run(url, "x").returncode == 0
    assert requests[0].headers["Host"] == url.removeprefix("ws://")


def test_an_ipv6_address() -> None:
    def work() -> None:
        peer = listener.accept()[0]
        with peer:
            received.append(peer.recv(65536))

    received: list[bytes] = []
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6")
    with listener:
        thread = threading.Thread(target=work)
        thread.start()
        port = listener.getsockname()[1]
        done = run(f"ws://[::1]:{port}", "x")
        thread.join(PATIENCE)
    assert done.returncode == 1 and "before the response was complete" in done.stderr
    assert f"\r\nHost: [::1]:{port}\r\n".encode() in received[0]


def refusing(status: HTTPStatus, body: bytes, **headers: str) -> Any:
    def respond(_: ServerConnection, __: Request) -> Response:
        fields = Headers({"Content-Length": str(len(body)), **headers})
        return Response(status.value, status.phrase, fields, body)

    return serving(echo_handler, process_request=respond)


def test_a_refusal_shows_its_status_and_the_start_of_its_body() -> None:
    body = b'{"error": "no\x1b[2J token"}\n' + b"x" * 1000
    with refusing(HTTPStatus.FORBIDDEN, body) as url:
        done = run(url, "hello")
        (event,) = events(run("--json", url, "hello"))
    assert (done.returncode, done.stdout) == (1, "")
    first, second, rest = done.stderr.splitlines()
    assert first == f"wscat: {url}: refused with status 403 Forbidden"
    assert second == '{"error": "no\\x1b[2J token"}'
    assert set(rest) == {"x"} and len(rest) < 300
    assert (event["type"], event["status"], event["reason"]) == ("refused", 403, "Forbidden")
    assert event["body"].startswith('{"error": "no\x1b[2J token"}\nxxx')
    assert ["Content-Length", str(len(body))] in event["headers"]


def test_a_redirection_shows_its_target() -> None:
    with refusing(HTTPStatus.FOUND, b"", Location="wss://other.example/") as url:
        done = run(url, "hello")
    assert done.returncode == 1
    assert "status 302 Found, see wss://other.example/\n" in done.stderr


def test_interim_responses_are_skipped() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with scripted(interim * 3 + b"{101}" + frame(0x81, b"hi", None)) as (url, _):
        done = run("--count", "1", url, "hello")
    assert done.stdout == "hi\n"


@pytest.mark.parametrize("after", [b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100])
def test_a_server_that_does_not_respond_is_left_after_the_timeout(after: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.monotonic()
        client = start("--timeout", "1", f"ws://127.0.0.1:{listener.getsockname()[1]}/")
        peer = listener.accept()[0]
        with peer, client:
            peer.sendall(after)
            assert client.wait(PATIENCE) == 1
            assert client.stderr and b"no response" in client.stderr.read()
    assert 0.9 < time.monotonic() - began < 5


# ---- messages ----


def test_json_reports_everything() -> None:
    def handler(connection: ServerConnection) -> None:
        assert connection.recv() == "Grüße\t\x01"
        assert connection.recv() == "/x"
        connection.send('a "quoted" \\ line\n\u202e\x9b')
        connection.ping(b"\x00\xff")
        connection.send(b"\x00\xff")
        with contextlib.suppress(ConnectionClosed):
            connection.recv()

    with serving(handler) as url:
        done = run(
            *("--json", "--commands", "-s", "chat", url),
            sent="Grüße\t\x01\n/ping\n//x\n",
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert all(line.isprintable() for line in done.stdout.split("\n"))
    opened, *rest = events(done)
    assert opened["type"] == "open" and opened["status"] == 101 and opened["url"] == url
    assert opened["subprotocol"] == "chat"
    assert ["Upgrade", "websocket"] in opened["headers"]
    pongs = [event for event in rest if event["type"] == "pong"]
    assert len(pongs) == 1 and 0 < pongs[0].pop("latency_ms") < 10_000
    expected = [
        {"type": "text", "direction": "sent", "text": "Grüße\t\x01"},
        {"type": "ping", "direction": "sent", "base64": "MDAwMDAwMDE="},
        {"type": "text", "direction": "sent", "text": "/x"},
        {"type": "text", "direction": "received", "text": 'a "quoted" \\ line\n\u202e\x9b'},
        {"type": "ping", "direction": "received", "base64": "AP8="},
        {"type": "binary", "direction": "received", "base64": "AP8="},
        {"type": "close", "direction": "sent", "code": 1000, "reason": ""},
        {"type": "close", "direction": "received", "code": 1000, "reason": ""},
    ]
    assert [event for event in rest if event["type"] != "pong"] == expected
    assert pongs == [{"type": "pong", "direction": "received", "base64": "MDAwMDAwMDE="}]


def test_json_encodes_binary_as_base64() -> None:
    payloads = [bytes(range(256))[: length + 1] for length in (0, 1, 2, 3, 254, 255)]
    text = "".join(f"/binary {payload.hex()}\n" for payload in payloads)
    with serving(echo_handler) as url:
        done = run("--json", "--commands", url, sent=text)
    received = [
        base64.b64decode(event["base64"], validate=True)
        for event in events(done)
        if event["type"] == "binary" and event["direction"] == "received"
    ]
    assert received == payloads


def test_json_reports_errors() -> None:
    with scripted(b"{101}", b"\x83") as (url, _):
        done = run("--json", url)
    assert done.returncode == 1
    (error,) = (event for event in events(done) if event["type"] == "error")
    assert error == {
        "type": "error",
        "error": "WS_ERR_OPCODE",
        "message": "the opcode is reserved",
    }
    assert "the opcode is reserved" in done.stderr


def test_json_reports_a_connection_that_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for url in (f"ws://127.0.0.1:{port}/", "ws://does-not-exist.invalid/"):
        done = run("--json", url, "hello")
        (error,) = events(done)
        assert done.returncode == 1 and error["type"] == "error"
        assert done.stderr == f"wscat: {url}: {error['message']}\n"


def test_binary_is_printed_unchanged() -> None:
    with serving(echo_handler) as url:
        client = start("--binary", url)
        out, _ = client.communicate(b"\xff\xfe\x1b\n\0\n", PATIENCE)
    assert (client.returncode, out) == (0, b"\xff\xfe\x1b\0")


def test_text_that_is_not_utf8_is_refused() -> None:
    with serving(echo_handler) as url:
        client = start(url)
        _, err = client.communicate(b"\xff\n", PATIENCE)
    assert client.returncode == 1 and b"not UTF-8 (see --binary)" in err


def test_text_of_the_server_reorders_no_text() -> None:
    """Neither bidirectional controls nor bytes that are not UTF-8 reach a terminal."""
    reply = b"HTTP/1.1 404 \xff\x9b31m\xe2\x80\xae\r\nContent-Length: 0\r\n\r\n"
    with scripted(reply) as (url, _):
        done = run(url, "hello")
    assert done.stderr.endswith(r"404 \xff\x9b31m\xe2\x80\xae" + "\n")
    with scripted(b"{101}" + frame(0x81, "a\u2066b\u2028c".encode(), None)) as (url, _):
        done = run("--count", "1", url, "hello")
    assert done.stdout == r"a\xe2\x81\xa6b\xe2\x80\xa8c" + "\n"


def test_verbose_reports_and_moves_no_cursor() -> None:
    def handler(connection: ServerConnection) -> None:
        connection.ping(HOSTILE)
        connection.recv()
        connection.close(1000, HOSTILE)

    with serving(handler) as url:
        done = run("-v", url, "hello")
    lines = done.stderr.splitlines()
    assert lines[0] == f"wscat: connected to {url}"
    assert f"wscat: ping received: {ESCAPED}" in lines
    assert f"wscat: close received: 1000 (normal) {ESCAPED}" in lines


def test_longer_messages_than_the_limit_are_refused() -> None:
    with serving(echo_handler) as url:
        assert run("--max-message", "10", url, "x" * 10).returncode == 0
        done = run("--max-message", "10", url, "x" * 11)
    assert done.returncode == 1 and done.stdout == ""


def test_echo_sends_every_message_back() -> None:
    received: list[Any] = []

    def handler(connection: ServerConnection) -> None:
        for message in ("one", b"\xff", "", "x" * 1_000_000):
            connection.send(message)
            received.append(connection.recv() == message)

    with serving(handler) as url:
        done = run("--echo", url)
    assert (done.returncode, done.stdout) == (0, "")
    assert received == [True] * 4


def test_echo_closes_after_as_many_messages_as_asked() -> None:
    received: list[Any] = []

    def handler(connection: ServerConnection) -> None:
        connection.send("one")
        connection.send("two")
        with contextlib.suppress(ConnectionClosed):
            while True:
                received.append(connection.recv())
        received.append(connection.protocol.close_rcvd.code)  # type: ignore[union-attr]

    with serving(handler) as url:
        done = run("--echo", "--count", "2", url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert received == ["one", "two", 1000]


# ---- commands ----


def test_commands_send_pongs_closes_and_slashes() -> None:
    received: list[Any] = []

    def handler(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                received.append(connection.recv())
        received.append(connection.protocol.close_rcvd)

    with serving(handler) as url:
        done = run("--commands", url, sent="//slash\n/pong hi\n/close 4001 see you\nlost\n")
        plain = run("--count", "0", url, sent="/close\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (plain.returncode, plain.stdout) == (0, "")
    slash, close, message, normal = received
    assert slash == "/slash" and (close.code, close.reason) == (4001, "see you")
    assert message == "/close" and normal.code == 1000


@pytest.mark.parametrize(
    "line",
    ["/nonsense", "/close 1006", "/close 99", "/close x", "/binary 0g", "/pong " + "x" * 126],
)
def test_invalid_commands_are_explained(line: str) -> None:
    with serving(echo_handler) as url:
        done = run("--commands", url, sent=line + "\n")
    assert done.returncode == 1
    assert line.split()[0] in done.stderr and done.stderr.count("\n") == 1


def test_an_unknown_command_moves_no_cursor() -> None:
    with serving(echo_handler) as url:
        done = run("--commands", url, sent=f"/{HOSTILE}\n")
    assert done.returncode == 1 and f"/{ESCAPED}: unknown command" in done.stderr


# ---- the end ----


def test_the_exit_status_tells_how_the_connection_ended() -> None:
    def handler(connection: ServerConnection) -> None:
        assert connection.request
        connection.recv()
        connection.close(int(connection.request.path[1:]), "why")

    with serving(handler) as url:
        codes = {code: run(f"{url}/{code}", "hello").returncode for code in (1000, 1001, 4000)}
    assert codes == {1000: 3, 1001: 1, 4000: 1}  # "hello" got no reply


def test_it_waits_for_as_many_messages_as_asked() -> None:
    def handler(connection: ServerConnection) -> None:
        for i in range(5):
            connection.send(str(i))
        with contextlib.suppress(ConnectionClosed):
            connection.recv()
            connection.recv()

    with serving(handler) as url:
        assert run("--count", "5", url, sent="").stdout == "0\n1\n2\n3\n4\n"
        began = time.monotonic()
        done = run("--wait", "1", "--count", "6", url, sent="")
        assert (done.returncode, done.stdout) == (3, "0\n1\n2\n3\n4\n")
        assert "did not arrive in time: 0 messages sent, 5 received" in done.stderr
        assert 0.9 < time.monotonic() - began < 5
        assert run("--count", "0", url, "sent, without a reply").returncode == 0


@pytest.mark.parametrize("pings", ["the server", "the client"])
def test_pings_do_not_prolong_the_wait_for_a_message(pings: str) -> None:
    def handler(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            connection.recv()
            while pings == "the server":
                connection.ping()
                time.sleep(0.2)
            connection.recv()

    options = ["--ping", "1"] if pings == "the client" else []
    with serving(handler) as url:
        began = time.monotonic()
        done = run("--wait", "2", *options, url, "hello")
    assert done.returncode == 3 and "did not arrive in time" in done.stderr
    assert 1.9 < time.monotonic() - began < 6


def test_without_a_close_of_ours_the_server_decides() -> None:
    def handler(connection: ServerConnection) -> None:
        assert connection.recv() == "subscribe"
        for i in range(3):
            time.sleep(0.1)
            connection.send(f"news {i}")

    with serving(handler) as url:
        done = run("--no-close", url, sent="subscribe\n")
    assert (done.returncode, done.stdout) == (0, "news 0\nnews 1\nnews 2\n")


def test_pings_are_sent_and_their_pongs_awaited() -> None:
    with serving(echo_handler) as url:
        client = start("--ping", "1", "-v", "--no-close", url)
        assert client.stdin and client.stderr
        lines = [client.stderr.readline() for _ in range(5)]
        client.stdin.close()
        client.send_signal(signal.SIGINT)
        assert client.wait(PATIENCE) == 0
    assert sum(b"pong received after " in line for line in lines) >= 1


def test_a_ping_without_its_pong_ends_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = start("--ping", "1", f"ws://127.0.0.1:{listener.getsockname()[1]}/")
        peer = listener.accept()[0]
        with peer, client:
            accept(peer)
            assert client.wait(PATIENCE) == 1
            assert client.stderr and b"no pong" in client.stderr.read()


def accept(peer: socket.socket) -> None:
    """Accepts the client, and is silent from then on."""
    request = wscodec.parse_handshake(peer.recv(65536))
    assert request and request.key
    peer.sendall(wscodec.build_response(request.key))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_connection(number: int) -> None:
    closes: list[Any] = []
    with keeping([], closes) as url:
        client = start(url)
        with client:
            assert client.stdin and client.stdout
            client.stdin.write(b"hello\n")
            client.stdin.flush()
            assert client.stdout.readline() == b"hello\n"
            client.send_signal(number)
            assert client.wait(PATIENCE) == 0
    assert [close.code for close in closes] == [1000]


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it(second: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = start("--json", f"ws://127.0.0.1:{listener.getsockname()[1]}/")
        peer = listener.accept()[0]
        with peer, client:
            accept(peer)
            assert client.stdout and b'"open"' in client.stdout.readline()
            client.send_signal(signal.SIGINT)
            assert b'"close"' in client.stdout.readline()
            client.send_signal(second)
            assert client.wait(PATIENCE) == -second


@pytest.mark.parametrize(
    ("redirections", "why"),
    [("<&-", "stdin: Bad file"), (">&-", "stdout: Bad file"), ("<&- >&- 2>&-", "")],
)
def test_the_socket_does_not_replace_a_standard_stream(redirections: str, why: str) -> None:
    """It would get the number of a descriptor that is closed."""
    with scripted(b"{101}" + frame(0x81, b"hi", None)) as (url, received):
        message = "" if redirections == "<&-" else "hello"
        command = f"./{BINARY} --verbose --no-compression {url} {message} {redirections}"
        done = subprocess.run(
            ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=20
        )
    assert done.returncode == 1 and why in done.stderr
    sent = list(wscodec.Decoder().feed(b"".join(received)))  # fails if it is not frames
    assert [f.payload for f in sent] in ([], [message.encode()])


def test_a_server_that_does_not_close_is_left_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = start("-t", "1", f"ws://127.0.0.1:{listener.getsockname()[1]}/")
        peer = listener.accept()[0]
        with peer, client:
            accept(peer)
            began = time.monotonic()
            client.stdin.close()  # type: ignore[union-attr]
            assert client.wait(PATIENCE) == 1
            assert 0.9 < time.monotonic() - began < 5
            assert client.stderr and b"does not respond" in client.stderr.read()


# ---- backpressure ----


def test_nothing_is_lost_when_the_server_reads_late() -> None:
    line = "x" * 999
    count = 20_000

    def handler(connection: ServerConnection) -> None:
        time.sleep(1)
        for _ in range(count):
            connection.send(connection.recv())

    with serving(handler) as url:
        client = start("--no-compression", url)
        out, err = client.communicate(f"{line}\n".encode() * count, 60)
    assert (client.returncode, err) == (0, b"")
    assert out == f"{line}\n".encode() * count


def test_memory_is_bounded_when_the_server_does_not_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kernel.SMALL)
        client = start("--no-compression", f"ws://127.0.0.1:{listener.getsockname()[1]}/")
        peer = listener.accept()[0]
        with peer, client:
            accept(peer)
            assert client.stdin
            os.set_blocking(client.stdin.fileno(), False)
            written, since = 0, time.monotonic()
            while time.monotonic() - since < 1 and written < 200 << 20:
                with contextlib.suppress(BlockingIOError):
                    written += os.write(client.stdin.fileno(), b"x" * 999 + b"\n")
                    since = time.monotonic()
            peak = peak_memory(client)
            client.kill()
    assert written < 20 << 20
    assert peak < 40 << 20


@pytest.mark.parametrize("options", [["--no-close"], ["--echo"]])
def test_memory_is_bounded_when_the_server_sends_pings_and_does_not_read(
    options: list[str],
) -> None:
    pings = frame(FIN | PING, b"x" * 125, None) * 1000
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = start(*options, f"ws://127.0.0.1:{listener.getsockname()[1]}/")
        peer = listener.accept()[0]
        with peer, client:
            accept(peer)
            for _ in range(500):
                peer.sendall(pings)
            peak = peak_memory(client)
            client.kill()
    assert peak < 20 << 20


def peak_memory(process: subprocess.Popen[bytes]) -> int:
    """The most bytes that it had resident so far."""
    with open(f"/proc/{process.pid}/status") as file:
        (peak,) = [line.split()[1] for line in file if line.startswith("VmHWM:")]
    return int(peak) * 1024


def test_nothing_is_lost_when_the_output_is_read_late() -> None:
    count = 300

    def handler(connection: ServerConnection) -> None:
        for i in range(count):
            connection.send(f"{i} " + "x" * 10_000)

    with serving(handler) as url:
        client = start("--no-close", url)
        time.sleep(0.5)
        out, _ = client.communicate(b"", 60)
    lines = out.decode().splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(count))


def test_a_ping_between_fragments_gets_its_pong() -> None:
    replies = (
        b"{101}",
        frame(BINARY_FRAME, b"a", None),
        frame(FIN | PING, b"now", None),
        frame(FIN, b"b", None),
    )
    with scripted(*replies) as (url, received):
        done = run("--no-close", url, sent="")
    assert done.stdout == "ab"
    frames = list(wscodec.Decoder().feed(b"".join(received)))
    assert [f.payload for f in frames if f.opcode == 10] == [b"now"]
