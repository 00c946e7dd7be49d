"""What the C example does when there is too much of something."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import time
from pathlib import Path

import needs
import pytest
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, Peer, Server, echo
from test_echo_c import BINARY
from wire import BINARY as BINARY_OPCODE
from wire import FIN, TEXT, frame

COMMAND = (f"./{BINARY}",)

pytestmark = [needs.program(BINARY), needs.not_under]


def memory(server: Server) -> int:
    """Bytes that are resident."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def cpu_seconds(server: Server) -> float:
    return cpu_seconds_of(server.process.pid)


def cpu_seconds_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def check_without_descriptors(command: tuple[str, ...]) -> None:
    """A server that cannot accept does not spin, and accepts again when it can."""
    with needs.descriptors(64):
        server = Server(command)
    peers = [server.raw() for _ in range(100)]
    time.sleep(0.3)
    spent = cpu_seconds(server)
    time.sleep(1.5)
    assert cpu_seconds(server) - spent < 0.2
    for peer in peers:
        peer.socket.close()
    assert server.is_well()
    assert server.stop() == 0


def round_trip(peer: Peer) -> float:
    started = time.perf_counter()
    peer.send(frame(FIN | TEXT, b"ping-pong"))
    assert peer.read(11) == echo(FIN | TEXT, b"ping-pong")
    return time.perf_counter() - started


def test_a_thousand_slow_handshakes_hold_nobody_up() -> None:
    with needs.descriptors(4096), contextlib.ExitStack() as stack:
        server, idle = Server(COMMAND, "--handshake-timeout", "60"), Server(COMMAND)
        peer, other_peer = (stack.enter_context(each.opened()) for each in (server, idle))
        slow = [stack.enter_context(server.raw()) for _ in range(1000)]
        for other in slow:
            other.send(PLAIN_REQUEST[:20])
        time.sleep(0.3)
        alone: list[float] = []
        beside: list[float] = []
        for other in slow[:300]:
            other.send(PLAIN_REQUEST[20:21])
            beside.append(round_trip(peer))
            alone.append(round_trip(other_peer))
        # Of the fastest tenth, since the machine has other things to do as well.
        assert sorted(beside)[30] < 3 * sorted(alone)[30]
        assert sorted(beside)[-3] < 0.5
        assert server.stop() == idle.stop() == 0


def test_ten_thousand_idle_connections_cost_half_a_kilobyte_each() -> None:
    count = 10_000
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < count + 100:
        pytest.skip("too few descriptors are allowed here")
    with needs.descriptors(count + 100):
        server = Server(COMMAND)
        sockets = []
        for _ in range(100):
            sockets.append(connected(server))
        before = memory(server)
        for _ in range(count - 100):
            sockets.append(connected(server))
        each = (memory(server) - before) / (count - 100)
        print(f"{each:.0f} bytes of the server's memory per idle connection")
        assert each < 512
        started = time.perf_counter()
        for other in sockets[::100]:
            other.sendall(frame(FIN | TEXT, b"awake"))
            assert other.recv(64) == echo(FIN | TEXT, b"awake")
        assert time.perf_counter() - started < 5
        for other in sockets:
            other.close()
        assert server.is_well()
        assert server.stop() == 0


def connected(server: Server) -> socket.socket:
    other = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    other.sendall(PLAIN_REQUEST)
    assert other.recv(4096) == PLAIN_ANSWER
    return other


def test_without_descriptors_it_neither_spins_nor_gives_up() -> None:
    with needs.descriptors(64):
        server = Server(COMMAND)
    peers = [server.raw() for _ in range(100)]
    try:
        time.sleep(0.3)
        spent = cpu_seconds(server)
        time.sleep(2)
        assert cpu_seconds(server) - spent < 0.2
        for peer in peers[:60]:
            peer.socket.close()
        assert server.is_well()
    finally:
        for peer in peers:
            peer.socket.close()
    assert server.stop() == 0


def test_who_floods_and_does_not_read_costs_little() -> None:
    server = Server(COMMAND)
    pings = frame(FIN | 0x9, bytes(125)) * 500
    binary = frame(FIN | BINARY_OPCODE, bytes(60_000))
    with contextlib.ExitStack() as stack:
        flooding = [stack.enter_context(server.opened()) for _ in range(20)]
        for number, peer in enumerate(flooding):
            peer.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                for _ in range(400):
                    peer.socket.send(pings if number % 2 else binary)
        assert server.is_well()
        assert server.peak_memory() < 20 * 1024 * 1024
        for peer in flooding:
            peer.reset()
        assert server.is_well()
    assert server.stop() == 0
