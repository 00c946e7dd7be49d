"""What is measured: messages on busy connections, and the memory of idle ones."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any, NamedTuple

MOST_ACTIVE = 100
USUAL_CONNECTIONS = 64


class Case(NamedTuple):
    """A cell of the results, for each server."""

    size: int  # bytes of a message
    depth: int  # messages in flight on each active connection
    connections: int = USUAL_CONNECTIONS

    @property
    def active(self) -> int:
        return min(self.connections, MOST_ACTIVE)

    @property
    def title(self) -> str:
        idle = f", {self.active} of them active" if self.active < self.connections else ""
        return f"{self.size} B, {self.depth} in flight, connections: {self.connections:,}{idle}"

    @classmethod
    def of(cls, load: dict[str, Any]) -> Case:
        """The one of a load in the JSON of run.py."""
        return cls(load["size"], load["depth"], load["connections"])


def load_of(server: dict[str, Any], case: Case) -> dict[str, Any] | None:
    """What was measured of a server in the JSON of run.py."""
    return next((load for load in server.get("load", ()) if Case.of(load) == case), None)


SIZES = [20, 1024, 65536]
DEPTHS = [1, 16]
FEW_AND_MANY = [1, 10_000]  # connections


def grid(sizes: Iterable[int], depths: Iterable[int], counts: Iterable[int]) -> list[Case]:
    return [Case(size, depth, n) for n, depth, size in product(counts, depths, sizes)]


ALL = grid(SIZES, DEPTHS, [USUAL_CONNECTIONS]) + grid(SIZES[:1], DEPTHS, FEW_AND_MANY)


def chosen(
    sizes: list[int] | None, depths: list[int] | None, counts: list[int] | None
) -> list[Case]:
    """A grid of what was chosen; all cells if nothing was."""
    if sizes or depths or counts:
        return grid(sizes or SIZES, depths or DEPTHS, counts or [USUAL_CONNECTIONS])
    return ALL


PLAIN = "plain"
IDLE_KINDS = {
    PLAIN: "without compression",
    "deflate": "with permessage-deflate, without context takeover",
    "context": "with permessage-deflate and context takeover",
}


def idle_count(kind: str, most: int) -> int:
    """A context takes hundreds of kilobytes."""
    return max(most // 10, 1) if kind == "context" else most
