"""What our servers are to reach: ratios of CPU time per message, bytes of idle connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from cases import ALL, Case, grid

TIE = 0.05  # a smaller difference is not significant


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
        size, depth, connections = self.case
        return f"{self.server}, {size} B x {depth} x {connections}, to {self.peer}"


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
    if value <= target.must:
        return "ok"
    return "tie" if value <= target.must * (1 + TIE) else "SHORT"


def every_cell(server: str, peer: str, must: float) -> list[RatioTarget]:
    return [RatioTarget(server, case, peer, must) for case in ALL]


def both_sizes(
    server: str, depth: int, peer: str, must: float, stretch: float | None = None
) -> list[RatioTarget]:
    cases = grid([20, 1024], [depth], [64])
    return [RatioTarget(server, case, peer, must, stretch) for case in cases]


RATIOS: list[RatioTarget] = [
    *every_cell("wscodec", "uws", 1.00),
    *every_cell("wscodec-two", "uws-two", 1.00),
    *both_sizes("wscodec", 16, "tungstenite", 0.10),
    *both_sizes("wscodec-uring", 1, "wscodec", 1.00),
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
