#!/usr/bin/env python3
"""Measures what examples-chat/SCALING.md says: CPU time and memory of the servers and of Redis.
CPU time, not time of day, so that other programs on the machine hardly matter."""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "examples-chat")]

import cpu  # noqa: E402
from report import machine  # noqa: E402
from stack.hosts import LOOPBACK, Place  # noqa: E402
from stack.layout import Layout, free_ports  # noqa: E402
from stack.service import Log, Service  # noqa: E402
from stack.stack import redis_service, server_service  # noqa: E402

SINK = Path(__file__).with_name("sink.py")
SINKS = 2
TEXT = "x" * 100
UNLIMITED = (
    *("--max-connections", "1000000", "--max-per-address", "1000000"),
    *("--rate", "100000", "--burst", "100000"),
)


@dataclass
class Running:
    redis: Service
    servers: list[Service]
    places: list[Place]

    def cpu(self) -> tuple[float, float]:
        """CPU seconds of the servers, and of Redis."""
        return sum(cpu.seconds(each.pid) for each in self.servers), cpu.seconds(self.redis.pid)

    def memory(self) -> int:
        return sum(cpu.resident(each.pid) for each in self.servers)


@contextlib.contextmanager
def running(kind: str, processes: int, *options: str) -> Iterator[Running]:
    """Redis and so many servers, each with one thread."""
    names = [f"{kind}-{number}" for number in range(processes)]
    layout = Layout(ports=dict(zip(["redis", *names], free_ports(1 + processes))))
    threads = ("--threads", "1") if kind == "c" else ()
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="chat-scale-")))
        log = Log(cleanup.enter_context((folder / "log").open("w")))
        redis = redis_service(layout.redis, folder / "redis", log)
        servers = [
            server_service(name, layout, log, *threads, *UNLIMITED, *options) for name in names
        ]
        for service in (redis, *servers):
            cleanup.callback(service.kill)
            service.start()
            service.wait_until_ready()
        yield Running(redis, servers, [layout.server(name) for name in names])


