"""The addresses of all."""

from __future__ import annotations

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
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: each.getsockname()[1] for name, each in zip(names, listeners)}
    for each in listeners:
        each.close()
    return Layout(ports=ports)
