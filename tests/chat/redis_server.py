"""A Redis of our own, and a way to it that can be cut."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from ports import free_port

PATIENCE = 10


class RedisServer:
    """A redis-server that keeps what it has acknowledged, also over a restart."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port)]
        self.command += ["--dir", str(folder), "--save", "", "--appendonly", "yes"]
        self.command += ["--appendfsync", "always", *options]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not self.is_ready():
            assert time.monotonic() < deadline, "Redis does not start"
            time.sleep(0.05)

    def is_ready(self) -> bool:
        return self.run("PING", check=False) in ("PONG", "NOAUTH Authentication required.")

    def run(self, *words: str, check: bool = True) -> str:
        """The reply to a command."""
        command = ["redis-cli", "-p", str(self.port), *words]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout.strip()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


class Way:
    """Passes bytes on to Redis, while it is not cut or stalled."""

    def __init__(self, redis: RedisServer) -> None:
        self.redis = redis
        self.sockets: list[socket.socket] = []
        self.flows = threading.Event()
        self.flows.set()
        self.is_open = True
        self.lag = 0.0
        """Seconds that what is published is late, while replies to commands are not."""
        self.reply_lag = 0.0
        """The reverse."""
        self.subscribers: set[socket.socket] = set()
        self.to_redis: set[socket.socket] = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends all connections; new ones are closed at once."""
        self.is_open = False
        for each in self.sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def restore(self) -> None:
        self.is_open = True

    def stall(self) -> None:
        """Connections stay, but nothing gets through."""
        self.flows.clear()

    def flow(self) -> None:
        self.flows.set()

    def close(self) -> None:
        self.cut()
        self.flow()
        self.listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if not self.is_open:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self.redis.port))
                self.sockets += [client, server]
                self.to_redis.add(server)
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.flows.wait()
                if b"SUBSCRIBE" in data.upper():
                    self.subscribers.add(source)
                if target in self.subscribers:
                    time.sleep(self.lag)
                elif source in self.to_redis:
                    time.sleep(self.reply_lag)
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def running_redis(folder: Path, *options: str) -> Iterator[RedisServer]:
    redis = RedisServer(folder, *options)
    try:
        yield redis
    finally:
        redis.stop()