class Sinks:
    """Cheap clients, each `per_room` of which are in a room."""

    def __init__(self, clients: int, per_room: int, places: list[Place]) -> None:
        self.clients = clients
        self._processes = []
        for index in range(SINKS):
            process = subprocess.Popen(
                [sys.executable, str(SINK)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self._processes.append(process)
            numbers = list(range(index, clients, SINKS))
            servers = [place.address for place in places]
            plan = {"index": index, "numbers": numbers, "servers": servers}
            self._order(process, {**plan, "per_room": per_room})
        self._expect("joined")

    def run(self, seconds: float, rate: float = 0) -> int:
        """Lets clients talk, `rate` messages in a second. Returns how many were said."""
        count = int(seconds * rate)
        says = [(number / rate, number * 7919 % self.clients) for number in range(count)]
        for index, process in enumerate(self._processes):
            own = [(at, who) for at, who in says if who % SINKS == index]
            self._order(process, {"says": own, "text": TEXT, "seconds": seconds + 1})
        self._expect("done")
        return count

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def _order(self, process: subprocess.Popen[str], order: dict[str, Any]) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()

    def _expect(self, word: str) -> None:
        for process in self._processes:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if line != word:
                raise RuntimeError(f"a process of clients says {line!r}, not {word!r}")


def deliveries(kind: str, processes: int) -> dict[str, Any]:
    """1,000 clients in 20 rooms of 50: the CPU time of a message to one client."""
    per_room = 50
    with running(kind, processes) as chat:
        with contextlib.closing(Sinks(1000, per_room, chat.places)) as sinks:
            time.sleep(1)
            server, redis = chat.cpu()
            said = sinks.run(10, 200)
            server, redis = (
                after - before for after, before in zip(chat.cpu(), (server, redis))
            )
    delivered = said * per_room
    return {
        "server": kind,
        "processes": processes,
        "delivered": delivered,
        "us_per_delivery": round(1e6 * server / delivered, 2),
        "delivered_per_cpu_second": round(delivered / server),
        "redis_us_per_message": round(1e6 * redis / said, 1),
    }


def connections(kind: str, count: int) -> dict[str, Any]:
    """Clients in rooms of 50 that say nothing: memory, CPU time of pings and of presence."""
    seconds = 20
    options = ("--ping-interval", "5", "--ping-timeout", "3600")
    with running(kind, 1, *options) as chat:
        empty, at_first = chat.memory(), chat.cpu()
        with contextlib.closing(Sinks(count, 50, chat.places)) as sinks:
            sinks.run(2)
            memory, before = chat.memory() - empty, chat.cpu()
            sinks.run(seconds - 1)
            server, redis = (a - b for a, b in zip(chat.cpu(), before))
            server_join, redis_join = (a - b for a, b in zip(before, at_first))
    return {
        "server": kind,
        "connections": count,
        "bytes_per_connection": round(memory / count),
        "server_us_per_join": round(1e6 * server_join / count),
        "redis_us_per_join": round(1e6 * redis_join / count),
        "server_us_per_connection_and_second": round(1e6 * server / count / seconds, 2),
        "redis_us_per_connection_and_second": round(1e6 * redis / count / seconds, 2),
    }


class Subscribers:
    """Connections to Redis that have subscribed to a channel, as processes do."""

    def __init__(self, place: Place, channel: str, count: int) -> None:
        self._sockets = [socket.create_connection(place.address) for _ in range(count)]
        for each in self._sockets:
            each.sendall(command("SUBSCRIBE", channel))
            threading.Thread(target=self._drain, args=(each,), daemon=True).start()

    def _drain(self, tcp: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while tcp.recv(1 << 20):
                pass

    def close(self) -> None:
        for each in self._sockets:
            each.close()


def command(*words: str) -> bytes:
    parts = [f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)]
    return "".join(parts).encode()


def says_of_redis(subscribers: int) -> dict[str, Any]:
    """say.lua, 16 calls in flight, while so many processes are subscribed to the room."""
    count, in_flight = 20_000, 16
    place = Place(LOOPBACK, *free_ports(1))
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="chat-scale-")))
        log = Log(cleanup.enter_context((folder / "log").open("w")))
        redis = redis_service(place, folder / "redis", log)
        cleanup.callback(redis.kill)
        redis.start()
        redis.wait_until_ready()
        listening = Subscribers(place, "chat:{room}", subscribers)
        cleanup.callback(listening.close)
        tcp = cleanup.enter_context(socket.create_connection(place.address))
        script = load_script(tcp)
        before = cpu.seconds(redis.pid)
        for seq in range(1, count, in_flight):
            calls = (say_call(script, each) for each in range(seq, seq + in_flight))
            tcp.sendall(b"".join(calls))
            read_replies(tcp, in_flight)
        spent = cpu.seconds(redis.pid) - before
    each = spent / count
    return {
        "subscribers": subscribers,
        "us_per_message": round(1e6 * each, 1),
        "messages_per_cpu_second": round(1 / each),
    }


def load_script(tcp: socket.socket) -> str:
    source = (ROOT / "examples-chat" / "redis" / "say.lua").read_text()
    tcp.sendall(command("SCRIPT", "LOAD", source))
    return tcp.recv(4096).split(b"\r\n")[1].decode()


def say_call(script: str, seq: int) -> bytes:
    client = f"client-{seq % 50}"
    room = "chat:{room}"
    said = {"client": client, "seq": seq, "name": client, "text": TEXT}
    json_text = json.dumps(said, separators=(",", ":"))[1:]
    keys = (f"{room}:log", f"{room}:said:{client}", room)
    return command("EVALSHA", script, "3", *keys, str(seq), json_text, "10000")


def read_replies(tcp: socket.socket, count: int) -> None:
    """Each is a bulk string: two lines."""
    lines, data = 0, b""
    while lines < 2 * count:
        data = tcp.recv(65536)
        if b"-ERR" in data or not data:
            raise RuntimeError(data.decode())
        lines += data.count(b"\r\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--json", type=Path, metavar="FILE", help="keeps the figures there")
    add("--only", choices=("deliveries", "connections", "redis"))
    arguments = parser.parse_args()
    kinds = ("c", "python")
    plans: dict[str, tuple[Callable[..., dict[str, Any]], Iterable[tuple[Any, ...]]]] = {
        "deliveries": (deliveries, product(kinds, (1, 2, 4, 16))),
        "connections": (connections, product(kinds, (1000, 10_000, 19_000))),
        "redis": (says_of_redis, product((0, 1, 4, 16, 64))),
    }
    known = arguments.json is not None and arguments.json.exists()
    figures: dict[str, Any] = json.loads(arguments.json.read_text()) if known else {}
    figures["machine"] = machine()
    for name, (measure, cases) in plans.items():
        if arguments.only in (None, name):
            figures[name] = []
            for case in cases:
                figures[name].append(measure(*case))
                print(json.dumps(figures[name][-1]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
