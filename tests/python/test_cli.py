"""python -m wscodec with pipes, against the server of websockets and others."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import needs
import pytest
import wscodec
from certificates import context
from echo_checks import PATIENCE
from test_echo_client import echo_handler, scripted, serving
from test_wscat_c import ESCAPED, HOSTILE
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection
from wire import FIN, ROOT, frame
from wscodec._cli.main import main

COMMAND = (sys.executable, "-W", "error", "-m", "wscodec")
Done = subprocess.CompletedProcess


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in os.environ if not name.endswith("_proxy")}
    return {**kept, **more}


def run(*arguments: str, sent: bytes = b"", **variables: str) -> Done[bytes]:
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        input=sent,
        capture_output=True,
        timeout=2 * PATIENCE,
        env=environment(**variables),
    )
    assert b"Traceback" not in done.stderr, done.stderr
    return done


@contextlib.contextmanager
def start(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    pipes: dict[str, Any] = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    command = [*COMMAND, *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def check(done: Done[bytes], status: int, stdout: bytes, stderr: str) -> None:
    assert (done.returncode, done.stdout, done.stderr.decode()) == (status, stdout, stderr)


# Messages


def test_it_prints_the_echo_of_its_arguments() -> None:
    with serving(echo_handler) as url:
        done = run(url, "hello", "Grüße", "x" * 100_000)
    check(done, 0, f"hello\nGrüße\n{'x' * 100_000}\n".encode(), "")


def test_it_prints_the_echo_of_its_input() -> None:
    lines = b"one\ntwo\r\n\n" + b"y" * 300_000 + b"\nlast without newline"
    with serving(echo_handler) as url:
        check(run(url, sent=lines), 0, lines + b"\n", "")


def test_many_lines_do_not_fill_any_buffer() -> None:
    lines = "".join(f"{i} {'x' * (i % 2000)}\n" for i in range(3000)).encode()
    with serving(echo_handler) as url:
        check(run(url, sent=lines), 0, lines, "")


def test_binary_messages_are_printed_unchanged() -> None:
    with serving(echo_handler) as url:
        check(run("--binary", url, sent=b"\x00\xff\n\x1b[2J"), 0, b"\x00\xff\x1b[2J", "")
        check(run("-b", url, "a", "ß"), 0, "aß".encode(), "")


def test_text_must_be_utf_8() -> None:
    closes: list[int | None] = []

    def keep(connection: ServerConnection) -> None:
        for _ in connection:
            pass
        closes.append(connection.close_code)

    with serving(keep) as url:
        done = run(url, sent=b"one\n\xff\n")
    check(done, 1, b"", "wscodec: message: not UTF-8 (see --binary)\n")
    assert closes == [1000]


def test_a_pipe_gets_the_text_of_the_server_unchanged_and_stderr_does_not() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.recv()
        connection.send(HOSTILE)
        connection.close(4000, HOSTILE + "\n")

    with serving(talk) as url:
        done = run("-v", url, "hello", "which gets no reply")
    assert (done.returncode, done.stdout) == (1, f"{HOSTILE}\n".encode())
    assert f"closed with 4000 {ESCAPED}\\x0a\n" in done.stderr.decode()
    assert b"\x1b" not in done.stderr


def test_the_limit_on_messages() -> None:
    with serving(echo_handler) as url:
        assert run("--max-message", "1000", url, "x" * 1000).returncode == 0
        done = run("--max-message", "1000", url, "x" * 1001)
        assert (done.returncode, done.stdout) == (1, b"")
        assert "limit" in done.stderr.decode()
        assert run("--max-message", "0", url, "x" * 100_000).returncode == 0


# The opening handshake


@contextlib.contextmanager
def keeping(requests: list[Request], **options: Any) -> Iterator[str]:
    """An echo server that keeps the requests."""

    def handler(connection: ServerConnection) -> None:
        assert connection.request
        requests.append(connection.request)
        echo_handler(connection)

    with serving(handler, **options) as url:
        yield url


def test_the_request_has_what_was_asked_for() -> None:
    requests: list[Request] = []
    with keeping(requests) as url:
        done = run(
            *("-H", "X-One: 1", "--header", "Cookie: a=b; c=d", "-H", "Host: other.example"),
            *("--origin", "https://a.example", "--basic-auth", "Aladdin:open sesame"),
            *("-s", "superchat, chat", f"{url}/path?query=1", "hello"),
        )
    check(done, 0, b"hello\n", "")
    (request,) = requests
    assert request.path == "/path?query=1"
    headers = request.headers
    assert headers["X-One"] == "1" and headers["Cookie"] == "a=b; c=d"
    assert headers.get_all("Host") == ["other.example"]
    assert headers["Origin"] == "https://a.example"
    assert headers["Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # RFC 7617, 2
    assert headers["Sec-WebSocket-Protocol"] == "superchat, chat"


@needs.compression
def test_compression_is_offered_unless_it_is_switched_off() -> None:
    requests: list[Request] = []
    with keeping(requests) as url:
        assert run(url, "x").returncode == run("--no-compression", url, "x").returncode == 0
    first, second = requests
    assert "permessage-deflate" in first.headers["Sec-WebSocket-Extensions"]
    assert "Sec-WebSocket-Extensions" not in second.headers


def test_what_was_agreed_and_the_close_are_reported() -> None:
    with serving(echo_handler) as url:  # which speaks chat
        done = run("--verbose", "--no-compression", "-s", "chat", url, "x")
    assert done.stderr.decode().splitlines() == [
        f"wscodec: connected to {url}, subprotocol chat",
        "wscodec: closed: sent 1000 (normal); then received 1000 (normal)",
    ]


def test_a_refusal_shows_its_status_and_the_start_of_its_body() -> None:
    body = b'{"error": "no\x1b[2J token"}\n' + b"x" * 1000

    def refuse(_: ServerConnection, __: Request) -> Response:
        fields = Headers({"Content-Length": str(len(body))})
        return Response(HTTPStatus.FORBIDDEN.value, "Forbidden", fields, body)

    with serving(echo_handler, process_request=refuse) as url:
        done = run(url, "hello")
    assert (done.returncode, done.stdout) == (1, b"")
    first, second, rest = done.stderr.decode().splitlines()
    assert first == f"wscodec: {url}: refused with status 403 Forbidden"
    assert second == '{"error": "no\\x1b[2J token"}'
    assert set(rest) == {"x"} and len(rest) < 300


def test_redirections_are_followed() -> None:
    def redirect(_: ServerConnection, request: Request) -> Response | None:
        if request.path == "/there":
            return None
        return Response(
            302, "Found", Headers({"Location": "/there", "Content-Length": "0"}), b""
        )

    with serving(echo_handler, process_request=redirect) as url:
        check(run(url, "hello"), 0, b"hello\n", "")


@pytest.mark.parametrize("arguments", [(), ("--no-proxy",), ("--proxy",)])
def test_proxies(arguments: tuple[str, ...]) -> None:
    """That of the environment, or another, or none."""

    def work() -> None:
        with contextlib.suppress(OSError):
            peer = listener.accept()[0]
            with peer:
                received.append(peer.recv(65536))
                peer.sendall(b"HTTP/1.1 403 No Entry\r\n\r\n")

    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener, serving(echo_handler) as url:
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=work)
        thread.start()
        environment = "http://127.0.0.1:1" if arguments == ("--proxy",) else proxy
        options = [*arguments, proxy] if arguments == ("--proxy",) else arguments
        done = run(*options, url, "hello", ws_proxy=environment)
        if arguments == ("--no-proxy",):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE)
    if arguments == ("--no-proxy",):
        check(done, 0, b"hello\n", "")
        assert received == []
    else:
        why = "the proxy rejects the connection: 403 No Entry"
        check(done, 1, b"", f"wscodec: {url}: proxy {proxy}: {why}\n")
        assert received[0].startswith(b"CONNECT 127.0.0.1:")


# TLS


def test_certificates_are_verified(certificates: Path) -> None:
    with serving(echo_handler, ssl=context(certificates)) as url:
        port = url.rpartition(":")[2]
        url = f"wss://localhost:{port}"
        trusted = run("--ca", f"{certificates}/ca.pem", "-v", url, "hello")
        unknown = run(url, "secret")
        insecure = run("--insecure", url, "hello")
    assert (trusted.returncode, trusted.stdout) == (0, b"hello\n")
    assert f"connected to {url}, TLSv1.3" in trusted.stderr.decode()
    check(unknown, 1, b"", f"wscodec: {url}: unable to get local issuer certificate\n")
    check(insecure, 0, b"hello\n", "")


def test_the_name_in_the_certificate_is_verified(certificates: Path) -> None:
    with serving(echo_handler, ssl=context(certificates, "other")) as url:
        url = f"wss://localhost:{url.rpartition(':')[2]}"
        done = run("--ca", f"{certificates}/ca.pem", url, "secret")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "Hostname mismatch" in done.stderr.decode()


def test_a_client_certificate(certificates: Path) -> None:
    server = context(certificates)
    server.verify_mode = 2  # type: ignore[assignment]  # CERT_REQUIRED
    server.load_verify_locations(certificates / "ca.pem")
    ca = ["--ca", f"{certificates}/ca.pem"]
    mine = ["--cert", f"{certificates}/client.pem", "--key", f"{certificates}/client.key"]
    with serving(echo_handler, ssl=server) as url:
        url = f"wss://localhost:{url.rpartition(':')[2]}"
        check(run(*ca, *mine, url, "hello"), 0, b"hello\n", "")
        assert run(*ca, url, "hello").returncode == 1
        assert run(*ca, *mine[:2], url, "hello").returncode == 2


@pytest.mark.parametrize("option", ["--ca", "--cert"])
def test_files_that_are_no_certificates(tmp_path: Path, option: str) -> None:
    path = tmp_path / "x.pem"
    path.write_text("nonsense")
    options = [option, str(path)] + (["--key", str(path)] if option == "--cert" else [])
    done = run(*options, "wss://127.0.0.1:1/", "x")
    check(done, 1, b"", f"wscodec: {path}: not a valid PEM file\n")
    options = [option, "/none"] + (["--key", "/none"] if option == "--cert" else [])
    done = run(*options, "wss://127.0.0.1:1/", "x")
    check(done, 1, b"", "wscodec: /none: No such file or directory\n")


# Closing


def test_it_closes_after_as_many_messages_as_it_was_told() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.recv()
        for i in range(3):
            connection.send(f"{i}")
        closes.append(connection.close_code if not list(connection) else -1)

    closes: list[int | None] = []
    with serving(talk) as url:
        check(run("--count", "3", url, "x"), 0, b"0\n1\n2\n", "")
        assert run("--count", "0", url, "x").returncode == 0


def test_a_message_that_does_not_come_in_time() -> None:
    def talk(connection: ServerConnection) -> None:
        for _ in connection:
            pass

    with serving(talk) as url:
        began = time.monotonic()
        done = run("--wait", "0.3", url, "x", "y")
    assert time.monotonic() - began < PATIENCE
    why = "closed since a message did not arrive in time: 2 messages sent, 0 received"
    check(done, 3, b"", f"wscodec: {url}: {why}\n")


def test_a_normal_close_before_all_was_received() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.send(connection.recv())

    with serving(talk) as url:
        done = run(url, "x", "y")
    assert (done.returncode, done.stdout) == (3, b"x\n")
    assert "before all messages were sent and received" in done.stderr.decode()


def test_without_close_it_waits_for_the_server() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.recv()
        for i in range(3):
            time.sleep(0.1)
            connection.send(f"{i}")

    with serving(talk) as url:
        check(run("--no-close", "--wait", "0.01", url, "x"), 0, b"0\n1\n2\n", "")


def test_a_close_with_another_code_is_an_error() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.recv()
        connection.close(4000, "bye")

    with serving(talk) as url:
        check(run(url, "x"), 1, b"", f"wscodec: {url}: closed with 4000 bye\n")


def test_the_end_of_the_stream_is_an_error() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.recv()
        connection.socket.shutdown(socket.SHUT_RDWR)

    with serving(talk) as url:
        done = run(url, "x")
    why = "the server closed the connection without a close frame"
    check(done, 1, b"", f"wscodec: {url}: {why}\n")


def test_a_violation_of_the_protocol_is_named() -> None:
    with scripted(b"{101}" + frame(FIN | 3, b"", None)) as (url, _):
        done = run(url, "x")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "opcode" in done.stderr.decode()


@pytest.mark.parametrize("arguments", [(), ("--no-close",), ("--count", "2", "--wait", "0")])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_connection(
    number: signal.Signals, arguments: tuple[str, ...]
) -> None:
    closes: list[int | None] = []

    def talk(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                connection.send(connection.recv())
        closes.append(connection.close_code)

    with serving(talk) as url, start(*arguments, url) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(b"hello\n")
        process.stdin.flush()
        if arguments:  # all was sent
            process.stdin.close()
        assert process.stdout.readline() == b"hello\n"
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""
    assert closes == [1000]


def test_a_signal_during_the_handshake_ends_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with start(f"ws://127.0.0.1:{listener.getsockname()[1]}/") as process:
            peer = listener.accept()[0]
            with peer:
                peer.recv(65536)
                process.send_signal(signal.SIGINT)
                assert process.wait(PATIENCE) != 0
                assert process.stderr and b"Traceback" not in process.stderr.read()


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    def talk(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                connection.send("x" * 1000)

    with serving(talk) as url, start("--no-close", url) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(PATIENCE) == 1
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_output_that_cannot_be_written_is_an_error() -> None:
    with serving(echo_handler) as url, open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, url, "x"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=environment(),
            timeout=PATIENCE,
        )
    assert (done.returncode, done.stderr) == (1, b"wscodec: No space left on device\n")


def test_without_stdin_there_is_nothing_to_send() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.send("hello")

    with serving(talk) as url:
        done = subprocess.run(
            ["sh", "-c", 'exec "$@" <&-', "sh", *COMMAND, "--no-close", url],
            cwd=ROOT,
            capture_output=True,
            env=environment(),
            timeout=PATIENCE,
        )
    check(done, 0, b"hello\n", "")


# The command line


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "the URL is missing"),
        (("http://127.0.0.1/",), "the scheme is not ws or wss"),
        (("ws://127.0.0.1:99999/",), "Port out of range"),
        (("ws://127.0.0.1:1/a b",), "white space"),
        (("--nonsense", "ws://127.0.0.1/"), "--nonsense"),
        (("--count", "-1", "ws://127.0.0.1/"), "--count"),
        (("--timeout", "x", "ws://127.0.0.1/"), "--timeout"),
        (("-H", "no colon", "ws://127.0.0.1:1"), "--header"),
        (("-H", ": no name", "ws://127.0.0.1:1"), "--header"),
        (("-H", "X Y: 1", "ws://127.0.0.1:1"), "--header"),
        (("-H", "X: a\r\nY: b", "ws://127.0.0.1:1"), "--header"),
        (("-H", "Sec-WebSocket-Key: x", "ws://127.0.0.1:1"), "--header"),
        (("--origin", "a\nb", "ws://127.0.0.1:1"), "--origin"),
        (("-s", "a b", "ws://127.0.0.1:1"), "--subprotocol"),
        (("--basic-auth", "user", "ws://127.0.0.1:1"), "--basic-auth"),
        (("-H", "Host: a b", "ws://127.0.0.1:1"), "--header: 'a b' is not a host"),
        (("-s", "", "ws://127.0.0.1:1"), "--subprotocol: ''"),
        (("ws://a,b/",), "URL: 'a,b' is not a host"),
        (("ws://a%3Ab:c@127.0.0.1/",), "the username has a colon"),
        (
            ("--basic-auth", "a:b", "-H", "Authorization: x", "ws://127.0.0.1:1"),
            "either --basic-auth or --header Authorization",
        ),
        (("--ca", "x", "ws://127.0.0.1:1"), "--ca is for wss:// URLs"),
        (("--cert", "x", "--key", "y", "ws://127.0.0.1:1"), "--cert is for wss:// URLs"),
        (("--insecure", "ws://127.0.0.1:1"), "--insecure is for wss:// URLs"),
        (("--ca", "", "wss://127.0.0.1:1"), "--ca: the name of the file is missing"),
        (("--proxy", "ftp://x", "ws://127.0.0.1:1"), "ftp"),
        (("--proxy", "http://x", "--no-proxy", "ws://127.0.0.1:1"), "--no-proxy"),
    ],
)
def test_wrong_arguments_are_explained(
    arguments: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    done = capsys.readouterr()
    assert (caught.value.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith("wscodec: ") and line.endswith(" (see --help)") and named in line


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("-c/--count", "-1", "a whole number from 0 on"),
        ("-c/--count", "1.5", "a whole number from 0 on"),
        ("--max-message", "9" * 5000, "a whole number from 0 on"),
        ("-w/--wait", "x", "a number of seconds from 0 on"),
        ("-t/--timeout", "-1", "a number of seconds from 0 on"),
        ("-p/--ping", "nan", "a number of seconds from 0 on"),
        ("-p/--ping", "inf", "a number of seconds from 0 on"),
    ],
)
def test_a_number_that_is_invalid_is_quoted_with_what_is_wanted(
    option: str, value: str, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([f"{option.split('/')[-1]}={value}", "ws://127.0.0.1:1"])
    why = f"wscodec: {option}: {value!r} is not {wanted} (see --help)\n"
    assert capsys.readouterr().err == why


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://user:secret@proxy.invalid:3128", "http://proxy.invalid:3128"),
        ("http://[::1]:1", "http://[::1]:1"),
    ],
)
def test_a_proxy_that_cannot_be_reached_is_named(proxy: str, shown: str) -> None:
    done = run("--proxy", proxy, "ws://127.0.0.1:1/", "x")
    assert (done.returncode, done.stdout) == (1, b"")
    start = f"wscodec: ws://127.0.0.1:1/: proxy {shown}: "
    assert done.stderr.decode().startswith(start) and b"secret" not in done.stderr


def test_options_may_follow_the_url_and_messages_may_start_with_a_dash() -> None:
    with serving(echo_handler) as url:
        check(run(url, "-b", "a", "--", "-x"), 0, b"a-x", "")


def test_nobody_listens() -> None:
    done = run("ws://127.0.0.1:1/", "x")
    check(done, 1, b"", "wscodec: ws://127.0.0.1:1/: Connection refused\n")


def test_a_server_that_does_not_respond_is_left_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = run("--timeout", "0.5", f"ws://127.0.0.1:{listener.getsockname()[1]}/", "x")
    assert done.returncode == 1 and b"not open in time" in done.stderr


def test_help_and_version() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, b"")
    for word in (b"URL", b"--subprotocol", b"--proxy", b"Exit status"):
        assert word in done.stdout
    done = run("--version")
    version = sys.version.split()[0]
    check(done, 0, f"wscodec {wscodec.__version__}, Python {version}\n".encode(), "")
