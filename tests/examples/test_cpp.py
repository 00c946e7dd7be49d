"""The C++ examples with Asio: the echo server, the chat, and the client."""

from __future__ import annotations

import contextlib
import os
import random
import re
import select
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import needs
import pytest
from compression_checks import CompressionChecks
from echo_checks import MIB, PATIENCE, EchoChecks, Peer, Server, goodbye
from needs import UNDER
from pmd import OFFER, inflate, opened, read_frame
from test_echo_c_load import check_without_descriptors, cpu_seconds_of
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve
from websockets.utils import accept_key
from wire import BINARY, FIN, ROOT, TEXT, frame

ECHO = "examples-cpp/echo_server"
CHAT = "examples-cpp/chat"
CLIENT = "examples-cpp/client"
RSV1 = 0x40


@needs.program(ECHO)
class TestEcho(EchoChecks):
    command = (*UNDER, f"./{ECHO}")


@needs.program(ECHO)
@needs.compression
class TestCompression(CompressionChecks):
    command = (*UNDER, f"./{ECHO}")


@needs.program(ECHO)
@needs.not_under
def test_a_peer_that_reads_nothing_is_dropped() -> None:
    server = Server((f"./{ECHO}",), "--send-timeout", "1")
    with server.opened() as silent, server.opened() as idle:
        started = time.monotonic()
        with pytest.raises(ConnectionError):
            while True:  # until the server closes its socket
                silent.send(frame(FIN | BINARY, bytes(MIB), bytes(4)))
        assert 0.9 < time.monotonic() - started < 5
        idle.send(frame(FIN | TEXT, b"hi"))
        assert read_frame(idle) == (FIN | TEXT, b"hi")
    assert server.stop() == 0


@needs.program(ECHO)
@needs.not_under
def test_without_descriptors_it_does_not_spin() -> None:
    check_without_descriptors((f"./{ECHO}",))


# ---- the chat ----


@pytest.fixture
def chat() -> Iterator[Server]:
    server = Server((*UNDER, f"./{CHAT}"))
    yield server
    assert server.stop() == 0


@contextlib.contextmanager
def entered(
    server: Server, name: str, *offers: ClientPerMessageDeflateFactory
) -> Iterator[ClientConnection]:
    with connect(
        f"ws://127.0.0.1:{server.port}/",
        compression=None,
        extensions=offers,
        max_size=None,
        proxy=None,
    ) as client:
        client.send(name)
        assert client.recv(PATIENCE) == f"{name} joined"
        yield client


@needs.program(CHAT)
def test_everybody_gets_every_message_in_order(chat: Server) -> None:
    offer = ClientPerMessageDeflateFactory
    with contextlib.ExitStack() as stack:
        clients: list[ClientConnection] = []
        kinds = [(), (offer(),), (offer(server_max_window_bits=9),), (offer(),), ()]
        for i, offers in enumerate(kinds):
            client = stack.enter_context(entered(chat, f"n{i}", *offers))
            for other in clients:
                assert other.recv(PATIENCE) == f"n{i} joined"
            clients.append(client)
        texts = ["hi", "Grüße", "", "long " * 1000, "longer " * 100_000, "hi"]
        for i, text in enumerate(texts * 2):
            clients[i % 5].send(text)
            for other in clients:
                assert other.recv(PATIENCE) == f"n{i % 5}: {text}"
        clients[4].close()
        for other in clients[:4]:
            assert other.recv(PATIENCE) == "n4 left"


def member(server: Server, offer: str = OFFER) -> Peer:
    peer, _ = opened(server, offer)
    peer.send(frame(FIN | TEXT, b"name"))
    assert read_frame(peer) == (FIN | TEXT, b"name joined")
    return peer


@needs.program(CHAT)
@needs.compression
def test_clients_with_the_same_window_get_the_same_bytes(chat: Server) -> None:
    offers = [OFFER, f"{OFFER}; server_max_window_bits=9"] * 2
    peers: list[Peer] = []
    for offer in offers:
        joined = member(chat, offer)
        for peer in peers:
            assert read_frame(peer) == (FIN | TEXT, b"name joined")
        peers.append(joined)
    # Prose: a window of 9 bits finds less in it than one of 15.
    pick = random.Random(1)
    words = [pick.randbytes(4).hex().encode() for _ in range(500)]
    text = b" ".join(pick.choices(words, k=2000))
    for _ in range(2):
        peers[0].send(frame(FIN | TEXT, text))
        frames = [read_frame(peer) for peer in peers]
        assert frames[:2] == frames[2:] and frames[0] != frames[1]
        for (first, data), bits in zip(frames[:2], (15, 9), strict=True):
            assert first == FIN | RSV1 | TEXT
            assert inflate(data, bits) == b"name: " + text
    for peer in peers:
        peer.socket.close()


