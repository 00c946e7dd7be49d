"""Hosts on this machine: network namespaces on one bridge.

The world, from which clients come; the edge, with the proxies; the servers; Redis. The bridge
is in a namespace, too, so the machine's own network is left as it is.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator

from stack.hosts import Host

HOSTS = ("world", "edge", "servers", "data")
SWITCH = "switch"


def ip(*words: str, check: bool = True) -> None:
    output = None if check else subprocess.DEVNULL
    subprocess.run(["ip", *words], check=check, stdout=subprocess.DEVNULL, stderr=output)


class Network:
    def __init__(self, name: str) -> None:
        self.name = name
        self.hosts = {
            host: Host(f"10.77.0.{number}", self._namespace(host))
            for number, host in enumerate(HOSTS, 1)
        }

    def _namespace(self, host: str) -> str:
        return f"{self.name}-{host}"

    def make(self) -> None:
        for name in (SWITCH, *HOSTS):
            ip("netns", "add", self._namespace(name))
        self._in_switch("link", "add", "bridge", "type", "bridge")
        self._in_switch("link", "set", "bridge", "up")
        for name, host in self.hosts.items():
            self._plug_in(name, host)

    def _plug_in(self, name: str, host: Host) -> None:
        self._in_switch(
            "link", "add", name, "type", "veth", "peer", "eth0", "netns", host.namespace
        )
        self._in_switch("link", "set", name, "master", "bridge", "up")
        for words in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"{host.address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
        ):
            ip("-n", host.namespace, *words)

    def _in_switch(self, *words: str) -> None:
        ip("-n", self._namespace(SWITCH), *words)

    def pull_plug(self, host: str) -> None:
        self._in_switch("link", "set", host, "down")

    def plug_in(self, host: str) -> None:
        self._in_switch("link", "set", host, "up")

    def remove(self) -> None:
        for name in (SWITCH, *HOSTS):
            ip("netns", "del", self._namespace(name), check=False)


@contextlib.contextmanager
def network() -> Iterator[Network]:
    made = Network(f"chat{os.getpid()}")
    try:
        made.make()
        yield made
    finally:
        made.remove()


def is_possible() -> bool:
    """Whether this user may make such a network here."""
    try:
        with network():
            return True
    except (OSError, subprocess.CalledProcessError):
        return False
