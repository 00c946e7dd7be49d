"""Figures, in the text format of Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "wscodec_chat_"


class Metrics:
    """What is counted since the process was started."""

    def __init__(self) -> None:
        self.handshakes: Counter[str] = Counter()
        """Answers to requests for a WebSocket, by outcome."""
        self.messages = Counter({"in": 0, "out": 0})
        self.bytes = Counter({"in": 0, "out": 0})
        """Bytes of the messages, without frames and compression."""
        self.closes: Counter[tuple[int, str]] = Counter()
        """Connections that have ended, by the code, and by who was first."""
        self.slow_readers = 0
        self.redis_up = False
        self.redis_reconnects = 0

    def text(self, *, connections: int, rooms: int, waiting: int) -> str:
        """The page. What is measured, not counted, are the arguments."""
        parts = (
            _plain("connections", "gauge", connections),
            _labelled("handshakes_total", ("outcome",), _keys(self.handshakes)),
            _labelled("messages_total", ("direction",), _keys(self.messages)),
            _labelled("bytes_total", ("direction",), _keys(self.bytes)),
            _labelled("closes_total", ("code", "by"), self.closes),
            _plain("output_waiting_bytes", "gauge", waiting),
            _plain("slow_readers_total", "counter", self.slow_readers),
            _plain("redis_up", "gauge", int(self.redis_up)),
            _plain("redis_reconnects_total", "counter", self.redis_reconnects),
            _plain("rooms", "gauge", rooms),
        )
        return "".join(f"{line}\n" for part in parts for line in part)


def _plain(name: str, kind: str, value: int) -> Iterator[str]:
    yield f"# TYPE {PREFIX}{name} {kind}"
    yield f"{PREFIX}{name} {value}"


def _labelled(name: str, labels: tuple[str, ...], counts: Mapping[Any, int]) -> Iterator[str]:
    """A counter for each set of values of the labels."""
    yield f"# TYPE {PREFIX}{name} counter"
    for values, count in counts.items():
        pairs = ",".join(f'{label}="{value}"' for label, value in zip(labels, values))
        yield f"{PREFIX}{name}{{{pairs}}} {count}"


def _keys(counts: Mapping[str, int]) -> dict[tuple[str], int]:
    return {(key,): count for key, count in counts.items()}
