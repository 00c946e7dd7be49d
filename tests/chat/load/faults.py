"""What goes wrong while the clients talk."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from network import Network
from stack.stack import Stack

DRAIN_TIMEOUT = 30
RELOAD = 1.5
"""Seconds after which a proxy has ended the connections from before it was reloaded."""


@dataclass
class Fault:
    what: str
    start: float
    end: float
    """Times of the monotonic clock; at the end all services are ready again."""


class Faults:
    """`outage`: how many seconds something is gone."""

    def __init__(self, stack: Stack, network: Network | None, outage: float) -> None:
        self.stack, self.network, self.outage = stack, network, outage
        self.past: list[Fault] = []

    def inject(self, start: float, seconds: float) -> None:
        """All faults, spread over at least so long: the first quarter of the time is quiet."""
        faults: list[tuple[str, Callable[[], None]]] = [
            ("SIGKILL of a server in Python", lambda: self.kill("python-1")),
            ("SIGTERM of a server in C", lambda: self.drain("c-2")),
            ("SIGTERM of a server in Python", lambda: self.drain("python-2")),
            ("SIGKILL of a server in C", lambda: self.kill("c-1")),
            ("restart of Redis", self.restart_redis),
            ("reload of nginx", lambda: self.reload("nginx")),
            ("reload of HAProxy", lambda: self.reload("haproxy")),
        ]
        if self.network is not None:
            faults.append(("no network at Redis", self.unplug_redis))
        each = 0.75 * seconds / len(faults)
        for number, (what, fault) in enumerate(faults):
            time.sleep(max(0.0, start + seconds / 4 + number * each - time.monotonic()))
            began = time.monotonic()
            fault()
            self.past.append(Fault(what, began, time.monotonic()))
        time.sleep(max(0.0, start + seconds - time.monotonic()))

    def kill(self, name: str) -> None:
        server = self.stack.servers[name]
        server.kill()
        time.sleep(self.outage)
        server.start()
        server.wait_until_ready()

    def drain(self, name: str) -> None:
        server = self.stack.servers[name]
        server.signal(signal.SIGTERM)
        returncode = server.wait(DRAIN_TIMEOUT + 5)
        if returncode != 0:
            raise RuntimeError(f"{name} has ended with {returncode}, not drained")
        server.start()
        server.wait_until_ready()

    def restart_redis(self) -> None:
        redis = self.stack.redis
        redis.stop()
        time.sleep(self.outage)
        redis.start()
        redis.wait_until_ready()

    def reload(self, proxy: str) -> None:
        self.stack.reload(proxy)
        time.sleep(RELOAD)

    def unplug_redis(self) -> None:
        assert self.network is not None
        self.network.pull_plug("data")
        time.sleep(self.outage)
        self.network.plug_in("data")