@needs.program(CHAT)
@needs.not_under
def test_a_slow_reader_is_dropped_and_delays_nobody(chat: Server) -> None:
    text = b"x" * (MIB // 2)
    with chat.opened() as slow, chat.opened() as peer:
        peer.send(frame(FIN | TEXT, b"fast"))
        assert read_frame(peer) == (FIN | TEXT, b"fast joined")
        for _ in range(60):
            peer.send(frame(FIN | TEXT, text))
            assert read_frame(peer) == (FIN | TEXT, b"fast: " + text)
        with contextlib.suppress(ConnectionResetError):
            assert len(slow.rest()) < 30 * MIB
        assert chat.peak_memory() < 24 * MIB
        peer.send(frame(FIN | TEXT, b"still here"))
        assert read_frame(peer) == (FIN | TEXT, b"fast: still here")


@needs.program(CHAT)
@needs.not_under
def test_pings_of_a_peer_that_reads_nothing_take_no_memory(chat: Server) -> None:
    pings = frame(0x89, bytes(125)) * 8000  # about 1 MiB
    with chat.opened() as peer, chat.opened() as other:
        peer.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):  # the chat reads no more
            for _ in range(100):
                peer.socket.sendall(pings)
        assert chat.peak_memory() < 24 * MIB
        other.send(frame(FIN | TEXT, b"other"))
        assert read_frame(other) == (FIN | TEXT, b"other joined")


@needs.program(CHAT)
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(FIN | TEXT, b""), 1008),
        (frame(FIN | TEXT, b"n" * 33), 1008),
        (frame(FIN | TEXT, b"\x1b[2J"), 1008),
        (frame(FIN | BINARY, b"name"), 1008),
        (frame(FIN | TEXT, b"\xff"), 1007),
        (frame(FIN | BINARY, bytes(MIB + 1)), 1009),
    ],
    ids=["no name", "long name", "control characters", "binary", "UTF-8", "too big"],
)
def test_the_chat_closes_the_connection(chat: Server, sent: bytes, code: int) -> None:
    with chat.opened() as peer, chat.opened() as other:
        other.send(frame(FIN | TEXT, b"other"))
        for one in (peer, other):
            assert read_frame(one) == (FIN | TEXT, b"other joined")
        peer.send(sent, frame(FIN | TEXT, b"ignored"), goodbye_of_client(1000))
        first, payload = read_frame(peer)
        assert (first, int.from_bytes(payload[:2], "big")) == (0x88, code)
        with contextlib.suppress(ConnectionResetError):
            assert peer.rest() == b""
        other.send(frame(FIN | TEXT, b"on"))
        assert read_frame(other) == (FIN | TEXT, b"other: on")


def goodbye_of_client(code: int) -> bytes:
    return frame(0x88, code.to_bytes(2, "big"))


@needs.program(CHAT)
def test_the_chat_stops(chat: Server) -> None:
    with entered(chat, "a") as client, chat.raw() as newcomer, chat.opened() as silent:
        newcomer.send(b"GET / HTTP/1.1\r\n")
        assert chat.stop() == 0
        with pytest.raises(ConnectionClosed):
            client.recv(PATIENCE)
        assert client.close_code == 1001
        assert silent.rest() == goodbye(1001)


# ---- the client ----


def run_client(url: str, sent: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*UNDER, f"./{CLIENT}", url], cwd=ROOT, input=sent, capture_output=True, timeout=30
    )


@contextlib.contextmanager
def websockets_server(**options: str | None) -> Iterator[tuple[str, list[object]]]:
    """An echo server of websockets; the list is the path, the messages and the close code."""
    heard: list[object] = []

    def echo(connection: ServerConnection) -> None:
        assert connection.request
        heard.append(connection.request.path)
        for message in connection:
            heard.append(message)
            with contextlib.suppress(ConnectionClosed):
                connection.send(message)
        heard.append(connection.close_code)

    with serve(echo, "127.0.0.1", 0, **options) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        try:
            yield f"ws://127.0.0.1:{port}/chat?room=1", heard
        finally:
            server.shutdown()
            thread.join(PATIENCE)


