"""The C example that sends every message to all clients."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import kernel
import needs
import pytest
from deflated import RSV1
from echo_checks import MIB, PATIENCE, PLAIN_REQUEST, Peer, Server, echo, goodbye
from needs import UNDER
from pmd import OFFER, inflate, opened, read_frame
from test_echo_c_load import check_without_descriptors, cpu_seconds, memory
from websockets.exceptions import ConnectionClosedOK
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import ClientConnection, connect
from wire import BINARY, FIN, PING, PONG, ROOT, TEXT, close, frame

PROGRAM = "examples-c/broadcast"
COMMAND = (*UNDER, f"./{PROGRAM}")

pytestmark = [needs.program(PROGRAM), needs.compression]

WORDS = b"the quick brown fox jumps over a lazy dog while nobody else cares".split()


def prose(size: int, seed: int = 1) -> bytes:
    """What compresses, but not to nothing."""
    pick = random.Random(seed)
    return b" ".join(pick.choices(WORDS, k=size // 3))[:size]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(COMMAND)
    yield server
    assert server.stop() == 0


def client(server: Server, *offers: ClientPerMessageDeflateFactory) -> ClientConnection:
    """A client of websockets."""
    return connect(
        f"ws://127.0.0.1:{server.port}/",
        compression=None,
        extensions=offers,
        max_size=None,
        proxy=None,
    )


def offer(**options: Any) -> ClientPerMessageDeflateFactory:
    return ClientPerMessageDeflateFactory(**options)


@pytest.mark.parametrize(
    "options",
    [(), ("--compress-from", "0"), ("--no-compression",), ("--context-takeover",)],
    ids=" ".join,
)
def test_everybody_gets_everything_in_order(options: tuple[str, ...]) -> None:
    server = Server(COMMAND, *options)
    messages: list[str | bytes] = ["hi", "", b"", prose(1023).decode(), prose(1024), b"\xff"]
    messages += [random.Random(1).randbytes(70_000), prose(MIB).decode(), "hi"]
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(client(server, *offers))
            for offers in (
                (),
                (offer(),),
                (offer(),),
                (offer(server_max_window_bits=9),),
                (offer(server_max_window_bits=12, client_max_window_bits=9),),
                (offer(server_no_context_takeover=True, client_no_context_takeover=True),),
                (),
            )
        ]
        compress = "--no-compression" not in options
        assert [bool(c.protocol.extensions) for c in clients] == [
            compress and i not in (0, 6) for i in range(7)
        ]
        for i, message in enumerate(messages * 2):
            clients[i % 7].send(message)
            for other in clients:
                assert other.recv(PATIENCE) == message
        for other in clients:
            other.close(4000)
            assert other.close_code == 4000
    assert server.stop() == 0


def test_clients_that_agreed_on_the_same_get_the_same_bytes(server: Server) -> None:
    offers = [OFFER, f"{OFFER}; server_max_window_bits=9"] * 2
    peers, answers = zip(*[opened(server, offer) for offer in offers], strict=True)
    assert list(answers) == offers  # nothing is asked of them
    with server.opened() as plain:
        for payload in (prose(5000), prose(5000), prose(5000, 2)):
            peers[0].send(frame(FIN | TEXT, payload))
            frames = [read_frame(peer) for peer in peers]
            assert frames[:2] == frames[2:] and frames[0] != frames[1]
            for (first, data), bits in zip(frames[:2], (15, 9), strict=True):
                assert first == FIN | RSV1 | TEXT
                assert inflate(data, bits) == payload
            assert read_frame(plain) == (FIN | TEXT, payload)
        peers[1].send(frame(FIN | BINARY, bytes(1023)))
        for peer in (*peers, plain):
            assert read_frame(peer) == (FIN | BINARY, bytes(1023))
            peer.socket.close()


@needs.not_under
def test_a_message_is_compressed_once(server: Server) -> None:
    """More clients do not cost more compression."""
    payload = prose(MIB)

    def cost(peers: list[Peer]) -> float:
        before = cpu_seconds(server)
        for _ in range(5):
            peers[0].send(frame(FIN | TEXT, payload))
            for peer in peers:
                first, _ = read_frame(peer)
                assert first == FIN | RSV1 | TEXT
        return cpu_seconds(server) - before

    with contextlib.ExitStack() as stack:
        peers = [opened(server)[0]]
        alone = cost(peers)
        peers += [opened(server)[0] for _ in range(49)]
        for peer in peers:
            stack.enter_context(peer)
        assert cost(peers) < 10 * alone


@needs.not_under
def test_a_slow_reader_is_dropped_and_holds_nobody_up(server: Server) -> None:
    payload = random.Random(1).randbytes(MIB // 2)
    with server.opened() as slow, server.opened() as peer, opened(server)[0] as other:
        for _ in range(100):
            peer.send(frame(FIN | BINARY, payload))
            assert read_frame(peer) == (FIN | BINARY, payload)
            assert inflate(read_frame(other)[1]) == payload
        with contextlib.suppress(ConnectionResetError):
            assert len(slow.rest()) < 50 * MIB
        assert server.peak_memory() < 24 * MIB
        peer.send(frame(FIN | TEXT, b"still here"))
        for one in (peer, other):
            assert read_frame(one) == (FIN | TEXT, b"still here")


def send_to_all(peer: Peer) -> None:
    peer.send(frame(FIN | BINARY, bytes(MIB // 4), bytes(4)))
    assert len(read_frame(peer)[1]) == MIB // 4


@contextlib.contextmanager
def silent_client(send_timeout: int) -> Iterator[tuple[Peer, Peer]]:
    """Somebody, and a client that has not read so much that 1 MiB waits in the server, but less
    than is too much."""
    server = Server(COMMAND, "--send-timeout", str(send_timeout))
    with server.opened() as peer, server.opened(kernel.SMALL) as silent:
        sent = 0
        while sent - kernel.unread(silent.socket) < MIB:
            send_to_all(peer)
            sent += 10 + MIB // 4
        yield peer, silent
    assert server.stop() == 0


@needs.not_under
def test_who_takes_nothing_is_dropped() -> None:
    with silent_client(1) as (peer, silent):
        time.sleep(2.5)
        with contextlib.suppress(ConnectionResetError):
            silent.rest()
        peer.send(frame(FIN | TEXT, b"hi"))
        assert read_frame(peer) == (FIN | TEXT, b"hi")


@needs.not_under
def test_who_takes_little_is_not() -> None:
    with silent_client(3) as (peer, silent):
        for _ in range(16):  # the kernel lets the server write again after a MiB or two
            send_to_all(peer)
            assert len(read_frame(silent)[1]) == MIB // 4
            time.sleep(0.25)
        peer.send(frame(FIN | TEXT, b"hi"))
        while (got := read_frame(silent)) != (FIN | TEXT, b"hi"):
            assert len(got[1]) == MIB // 4
        time.sleep(3.5)  # nothing waits now
        peer.send(frame(FIN | TEXT, b"hi"))
        assert read_frame(silent) == (FIN | TEXT, b"hi")


@needs.not_under
def test_output_that_waits_for_all_clients_is_bounded_by_max_output() -> None:
    """Eight clients do not read, and less waits for each than the limit for one."""
    server = Server(COMMAND, "--max-output", "4")
    with server.opened() as peer, contextlib.ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(server.opened())
        before = memory(server)
        for _ in range(60):
            peer.send(frame(FIN | BINARY, bytes(MIB // 8), bytes(4)))
            assert len(read_frame(peer)[1]) == MIB // 8
            assert memory(server) < before + 12 * MIB
    assert server.stop() == 0


def test_memory_is_given_back(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(opened(server)[0]) for _ in range(50)]
        peers[0].send(frame(FIN | TEXT, b"warm"))
        for peer in peers:
            read_frame(peer)
        before = memory(server)
        for peer in peers:
            peer.send(frame(FIN | TEXT, prose(100_000)))
            for other in peers:
                read_frame(other)
        assert memory(server) - before < (64 if UNDER else 2) * MIB


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x83", 1002),
        (frame(FIN | TEXT, b"\xff"), 1007),
        (frame(FIN | RSV1 | BINARY, b"\xff"), 1007),
        (frame(FIN | BINARY, bytes(MIB + 1)), 1009),
        (close(3000), 3000),
    ],
)
def test_who_breaks_the_rules_leaves_alone(server: Server, sent: bytes, code: int) -> None:
    with opened(server)[0] as peer, opened(server)[0] as other, server.opened() as plain:
        peer.send(frame(FIN | PING, b"x"), frame(FIN | TEXT, b"good"), sent)
        expected = echo(FIN | TEXT, b"good")
        assert plain.read(6) == other.read(6) == expected
        with contextlib.suppress(ConnectionResetError):
            assert peer.rest() == echo(FIN | PONG, b"x") + expected + goodbye(code)
        other.send(frame(FIN | TEXT, b"on"))
        assert plain.read(4) == other.read(4) == echo(FIN | TEXT, b"on")


def test_handshakes(server: Server) -> None:
    for request, status in (
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"200"),
        (PLAIN_REQUEST.replace(b"Sec-WebSocket-Key", b"X"), b"400"),
        (b"X" * 70_000, b"431"),
    ):
        with server.raw() as peer:
            peer.send(request)
            with contextlib.suppress(ConnectionResetError):
                assert peer.rest().split(b" ")[1] == status
    with server.raw() as peer, server.opened() as other:
        peer.send_each_byte(PLAIN_REQUEST + frame(FIN | TEXT, b"hi"))
        assert other.read(4) == echo(FIN | TEXT, b"hi")


def test_time_is_up() -> None:
    server = Server(COMMAND, "--handshake-timeout", "2")
    with server.raw() as silent, server.opened() as leaving, server.opened() as idle:
        leaving.send(close(1000))
        assert leaving.read(4) == goodbye(1000)
        leaving.socket.settimeout(5)
        for peer in (silent, leaving):  # which does not hang up
            with contextlib.suppress(ConnectionResetError):
                assert peer.rest() == b""
        time.sleep(1.2)
        idle.send(frame(FIN | TEXT, b"hi"))
        assert idle.read(4) == echo(FIN | TEXT, b"hi")
    assert server.stop() == 0


@needs.not_under
def test_without_descriptors_it_does_not_spin() -> None:
    check_without_descriptors(COMMAND)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal(number: int) -> None:
    server = Server(COMMAND)
    with client(server, offer()) as one, server.opened() as peer, server.raw() as newcomer:
        newcomer.send(PLAIN_REQUEST[:20])
        one.send("hi")
        assert one.recv(PATIENCE) == "hi"
        assert peer.read(4) == echo(FIN | TEXT, b"hi")
        server.process.send_signal(number)
        assert peer.rest() == goodbye(1001)
        peer.socket.close()
        with pytest.raises(ConnectionClosedOK):
            one.recv(PATIENCE)
        assert one.close_code == 1001
        with contextlib.suppress(ConnectionResetError):
            assert newcomer.rest() == b""
    assert server.process.wait(PATIENCE) == 0
    server.stop()


def test_a_silent_peer_does_not_hold_up_the_end() -> None:
    server = Server(COMMAND)
    with server.opened():
        assert server.stop() == 0


def test_help() -> None:
    done = subprocess.run([*COMMAND, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    for option in ("--no-compression", "--compress-from", "4 MiB"):
        assert option in done.stdout
