"""A process with many cheap clients, to measure servers: they only read, and answer pings.

Its plan is a line of JSON; it prints "joined" when the server has answered all clients. Each
further line says who says something and when; it prints "done" after these `seconds`.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

PER_ADDRESS = 20_000
"""Connections from one loopback address: it has some 28,000 ports for them."""
AT_ONCE = 200
REQUEST = (
    b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: wscodec-chat\r\n\r\n"
)


def frame(opcode: int, payload: bytes) -> bytes:
    """Masked with the key 0, which leaves the payload as it is."""
    length = len(payload)
    if length < 126:
        return bytes([0x80 | opcode, 0x80 | length, 0, 0, 0, 0]) + payload
    return bytes([0x80 | opcode, 0xFE]) + length.to_bytes(2, "big") + bytes(4) + payload


def message(**members: Any) -> bytes:
    return frame(1, json.dumps(members).encode())


class Sink:
    def __init__(self, plan: dict[str, Any]) -> None:
        self.sockets: dict[int, socket.socket] = {}
        self.epoll = select.epoll()
        self.answered: set[int] = set()
        self.by_number: dict[int, socket.socket] = {}
        self.seqs: dict[int, int] = {}
        numbers = plan["numbers"]
        for start in range(0, len(numbers), AT_ONCE):
            for number in numbers[start : start + AT_ONCE]:
                self._join(number, plan)
            while len(self.answered) < len(self.sockets):
                self._read(0.1)

    def _join(self, number: int, plan: dict[str, Any]) -> None:
        host, port = plan["servers"][number % len(plan["servers"])]
        source = f"127.1.{plan['index']}.{1 + len(self.sockets) // PER_ADDRESS}"
        tcp = socket.create_connection((host, port), 30, (source, 0))
        client, room = f"client-{number:06}", f"room-{number // plan['per_room']}"
        join = message(type="join", room=room, name=client, client=client)
        tcp.sendall(REQUEST + join)
        tcp.setblocking(False)
        self.sockets[tcp.fileno()] = self.by_number[number] = tcp
        self.epoll.register(tcp, select.EPOLLIN)

    def _read(self, seconds: float) -> None:
        for fd, _ in self.epoll.poll(seconds):
            data = self.sockets[fd].recv(65536)
            if not data:
                raise ConnectionError("a server has closed a connection")
            if b'"joined"' in data:
                self.answered.add(fd)
            if data[0] == 0x89:  # a ping comes alone, if nothing else happens
                self.sockets[fd].sendall(frame(10, data[2 : 2 + data[1]]))

    def say(self, number: int, text: str) -> None:
        seq = self.seqs[number] = self.seqs.get(number, 0) + 1
        self.by_number[number].sendall(message(type="say", seq=seq, text=text))

    def run(self, says: Iterator[tuple[float, int]], text: str, until: float) -> None:
        """`says`: when, and who. Goes on to read until the end."""
        due = next(says, None)
        while (now := time.monotonic()) < until:
            if due is not None and due[0] <= now:
                self.say(due[1], text)
                due = next(says, None)
                continue
            self._read(min(until, due[0] if due else until) - now)


def main() -> None:
    sink = Sink(json.loads(sys.stdin.readline()))
    print("joined", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        start = time.monotonic()
        says = ((start + at, number) for at, number in order["says"])
        sink.run(says, order["text"], start + order["seconds"])
        print("done", flush=True)


main()
