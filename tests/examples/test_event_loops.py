"""The examples in examples-c/loops: each server is an echo server like any other."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import kernel
import needs
import pytest
from conversation import Certificate
from echo_checks import (
    HELLO,
    MIB,
    PATIENCE,
    REFUSED,
    RFC_REQUEST,
    EchoChecks,
    Server,
    answer,
    echo,
    goodbye,
    is_dropped,
)
from shared_tls import for_threads
from test_echo_c_load import cpu_seconds
from websockets.sync.server import ServerConnection, serve
from wire import BINARY, FIN, PING, PONG, ROOT, TEXT, close, frame

FOLDER = "examples-c/loops"
PLAIN = ("uv", "libevent", "evhttp", "uring", "glib", "threads")
TLS = ("openssl", "gnutls")
CLIENT = f"{FOLDER}/curl_client"


def command(name: str) -> tuple[str, ...]:
    return (*needs.UNDER, f"{FOLDER}/{name}_server")


def trusting() -> ssl.SSLContext:
    """For a self-signed certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def why_without_uring() -> str:
    """Empty if io_uring can be used here."""
    if not (ROOT / FOLDER / "uring_server").exists():
        return ""
    done = subprocess.run(
        [f"{FOLDER}/uring_server", "--port", "none"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    process = subprocess.Popen(
        [f"{FOLDER}/uring_server", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stderr
    if process.stdout.readline():
        process.terminate()
        process.wait()
        return ""
    return process.stderr.read().strip()


WITHOUT_URING = why_without_uring()
uring = pytest.mark.skipif(bool(WITHOUT_URING), reason=WITHOUT_URING)


@needs.program(f"{FOLDER}/uv_server")
class TestLibuv(EchoChecks):
    command = command("uv")
    options_status = 204


@needs.program(f"{FOLDER}/libevent_server")
class TestLibevent(EchoChecks):
    command = command("libevent")
    options_status = 204


EVHTTP_DECIDES = {
    "a bare line feed": (b"", 101),
    "257 fields": (b"", 101),
    "a body": (b"hello", 400),
    "long field": (b"", 400),
    "HTTP/2.0": (b"", 400),
}
"""What evhttp parses in its own way: what is sent after the request, and the status."""


@needs.program(f"{FOLDER}/evhttp_server")
class TestEvhttp(EchoChecks):
    command = command("evhttp")
    options_status = 204

    @pytest.mark.parametrize("name", sorted(set(REFUSED) - set(EVHTTP_DECIDES)))
    def test_refused_handshake(self, server: Server, name: str) -> None:
        super().test_refused_handshake(server, name)

    @pytest.mark.parametrize("name", EVHTTP_DECIDES)
    def test_handshake_of_which_evhttp_decides(self, server: Server, name: str) -> None:
        old, new, _ = REFUSED[name]
        rest, status = EVHTTP_DECIDES[name]
        with server.raw() as peer:
            peer.send(RFC_REQUEST.replace(old, new, 1), rest)
            assert peer.read(12) == b"HTTP/1.1 %d" % status

    def test_a_head_that_never_ends(self, server: Server) -> None:
        with server.raw() as peer:
            peer.send(b"GET / HTTP/1.1\r\nX: ", bytes(b"x" * 65536))
            status, fields, _ = answer(peer.rest())
        assert (status, fields["connection"]) == (400, "close")

    @pytest.mark.parametrize("version", [b"1.1"])
    def test_plain_http(self, server: Server, version: bytes) -> None:
        super().test_plain_http(server, version)

    def test_plain_http_1_0(self, server: Server) -> None:
        for method, body in ((b"GET", HELLO), (b"HEAD", b"")):
            with server.raw() as peer:
                peer.send(method + b" / HTTP/1.0\r\n\r\n")
                head, _, content = peer.rest().partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.0 200 OK\r\n") and content == body


@uring
@needs.program(f"{FOLDER}/uring_server")
class TestUring(EchoChecks):
    command = command("uring")
    options_status = 204


@needs.program(f"{FOLDER}/glib_server")
class TestGlib(EchoChecks):
    command = command("glib")
    options_status = 204


@needs.program(f"{FOLDER}/threads_server")
class TestThreads(EchoChecks):
    command = command("threads")
    options_status = 204


@needs.program(f"{FOLDER}/openssl_server")
class TestOpenSsl(EchoChecks):
    command = command("openssl")
    tls = trusting()
    options_status = 204


@needs.program(f"{FOLDER}/gnutls_server")
class TestGnuTls(EchoChecks):
    command = command("gnutls")
    tls = trusting()
    options_status = 204


def run(*words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    library = ROOT / "target" / "lib"
    return subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, "LD_LIBRARY_PATH": str(library), "no_proxy": "localhost,127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


# What depends on the loop beside the protocol, for all servers at the same time


@contextlib.contextmanager
def serving(name: str, *options: str, log: IO[str] | None = None) -> Iterator[Server]:
    tls = trusting() if name in TLS else None
    server = Server(command(name), *options, log=log, tls=tls)
    try:
        yield server
    finally:
        code = server.stop()
    assert code == 0


def servers() -> list[str]:
    names = [
        name
        for name in (*PLAIN, *TLS)
        if (ROOT / FOLDER / f"{name}_server").exists()
        and not (name == "uring" and WITHOUT_URING)
    ]
    assert names
    return names


def for_all(check: object) -> None:
    assert callable(check)
    with concurrent.futures.ThreadPoolExecutor(len(PLAIN + TLS)) as pool:
        futures = {name: pool.submit(check, name) for name in servers()}
    failed = {name: error for name, f in futures.items() if (error := f.exception())}
    assert not failed, failed


def test_a_silent_peer_is_pinged_and_dropped() -> None:
    def check(name: str) -> None:
        with (
            serving(name, "--ping-interval", "1") as server,
            server.opened() as good,
            server.opened() as dead,
        ):
            for _ in range(3):
                assert good.read(2) == echo(FIN | PING)
                good.send(frame(FIN | PONG))
            assert dead.read(2) == echo(FIN | PING)
            assert is_dropped(dead, 5)
            good.send(frame(FIN | TEXT, b"hi"))
            while (got := good.read(2)) == echo(FIN | PING):
                good.send(frame(FIN | PONG))
            assert got + good.read(2) == echo(FIN | TEXT, b"hi")

    for_all(check)


def test_a_peer_that_does_not_read_is_dropped_and_a_slow_one_is_not() -> None:
    payload = bytes(8 * MIB)
    reply = echo(FIN | BINARY, payload)

    def check(name: str) -> None:
        with (
            serving(name, "--send-timeout", "4") as server,
            server.opened(kernel.SMALL) as unread,
            server.opened() as slow,
        ):
            unread.send(frame(FIN | BINARY, payload, bytes(4)))
            slow.send(frame(FIN | BINARY, payload, bytes(4)))
            got = 0
            for _ in range(16):
                got += len(slow.read(MIB // 2))
                time.sleep(0.4)
            assert got + len(slow.read(len(reply) - got)) == len(reply)
            assert is_dropped(unread, 5)
            slow.send(frame(FIN | TEXT, b"hi"))
            assert slow.read(4) == echo(FIN | TEXT, b"hi")

    for_all(check)


@needs.not_under
def test_output_that_waits_for_all_peers_is_bounded() -> None:
    """Each peer is owed 16 MiB; the limit is 32 MiB, or for each of two threads."""
    message = frame(FIN | BINARY, bytes(16 * MIB), bytes(4))

    def check(name: str) -> None:
        limit = 32 * (2 if name == "threads" else 1)
        with (
            serving(name, "--max-output", "32") as server,
            contextlib.ExitStack() as stack,
        ):
            peers = [stack.enter_context(server.opened(kernel.SMALL)) for _ in range(12)]
            for peer in peers:
                peer.send(message)
                assert server.is_well()
            # What waits, what was dropped in the last second, a message and its reply.
            assert server.peak_memory() < (limit + 4 * 16 + 16) * MIB
            dropped = sum(is_dropped(peer, 1) for peer in peers)
            assert dropped >= 6
            assert server.is_well()

    for_all(check)


def test_without_descriptors_it_neither_spins_nor_gives_up() -> None:
    started = {}
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(tempfile.TemporaryFile("w+"))
        with needs.descriptors(64):
            for name in servers():
                started[name] = stack.enter_context(serving(name, log=log))
        sockets = {
            name: [
                stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                for _ in range(100)
            ]
            for name, server in started.items()
        }
        time.sleep(0.5)
        before = {name: cpu_seconds(server) for name, server in started.items()}
        time.sleep(2)
        spent = {name: cpu_seconds(s) - before[name] for name, s in started.items()}
        assert max(spent.values()) < 0.2, spent
        log.seek(0)
        assert log.read(1000) == ""
        for name in started:
            for each in sockets[name]:
                each.close()
        time.sleep(1.5)  # io_uring accepts again within a second
        for name, server in started.items():
            assert server.is_well(), name


def test_a_port_that_is_taken_is_named() -> None:
    for name in servers():
        if name == "threads":  # shares ports
            continue
        with serving(name) as server:
            done = run(*command(name), "--port", str(server.port))
            assert done.returncode == 1
            assert str(server.port) in done.stderr and "in use" in done.stderr


# Threads


@needs.program(f"{FOLDER}/threads_server")
def test_every_thread_accepts_connections() -> None:
    """Each accepts one, and refuses the others that it gets."""
    with serving("threads", "--threads", "4", "--max-connections", "1") as server:
        statuses = []
        with contextlib.ExitStack() as stack:
            for _ in range(80):
                peer = stack.enter_context(server.raw())
                peer.send(RFC_REQUEST)
                statuses.append(peer.read(12))
        assert statuses.count(b"HTTP/1.1 101") == 4
        assert statuses.count(b"HTTP/1.1 503") == 76


@needs.program(f"{FOLDER}/threads_server")
def test_the_number_of_threads_is_checked() -> None:
    for value in ("0", "257", "two"):
        done = run(*command("threads"), "--threads", value)
        assert (done.returncode, done.stdout) == (2, "")
        assert "--threads: not a number from 1 to 256 (see --help)" in done.stderr


# TLS


@pytest.mark.parametrize("name", TLS)
def test_a_certificate_of_the_user(name: str, certificate: Certificate) -> None:
    cert, key, ca = certificate
    context = ssl.create_default_context(cafile=ca)
    server = Server(command(name), "--cert", cert, "--key", key, tls=context)
    with server.client(server_hostname="localhost") as client:
        client.send("hi")
        assert client.recv(PATIENCE) == "hi"
    assert server.stop() == 0


@pytest.mark.parametrize("name", TLS)
def test_a_certificate_that_cannot_be_used_is_named(
    name: str, certificate: Certificate
) -> None:
    cert, key, _ = certificate
    for options, code, words in (
        (("--cert", cert), 2, "--cert: needs --cert and --key"),
        (("--key", key), 2, "--key: needs --cert and --key"),
        (("--cert", "missing.pem", "--key", key), 1, "missing.pem"),
        (("--cert", key, "--key", key), 1, key),
    ):
        done = run(*command(name), "--port", "0", *options)
        assert (done.returncode, done.stdout) == (code, "")
        assert words in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", TLS)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_of_tls(name: str, version: ssl.TLSVersion) -> None:
    context = trusting()
    context.minimum_version = context.maximum_version = version
    server = Server(command(name), tls=context)
    assert server.is_well()
    assert server.stop() == 0


@pytest.mark.parametrize("name", TLS)
def test_a_handshake_of_tls_byte_by_byte(name: str) -> None:
    """Of TLS, of HTTP, and of a message."""
    with serving(name) as server:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = trusting().wrap_bio(incoming, outgoing)
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as tcp:
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def step(function: object, *arguments: object) -> object:
                assert callable(function)
                while True:
                    try:
                        result = function(*arguments)
                    except ssl.SSLWantReadError:
                        result = None
                    for byte in outgoing.read():
                        tcp.sendall(bytes([byte]))
                    if result is not None or function == tls.do_handshake and tls.cipher():
                        return result
                    incoming.write(tcp.recv(65536))

            step(tls.do_handshake)
            step(tls.write, RFC_REQUEST)
            assert b" 101 " in bytes(step(tls.read, 4096))  # type: ignore[call-overload]
            step(tls.write, frame(FIN | TEXT, b"hi"))
            assert step(tls.read, 4096) == echo(FIN | TEXT, b"hi")


@pytest.mark.parametrize("name", TLS)
def test_what_is_no_tls_ends_the_connection(name: str) -> None:
    with serving(name, "--handshake-timeout", "1") as server:
        for sent in (RFC_REQUEST, b"\x16\x03\x01\x00\x05hello", bytes(100)):
            with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as tcp:
                tcp.sendall(sent)
                with contextlib.suppress(ConnectionResetError):
                    assert len(tcp.recv(4096)) <= 7  # at most an alert
                    assert tcp.recv(4096) == b""
        assert server.is_well()


@pytest.mark.parametrize("name", TLS)
def test_a_close_comes_before_the_close_notify(name: str) -> None:
    """TlsSocket requires the close_notify."""
    with serving(name) as server, server.opened() as peer:
        peer.send(close(1000))
        assert peer.rest() == goodbye(1000)


# The client on curl


@contextlib.contextmanager
def python_server(context: ssl.SSLContext | None = None) -> Iterator[str]:
    def handle(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with serve(handle, "127.0.0.1", 0, ssl=for_threads(context)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        scheme = "wss" if context else "ws"
        yield f"{scheme}://localhost:{server.socket.getsockname()[1]}/path?query"
        server.shutdown()
        thread.join()


@needs.program(CLIENT)
def test_curl_sends_messages_and_prints_replies() -> None:
    with python_server() as url:
        done = run(CLIENT, url, "hello", "wörld\x1b", "x" * 100_000)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "hello\nwörld\\x1b\n" + "x" * 100_000 + "\n"


@needs.program(CLIENT)
def test_curl_checks_certificates(certificate: Certificate) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with python_server(context) as url:
        for options in (("--cacert", certificate[0]), ("--insecure",)):
            done = run(CLIENT, *options, url, "hello")
            assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")
        done = run(CLIENT, url, "hello")
    assert done.returncode == 1 and "certificate" in done.stderr


@needs.program(CLIENT)
@pytest.mark.parametrize("name", ["uv", *TLS])
def test_curl_with_our_servers(name: str) -> None:
    with serving(name) as server:
        scheme = "wss" if name in TLS else "ws"
        done = run(CLIENT, "--insecure", f"{scheme}://localhost:{server.port}", "hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")


@needs.program(CLIENT)
def test_curl_passes_a_proxy() -> None:
    """By CONNECT, for ws, too."""
    with python_server() as url, socket.create_server(("127.0.0.1", 0)) as listener:
        requests = []

        def relay() -> None:
            left, _ = listener.accept()
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += left.recv(1)
            requests.append(head.split(b"\r\n")[0])
            port = int(head.split()[1].rsplit(b":", 1)[1])
            right = socket.create_connection(("127.0.0.1", port))
            left.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            other = threading.Thread(target=pump, args=(right, left))
            other.start()
            pump(left, right)
            other.join()
            left.close()
            right.close()

        def pump(source: socket.socket, target: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=relay)
        thread.start()
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
        done = run("env", "-u", "no_proxy", f"http_proxy={proxy}", CLIENT, url, "hello")
        thread.join(PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")
    assert requests[0].startswith(b"CONNECT localhost:")


@needs.program(CLIENT)
def test_curl_explains_failures() -> None:
    with serving("uv") as server:
        url = f"ws://127.0.0.1:{server.port}"
        for arguments, code, words in (
            ((), 2, "URL: missing (see --help)"),
            (("--nonsense", url), 2, "--nonsense: unknown option"),
            (("http://localhost/", "hi"), 1, "ws://"),
            (("ws://127.0.0.1:1/", "hi"), 1, "connect"),
            ((url, b"\xff"), 1, "not UTF-8"),
        ):
            done = run(CLIENT, *arguments)
            assert (done.returncode, done.stdout) == (code, "")
            assert words in done.stderr
    with serving("uv", "--max-connections", "1") as server, server.opened():
        done = run(CLIENT, f"ws://127.0.0.1:{server.port}", "hi")
        assert done.returncode == 1 and "refused with status 503" in done.stderr


# Building


def test_make_names_what_is_missing(tmp_path: Path) -> None:
    """Without pkg-config, no library is known."""
    shutil.copytree(ROOT / "examples-c", tmp_path / "examples-c")
    make = ["make", "-C", str(tmp_path / "examples-c/loops"), "PKG_CONFIG=false"]
    flags = [f"WSCODEC_CFLAGS=-I{ROOT}/include", f"WSCODEC_LIBS=-L{ROOT}/target/lib -lwscodec"]
    run(*make, "clean")
    done = run(*make, *flags, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "examples-c/loops/threads_server").exists()
    assert "uv_server skipped: it needs libuv (Debian: apt install libuv1-dev)" in done.stdout
    done = run(*make, *flags, "gnutls_server")
    assert done.returncode == 2
    assert "gnutls_server skipped: it needs gnutls" in done.stderr


def without_uring() -> None:
    """Makes io_uring_setup() fail, as containers do, in the process that is to start."""
    import ctypes
    import struct

    load, jump_if_equal, reply = 0x20, 0x15, 0x06
    program = b"".join(
        struct.pack("HBBI", *words)
        for words in (
            (load, 0, 0, 0),  # the number of the system call
            (jump_if_equal, 0, 1, 425),
            (reply, 0, 0, 0x00050000 | 1),  # EPERM
            (reply, 0, 0, 0x7FFF0000),  # allowed
        )
    )
    instructions = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxQ", 4, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    assert libc.prctl(22, 2, described, 0, 0) == 0  # PR_SET_SECCOMP


@needs.program(f"{FOLDER}/uring_server")
def test_uring_says_that_it_is_not_available() -> None:
    done = subprocess.run(
        [ROOT / FOLDER / "uring_server", "--port", "0"],
        env={"LD_LIBRARY_PATH": str(ROOT / "target/lib")},
        capture_output=True,
        text=True,
        preexec_fn=without_uring,  # noqa: PLW1509
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("uring_server: io_uring is not available: Operation not permitted\n")


# The commands of the README


def commands() -> list[str]:
    text = (ROOT / FOLDER / "README.md").read_text()
    return [line[4:].split("#")[0].strip() for line in re.findall(r"^    .*$", text, re.M)]


def test_the_readme_builds_and_starts_every_example() -> None:
    given = commands()
    listed = run("make", "-C", FOLDER, "-p", "-n").stdout
    (names,) = re.findall(r"^EXAMPLES := (.*)$", listed, re.M)
    for name in names.split():
        assert any(line.endswith(f"loops {name}") for line in given), name
        assert any(line.startswith(f"{FOLDER}/{name}") for line in given), name
    install = (ROOT / "tests/tools/install.sh").read_text()
    for line in given:
        if line.startswith("apt install"):
            assert line.split()[-1] in install
            assert line.split()[-1] in (ROOT / FOLDER / "Makefile").read_text()


def test_commands_of_the_readme() -> None:
    """Each make and each start; port 8080 is replaced by a free one."""
    for line in commands():
        if line.startswith("make -C"):
            done = run(*shlex.split(line))
            assert done.returncode == 0, done.stderr
        elif line.startswith(FOLDER) and "_server" in line:
            words = shlex.split(line)
            name = words[0].rsplit("/", 1)[1].removesuffix("_server")
            if name == "uring" and WITHOUT_URING:
                continue
            server = Server(tuple(words), tls=trusting() if name in TLS else None)
            assert server.is_well()
            assert server.stop() == 0


def test_clients_of_the_readme() -> None:
    clients = [line for line in commands() if ":8080" in line]
    assert len(clients) == 3
    for line in clients:
        name = "openssl" if "wss:" in line else "uv"
        with serving(name) as server:
            words = shlex.split(line.replace(":8080", f":{server.port}"))
            words[0] = sys.executable if words[0] == "python3" else words[0]
            typing = words[0] == sys.executable
            client = subprocess.Popen(
                words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            assert client.stdin and client.stdout
            received = b""
            if typing:
                client.stdin.write(b"hello\n")
                client.stdin.flush()
            while b"hello" not in received:
                received += (part := os.read(client.stdout.fileno(), 4096))
                assert part, received
            client.stdin.close()
            assert client.wait(PATIENCE) == 0
            client.stdout.close()


def count_lines(name: str) -> str:
    path = ROOT / FOLDER / name
    path = path if path.exists() else path.parent.parent / name
    words = shlex.split(next(line for line in commands() if line.startswith("gcc")))
    done = run(*words[: words.index("FILE")], str(path))
    return str(sum(bool(line.strip()) for line in done.stdout.splitlines()))


def test_lengths_in_the_readme() -> None:
    rows = re.findall(
        r"^\| (`.*?) \| ([\d +]+) \|", (ROOT / FOLDER / "README.md").read_text(), re.M
    )
    assert len(rows) == len(PLAIN + TLS) + 2
    for example, lengths in rows:
        names = re.findall(r"`(\w+\.[ch])`", example)
        assert lengths == " + ".join(map(count_lines, names)), example
