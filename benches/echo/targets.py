"""What our servers are to reach: ratios of CPU time per message, bytes of idle connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

Case = tuple[int, int]  # size and depth


@dataclass(frozen=True)
class RatioTarget:
    """CPU time per message of a server, divided by that of a peer."""

    server: str
    case: Case
    peer: str
    must: float
    stretch: float | None = None

    @property
    def what(self) -> str:
        size, depth = self.case
        return f"{self.server}, {size} B, depth {depth}, to {self.peer}"


@dataclass(frozen=True)
class IdleTarget:
    """Bytes that a server holds for each idle connection."""

    server: str
    must: float
    stretch: float | None = None

    @property
    def what(self) -> str:
        return f"{self.server}, bytes of an idle connection"


Target = Union[RatioTarget, IdleTarget]


def verdict(target: Target, value: float | None) -> str:
    if value is None:
        return "not measured"
    if target.stretch is not None and value <= target.stretch:
        return "stretch"
    return "ok" if value <= target.must else "SHORT"


def both_sizes(
    server: str, depth: int, peer: str, must: float, stretch: float | None = None
) -> list[RatioTarget]:
    return [RatioTarget(server, (size, depth), peer, must, stretch) for size in (20, 1024)]


RATIOS: list[RatioTarget] = [
    *both_sizes("wscodec", 16, "uws", 1.15),
    *both_sizes("wscodec", 16, "tungstenite", 0.10),
    *both_sizes("wscodec", 1, "uws", 1.05),
    *both_sizes("wscodec-asyncio", 1, "picows", 1.60, 1.40),
    *both_sizes("wscodec-asyncio", 1, "websockets", 0.60, 0.50),
    *both_sizes("wscodec-asyncio", 16, "picows", 0.45, 0.30),
    *both_sizes("wscodec-asyncio", 16, "websockets", 0.18, 0.12),
    *both_sizes("wscodec-callback", 1, "picows", 1.30, 1.15),
    *both_sizes("wscodec-callback", 1, "websockets", 0.50, 0.45),
    *both_sizes("wscodec-callback", 16, "picows", 0.30, 0.20),
    *both_sizes("wscodec-callback", 16, "websockets", 0.12, 0.08),
    *both_sizes("wscodec-asyncio-uvloop", 1, "picows-uvloop", 1.35, 1.20),
    *both_sizes("wscodec-asyncio-uvloop", 1, "websockets-uvloop", 0.50, 0.45),
]

IDLE: list[IdleTarget] = [
    IdleTarget("wscodec-asyncio", 3500, 3000),
    IdleTarget("wscodec-callback", 2200, 1800),
]
