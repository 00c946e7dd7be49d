"""Figures, in the text format of Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from wscodec import CloseCode
from wscodec.asyncio import ConnectionClosed

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

OUTCOMES = (
    "accepted",
    "invalid",
    "origin",
    "subprotocol",
    "draining",
    "address_limit",
    "connection_limit",
    "timeout",
    "proxy_header",
)
"""Of opening handshakes."""


CODES = range(1000, 1016)


class Compression:
    """Bytes of messages before and after they were compressed. The frames in which a message is
    written say that: each is counted once, however many clients get it."""

    _RSV1 = 0x40
    """The bit of the first byte of a frame that says that the message is compressed."""

    def __init__(self) -> None:
        self.before = self.after = 0
        self._length = 0
        self._counted: set[int] = set()

    @contextmanager
    def of(self, message: bytes) -> Iterator[None]:
        """While the message is sent, to any number of clients."""
        self._length = len(message)
        try:
            yield
        finally:
            self._length = 0
            self._counted.clear()

    def written(self, data: bytes | bytearray | memoryview) -> None:
        """Counts a frame of the message."""
        if self._length and data[0] & self._RSV1 and id(data) not in self._counted:
            self._counted.add(id(data))
            self.before += self._length
            self.after += len(data)


class Metrics:
    """What is counted since the process was started."""

    def __init__(self) -> None:
        self.connections = 0
        self.handshakes = Counter(dict.fromkeys(OUTCOMES, 0))
        self.messages_received = self.messages_sent = 0
        self.bytes_received = self.bytes_sent = 0
        self.compression = Compression()
        self.slow_clients = 0
        self.ping_timeouts = 0
        self.refused = Counter(rate=0, unavailable=0)
        self.redis_up = False
        self.redis_connects = 0
        self.closes_sent = Counter(dict.fromkeys(CODES, 0))
        self.closes_received = Counter(dict.fromkeys(CODES, 0))

    def count_closed(self, error: ConnectionClosed) -> None:
        """Counts the close frames of a connection that has ended."""
        if error.sent is not None:
            self.closes_sent[int(error.sent.code)] += 1
            has_timed_out = isinstance(error.__cause__, TimeoutError) and error.rcvd is None
            if has_timed_out and error.sent.code == CloseCode.INTERNAL_ERROR:
                self.ping_timeouts += 1
        received = CloseCode.ABNORMAL if error.rcvd is None else error.rcvd.code
        self.closes_received[int(received)] += 1

    def text(self, *, connections: int, rooms: int, waiting: int) -> str:
        """The page. What is measured, not counted, are the arguments."""
        gauge, counter = "gauge", "counter"
        parts = (
            _one("connections", gauge, "WebSockets that are open.", connections),
            _one(
                "connections_total",
                counter,
                "Connections that were accepted.",
                self.connections,
            ),
            _each("handshakes_total", "Opening handshakes.", "outcome", self.handshakes),
            _one(
                "messages_received_total",
                counter,
                "Messages from clients.",
                self.messages_received,
            ),
            _one("messages_sent_total", counter, "Messages to clients.", self.messages_sent),
            _one("received_bytes_total", counter, "Bytes from clients.", self.bytes_received),
            _one("sent_bytes_total", counter, "Bytes to clients.", self.bytes_sent),
            _one("waiting_bytes", gauge, "Output that waits for clients to read.", waiting),
            _one(
                "slow_clients_total",
                counter,
                "Clients that were dropped since too much output waited.",
                self.slow_clients,
            ),
            _one(
                "ping_timeouts_total",
                counter,
                "Clients that did not respond to a ping.",
                self.ping_timeouts,
            ),
            _each("refused_total", "Messages that were refused.", "reason", self.refused),
            _one(
                "compression_input_bytes_total",
                counter,
                "Bytes of messages before they were compressed.",
                self.compression.before,
            ),
            _one(
                "compression_output_bytes_total",
                counter,
                "Bytes of messages after they were compressed.",
                self.compression.after,
            ),
            _one(
                "redis_connects_total",
                counter,
                "Times that it connected to Redis.",
                self.redis_connects,
            ),
            _one("redis_up", gauge, "1 while it is connected to Redis.", int(self.redis_up)),
            _one("rooms", gauge, "Rooms that have clients here.", rooms),
            _each("close_sent_total", "Close frames to clients.", "code", self.closes_sent),
            _each(
                "close_received_total",
                "How clients closed; 1005: without a code, 1006: without a close frame.",
                "code",
                self.closes_received,
            ),
        )
        return "".join(f"{line}\n" for part in parts for line in part)


def _one(name: str, kind: str, help: str, value: int) -> Iterator[str]:
    yield from _head(name, kind, help)
    yield f"chat_{name} {value}"


def _each(
    name: str, help: str, label: str, counts: Mapping[str, int] | Mapping[int, int]
) -> Iterator[str]:
    """A counter for each value of the label."""
    yield from _head(name, "counter", help)
    for value, count in counts.items():
        yield f'chat_{name}{{{label}="{value}"}} {count}'


def _head(name: str, kind: str, help: str) -> Iterator[str]:
    yield f"# HELP chat_{name} {help}"
    yield f"# TYPE chat_{name} {kind}"
