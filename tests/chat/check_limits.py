"""Limits: connections, addresses, time, output that waits."""

from __future__ import annotations

import http.client
import json
import os
import resource
import socket
import time
from collections.abc import Callable
from pathlib import Path

import wire
from chat_client import Join, close_code, open_socket
from chat_server import PATIENCE, ChatServer, wait_until
from check_http import refused_with
from redis_server import RedisServer

Start = Callable[..., ChatServer]

REQUEST = (
    b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: wscodec-chat\r\n\r\n"
)


def raw(server: ChatServer, receive_buffer: int = 0) -> socket.socket:
    """A connection whose opening handshake is done, and which answers nothing."""
    tcp = socket.socket()
    if receive_buffer:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    tcp.settimeout(PATIENCE)
    tcp.connect(("127.0.0.1", server.port))
    tcp.sendall(REQUEST)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += tcp.recv(1)
    assert head.startswith(b"HTTP/1.1 101 "), head
    return tcp


def raw_join(server: ChatServer, name: str, receive_buffer: int = 0) -> socket.socket:
    tcp = raw(server, receive_buffer)
    join = {"type": "join", "room": "lobby", "name": name, "client": f"client-{name}"}
    tcp.sendall(wire.frame(wire.FIN | wire.TEXT, json.dumps(join).encode()))
    return tcp


def rest(tcp: socket.socket) -> bytes:
    """All there is until the server closes."""
    parts = []
    while part := tcp.recv(65536):
        parts.append(part)
    return b"".join(parts)


def seconds_of_cpu(server: ChatServer) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_healthy(server: ChatServer) -> bool:
    try:
        return server.get("/health").status == 200
    except (OSError, http.client.HTTPException):
        return False


class LimitChecks:
    def test_a_process_without_descriptors_waits_until_there_are_some(
        self, start: Start, redis: RedisServer
    ) -> None:
        server = start("--redis", redis.address)
        pid = server.process.pid
        most = len(os.listdir(f"/proc/{pid}/fd")) + 8
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
        address = ("127.0.0.1", server.port)
        sockets = [socket.create_connection(address, PATIENCE) for _ in range(60)]
        before = seconds_of_cpu(server)
        time.sleep(1)
        assert seconds_of_cpu(server) - before < 0.3
        for each in sockets:
            each.close()
        wait_until(lambda: is_healthy(server))

    def test_an_address_has_a_limit(self, start: Start, redis: RedisServer) -> None:
        server = start("--redis", redis.address, "--max-per-address", "2")
        with open_socket(server) as first, open_socket(server):
            assert refused_with(server) == 429
            assert server.get("/health").status == 200
            first.close()
            wait_until(lambda: server.metric("chat_connections") == 1)
            open_socket(server).close()
        assert server.metric('chat_handshakes_total{outcome="address_limit"}') == 1

    def test_a_handshake_that_fails_does_not_count(
        self, start: Start, redis: RedisServer
    ) -> None:
        server = start("--redis", redis.address, "--max-per-address", "1")
        for _ in range(3):
            assert refused_with(server, subprotocols=None) == 400
        open_socket(server).close()

    def test_too_many_connections_are_closed_with_1013(
        self, start: Start, redis: RedisServer
    ) -> None:
        server = start("--redis", redis.address, "--max-connections", "2")
        with open_socket(server) as first, open_socket(server):
            with open_socket(server) as third:
                assert close_code(third) == 1013
            wait_until(lambda: server.metric("chat_connections") == 2)
            first.close()
            wait_until(lambda: server.metric("chat_connections") == 1)
            with open_socket(server) as again:
                again.ping().wait(PATIENCE)

    def test_who_joins_too_often_waits(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address, "--burst", "3", "--rate", "2")
        ann = join(server, "Ann")
        started = time.monotonic()
        for room in ("a", "b", "c", "d", "e", "f"):
            ann.join(room)
        assert 1.5 < time.monotonic() - started < 6
        ann.said(1)

    def test_a_handshake_has_a_time_limit(self, start: Start, redis: RedisServer) -> None:
        server = start("--redis", redis.address, "--handshake-timeout", "0.5")
        for sent in (b"", REQUEST[:-2]):
            started = time.monotonic()
            with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as tcp:
                tcp.sendall(sent)
                rest(tcp)
                assert 0.3 < time.monotonic() - started < 4

    def test_a_silent_client_is_pinged_and_dropped(
        self, start: Start, redis: RedisServer
    ) -> None:
        options = ("--ping-interval", "0.5", "--ping-timeout", "0.5")
        server = start("--redis", redis.address, *options)
        started = time.monotonic()
        with raw(server) as tcp:
            assert rest(tcp).startswith(b"\x89")
            assert 0.8 < time.monotonic() - started < 6
        wait_until(lambda: server.metric("chat_connections") == 0)
        assert server.metric("chat_ping_timeouts_total") == 1

    def test_a_client_that_answers_pings_stays(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        options = ("--ping-interval", "0.5", "--ping-timeout", "2")
        ann = join(start("--redis", redis.address, *options), "Ann")
        assert ann.is_silent("leave", 3.5)
        ann.said(1)

    def test_a_client_that_reads_too_slowly_is_closed_with_1013(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        options = ("--max-waiting", "65536", "--burst", "100000")
        server = start("--redis", redis.address, *options)
        with raw_join(server, "Slow", receive_buffer=4096) as slow:
            ann = join(server, "Ann")
            ann.next("enter", client="client-Slow") if len(ann.members()) < 2 else None
            for seq in range(1, 5000):
                ann.said(seq, "😀" * 2000)
                if seq % 20 == 0 and server.metric("chat_slow_clients_total") == 1:
                    break
            ann.next("leave", client="client-Slow")
            assert rest(slow).endswith(wire.close(1013, b"reads too slowly", key=None)[2:])
        assert server.metric('chat_close_sent_total{code="1013"}') == 1
        assert server.metric("chat_waiting_bytes") == 0
        ann.said(10_000)

    def test_a_client_that_returns_and_reads_slowly_gets_all(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        options = ("--max-waiting", "300000", "--burst", "100000")
        server = start("--redis", redis.address, *options)
        ann = join(server, "Ann")
        first = ann.said(1, "x" * 2000)
        for seq in range(2, 1202):
            ann.say(seq, "x" * 2000)
        for _ in range(1200):
            ann.next("ack")
        slow = join(server, "Slow", after=first, max_queue=1)
        time.sleep(1)
        assert len(slow.texts(1200)) == 1200
        assert server.metric("chat_slow_clients_total") == 0
