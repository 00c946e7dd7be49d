"""Where a program runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Host:
    """Loopback, or a network namespace (ip-netns(8)) with an address of its own."""

    address: str = "127.0.0.1"
    namespace: str = ""

    def command(self, command: list[str]) -> list[str]:
        """The command that runs another one there."""
        return ["ip", "netns", "exec", self.namespace, *command] if self.namespace else command


LOOPBACK = Host()


@dataclass(frozen=True)
class Place:
    """A port on a host."""

    host: Host
    port: int

    @property
    def address(self) -> tuple[str, int]:
        return self.host.address, self.port

    def __str__(self) -> str:
        return f"{self.host.address}:{self.port}"
