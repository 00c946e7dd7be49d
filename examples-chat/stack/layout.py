"""The addresses of all."""

from __future__ import annotations

import itertools
import random
import socket
from dataclasses import dataclass, field

from .hosts import LOOPBACK, Host, Place

REDIS = 6390
SERVERS = {"c-1": 8101, "python-1": 8102, "c-2": 8103, "python-2": 8104}
PROXIES = {"haproxy": 9443, "nginx": 8443}
BEHIND = {"haproxy": ("c-1", "python-1"), "nginx": ("c-2", "python-2")}
"""The servers behind each proxy, as the configurations of the proxies say."""


@dataclass(frozen=True)
class Layout:
    """Which host has what, and at which ports; those of the configurations by default."""

    data: Host = LOOPBACK
    servers_on: Host = LOOPBACK
    proxies_on: Host = LOOPBACK
    ports: dict[str, int] = field(
        default_factory=lambda: {"redis": REDIS, **SERVERS, **PROXIES}
    )

    @property
    def redis(self) -> Place:
        return Place(self.data, self.ports["redis"])

    def server(self, name: str) -> Place:
        return Place(self.servers_on, self.ports[name])

    def proxy(self, name: str) -> Place:
        return Place(self.proxies_on, self.ports[name])

    def moved(self, proxy: str, configuration: str) -> str:
        """The configuration of a proxy, with the addresses of this layout."""
        moves = {name: self.server(name) for name in BEHIND[proxy]}
        for name, place in {**moves, proxy: self.proxy(proxy)}.items():
            written = f"127.0.0.1:{ {**SERVERS, **PROXIES}[name] }"
            if configuration.count(written) != 1:
                raise ValueError(f"{written} is not once in the configuration of {proxy}")
            configuration = configuration.replace(written, f"<{name}>")
            moves[name] = place
        for name, place in moves.items():
            configuration = configuration.replace(f"<{name}>", str(place))
        return configuration


def on_free_ports() -> Layout:
    """On loopback, at ports that nobody else has now."""
    names = ["redis", *SERVERS, *PROXIES]
    return Layout(ports=dict(zip(names, free_ports(len(names)))))


def free_ports(count: int) -> list[int]:
    """Below those from which Linux chooses for whoever asks for any, so they remain free."""
    candidates = random.sample(range(10_000, 32_768), 1000)
    return list(itertools.islice(filter(is_free, candidates), count))


def is_free(port: int) -> bool:
    try:
        socket.create_server((LOOPBACK.address, port)).close()
    except OSError:
        return False
    return True