@needs.program(CLIENT)
@pytest.mark.parametrize("compression", ["deflate", None])
def test_the_client_sends_its_input_and_prints_replies(compression: str | None) -> None:
    lines = ["one", "", "Grüße", "three " * 10_000, "one"]
    with (
        websockets_server(compression=compression) as (url, heard),
        subprocess.Popen(
            [*UNDER, f"./{CLIENT}", url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ) as client,
    ):
        assert client.stdin and client.stdout
        for line in lines:
            client.stdin.write(f"{line}\n")
        client.stdin.flush()
        assert [client.stdout.readline() for _ in lines] == [f"{line}\n" for line in lines]
        client.stdin.close()  # starts the closing handshake
        assert client.stdout.read() == ""
        assert client.wait(PATIENCE) == 0
    assert heard == ["/chat?room=1", *lines, 1000]


@needs.program(CLIENT)
def test_the_client_sends_only_valid_text() -> None:
    with websockets_server() as (url, heard):
        done = run_client(url, b"\xff\nyes\n")
    assert done.returncode == 0
    assert b"not valid UTF-8" in done.stderr
    assert heard[1:] == ["yes", 1000]


@needs.program(CLIENT)
def test_the_client_reports_errors() -> None:
    with websockets_server() as (url, _):
        port = url.split(":")[2].split("/")[0]
    for bad, status in (
        (f"ws://127.0.0.1:{port}/", 1),  # the server has stopped
        ("http://127.0.0.1/", 2),
        ("ws://", 2),
    ):
        done = run_client(bad)
        assert done.returncode == status
        assert done.stderr and not done.stdout
    assert run_client("--help").returncode == 0


@needs.program(CLIENT)
def test_the_client_escapes_what_a_server_sends() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.send("\x1b[2J")
        connection.send(b"\0\0\0")
        connection.close(4000)

    with serve(talk, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        read, write = os.pipe()  # an input that never ends
        done = subprocess.run(
            [f"./{CLIENT}", f"ws://127.0.0.1:{server.socket.getsockname()[1]}"],
            cwd=ROOT,
            stdin=read,
            capture_output=True,
            timeout=30,
        )
        server.shutdown()
        thread.join(PATIENCE)
        os.close(read)
        os.close(write)
    assert done.returncode == 0
    assert done.stdout == b"\\x1b[2J\n(3 bytes)\n"
    assert b"closed by the server: 4000" in done.stderr


def accept(listener: socket.socket) -> socket.socket:
    """After the opening handshake of a client."""
    server, _ = listener.accept()
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", server.recv(4096))
    assert key
    server.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
        % accept_key(key[1].decode()).encode()
    )
    return server


@needs.program(CLIENT)
@needs.not_under
def test_the_client_neither_spins_nor_lingers_when_the_server_reads_nothing() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        subprocess.Popen(
            [f"./{CLIENT}", f"ws://127.0.0.1:{listener.getsockname()[1]}"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
        ) as client,
    ):
        server = accept(listener)
        assert client.stdin
        lines = client.stdin.fileno()
        os.set_blocking(lines, False)
        while select.select([], [lines], [], 0.5)[1]:  # until it reads no more input
            os.write(lines, b"x" * 4000 + b"\n")
        server.sendall(goodbye(1000))
        time.sleep(0.2)
        spent = cpu_seconds_of(client.pid)
        time.sleep(1)
        assert cpu_seconds_of(client.pid) - spent < 0.2
        assert client.poll() is None  # its output still waits to be read
        server.close()
        assert client.wait(3) == 0
        client.stdin.close()


@needs.program(CLIENT)
@needs.not_under
def test_the_client_leaves_a_server_that_sends_pings_and_reads_nothing() -> None:
    pings = frame(0x89, bytes(125), None) * 8000  # about 1 MiB
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        subprocess.Popen(
            [f"./{CLIENT}", f"ws://127.0.0.1:{listener.getsockname()[1]}"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as client,
    ):
        server = accept(listener)
        server.settimeout(2)
        with pytest.raises((TimeoutError, ConnectionError)):  # the client reads no more
            for _ in range(100):
                server.sendall(pings)
        server.close()
        assert client.wait(3) == 1
        assert client.stderr and b"does not read" in client.stderr.read()


# The README


@needs.program(CLIENT)
@needs.not_under
def test_commands_of_the_readme(tmp_path: Path) -> None:
    """Port 8080 is replaced by a free one, and the program built by hand goes to tmp_path."""
    text = (ROOT / "examples-cpp/README.md").read_text().replace("\\\n", "")
    commands = re.findall(r"^    (\S[^#\n]*)", text, re.M)
    _, start, connect_to, build = (shlex.split(line) for line in commands)
    installed = {**os.environ, "PKG_CONFIG_PATH": str(tmp_path / "lib/pkgconfig")}
    subprocess.run(["make", "-s", "install", f"PREFIX={tmp_path}"], cwd=ROOT, check=True)
    output = shlex.quote(str(tmp_path / "echo_server"))
    by_hand = commands[-1].replace("-o echo_server", f"-o {output}")
    assert build[:2] == ["g++", "-std=c++20"] and output in by_hand
    subprocess.run(by_hand, shell=True, cwd=ROOT / "examples-cpp", env=installed, check=True)

    library = f"LD_LIBRARY_PATH={tmp_path / 'lib'}"
    for command in ((start[0],), ("env", library, str(tmp_path / "echo_server"))):
        server = Server(command)
        line = [word.replace(":8080", f":{server.port}") for word in connect_to]
        done = subprocess.run(line, cwd=ROOT, input=b"Hello\n", capture_output=True)
        assert (done.returncode, done.stdout) == (0, b"Hello\n"), done.stderr
        assert server.stop() == 0
