"""A client that compares every echo with its message, and comes back when it is cut off."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Iterator
from typing import Union

from wscodec import Deflate, WsError
from wscodec.asyncio import ClientConnection, connect
from wscodec.exceptions import ConnectionClosed, WebSocketException

Message = Union[str, bytes]

COMPRESSION = {
    "none": None,
    "without takeover": Deflate(True, True),
    "with takeover": Deflate(),
}

AHEAD = 8
"""Messages that may be sent before the first of them has come back."""

WORDS = "the quick brown fox jumps over a lazy dog while nobody else cares".split()
OUR_FAULT = (1002, 1007, 1009, 1010, 1011)
"""Close codes of the server, none of which a client has caused that keeps the protocol."""


class Client:
    """One connection after another. It counts in `counts`, and describes in `mismatches` what
    should never happen."""

    def __init__(
        self, port: int, compression: str, short: bool, seed: int, counts: Counter[str]
    ) -> None:
        """`short`: every message is ASCII text that fits into the shortest header."""
        self.uri = f"ws://127.0.0.1:{port}/"
        self.compression, self.short = compression, short
        self.dice = random.Random(seed)
        self.counts = counts
        self.mismatches: list[str] = []
        self.expected: deque[Message] = deque()

    # Messages

    def message(self) -> Message:
        if self.short:
            return "".join(self.dice.choices("abcdefgh", k=self.dice.randrange(1, 126)))
        size = self.dice.choice((0, 1, 100, 126, 5_000, 65_536, 300_000))
        size = self.dice.randrange(size + 1)
        if self.dice.random() < 0.5:
            return self.dice.randbytes(size)
        return "ä ".join(self.dice.choices(WORDS, k=size // 6))

    def fragments(self, message: Message) -> Iterator[Message]:
        """The message in 2 to 4 parts, of which some may be empty."""
        cuts = sorted(self.dice.randrange(len(message) + 1) for _ in range(3))
        for start, end in zip([0, *cuts], [*cuts, len(message)]):
            yield message[start:end]

    async def send(self, connection: ClientConnection) -> None:
        # Enough that a corruption, within 3,000 bytes, is not of the close frame.
        for _ in range(self.dice.randrange(200, 400)):
            while len(self.expected) >= AHEAD:
                await asyncio.sleep(0.001)
            message = self.message()
            self.expected.append(message)
            if not self.short and self.dice.random() < 0.2:
                await connection.send(self.fragments(message))
            else:
                await connection.send(message)
            if not self.short and self.dice.random() < 0.1:
                await connection.ping()
        while self.expected:
            await asyncio.sleep(0.001)

    async def receive(self, connection: ClientConnection) -> None:
        async for message in connection:
            expected = self.expected.popleft() if self.expected else None
            if type(message) is not type(expected) or message != expected:
                self.mismatches.append(f"{message[:50]!r} instead of {str(expected)[:50]!r}")
            self.counts["messages"] += 1
            self.counts["bytes"] += len(message)

    # Connections

    async def run(self) -> None:
        """Connects again and again, until it is cancelled."""
        while True:
            self.expected.clear()
            self.counts["connections"] += 1
            try:
                await self.converse()
            except ConnectionClosed as error:
                self.judge(error)
            except (OSError, WebSocketException, asyncio.TimeoutError):
                self.counts["failed handshakes"] += 1
                await asyncio.sleep(0.01)

    async def converse(self) -> None:
        """Sends some messages, and closes the connection when all have come back."""
        async with connect(
            self.uri,
            compression=COMPRESSION[self.compression],
            compress_from=0,
            proxy=None,
            ping_interval=None if self.short else 1,
            ping_timeout=1,
            close_timeout=2,
        ) as connection:
            receiving = asyncio.create_task(self.receive(connection))
            sending = asyncio.create_task(self.send(connection))
            try:
                await asyncio.wait((receiving, sending), return_when=asyncio.FIRST_COMPLETED)
                for task in (sending, receiving):
                    if task.done():
                        task.result()
            finally:
                for task in (sending, receiving):
                    task.cancel()
                await asyncio.gather(sending, receiving, return_exceptions=True)
        self.counts["closes"] += 1

    def judge(self, error: ConnectionClosed) -> None:
        """A lost connection is expected, a broken rule is not, unless bytes are corrupted."""
        ours = isinstance(error.__cause__, WsError)
        first = error.rcvd if error.sent is None or error.rcvd_then_sent else None
        theirs = first is not None and first.code in OUR_FAULT
        if not ours and not theirs:
            self.counts["lost"] += 1
            return
        self.counts["protocol errors"] += 1
        if not self.short:
            self.mismatches.append(f"{error} ({error.__cause__})")
