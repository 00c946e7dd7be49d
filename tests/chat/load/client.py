"""A client that follows the rules of PROTOCOL.md, and remembers what it has seen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import ssl
import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from wscodec.asyncio import ClientConnection, ConnectionClosed, connect
from wscodec.exceptions import InvalidHandshake, InvalidStatus

GOING_AWAY = 1001
LEAST_DELAY, MOST_DELAY = 0.5, 10.0
OF_MEMBERS = ('{"type":"enter"', '{"type":"leave"')
"""The starts of messages that these clients pass over, unparsed: most come after a fault."""
HOLD = 1.0
"""Seconds until what was refused is said again."""


@dataclass
class Figures:
    """What all clients of a process have met."""

    closed: Counter[str] = field(default_factory=Counter)
    """How connections have ended: close codes."""
    failed: Counter[str] = field(default_factory=Counter)
    """Why connections were not opened."""
    refused: Counter[str] = field(default_factory=Counter)
    gaps: int = 0
    reconnects: int = 0
    said_at: array[float] = field(default_factory=lambda: array("d"))
    latencies: array[float] = field(default_factory=lambda: array("d"))
    """For each delivery: when it was first said, and how long it took from then on."""


class Client:
    """The `nth` client of its room connects to the nth URL, and then to any of them."""

    def __init__(
        self,
        client: str,
        room: str,
        nth: int,
        urls: list[str],
        context: ssl.SSLContext | None,
        figures: Figures,
    ) -> None:
        self.client, self.room = client, room
        self.seen: list[tuple[str, str, int]] = []
        """The messages in the order of arrival: id, client, seq."""
        self.acknowledged: dict[int, str] = {}
        """The id of what was said, by its seq."""
        self.pending: dict[int, str] = {}
        """What was said and is not acknowledged, in order."""
        self.is_joined = False
        self.has_ended = False
        self._urls, self._url = urls, urls[nth % len(urls)]
        self._context, self._figures = context, figures
        self._compression = "deflate" if nth % 4 < 2 else None
        self._connection: ClientConnection | None = None
        self._is_held = False
        self._last_seq = 0
        self._failures = 0

    @property
    def after(self) -> str | None:
        return self.seen[-1][0] if self.seen else None

    # Connections

    async def run(self) -> None:
        """Connects again and again, until it is stopped."""
        while not self.has_ended:
            was_joined, code = await self._connect()
            if self.has_ended:
                return
            self._figures.reconnects += 1
            self._url = random.choice(self._urls)
            if not (code == GOING_AWAY and was_joined):
                most = min(MOST_DELAY, LEAST_DELAY * 2**self._failures)
                self._failures += 1
                await asyncio.sleep(most * random.uniform(0.5, 1))

    async def _connect(self) -> tuple[bool, int | None]:
        """One connection. Returns whether it has joined, and its close code."""
        try:
            connection = await connect(
                self._url,
                ssl=self._context,
                subprotocols=["wscodec-chat"],
                compression=self._compression,
                proxy=None,
            )
        except (OSError, InvalidHandshake) as error:
            self._figures.failed[_name_of(error)] += 1
            return False, None
        self._connection = connection
        await self._converse(connection)
        was_joined, self.is_joined, self._connection = self.is_joined, False, None
        await connection.wait_closed()
        if not self.has_ended:
            self._figures.closed[str(connection.close_code)] += 1
        return was_joined, connection.close_code

    async def _converse(self, connection: ClientConnection) -> None:
        self._is_held = False
        join = {"type": "join", "room": self.room, "name": self.client, "client": self.client}
        with contextlib.suppress(ConnectionClosed):
            self._send(connection, **join, **({"after": self.after} if self.after else {}))
            async for message in connection:
                assert isinstance(message, str)
                if not message.startswith(OF_MEMBERS):
                    self._on(json.loads(message))

    def _send(self, connection: ClientConnection, **message: object) -> None:
        connection.send_nowait(json.dumps(message))

    async def stop(self) -> None:
        self.has_ended = True
        if self._connection is not None:
            await self._connection.close()

    # What comes

    def _on(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "message":
            self._on_message(message)
        elif kind == "joined":
            self._on_joined(message)
        elif kind == "ack":
            self.acknowledged[message["seq"]] = message["id"]
            self.pending.pop(message["seq"], None)
        elif kind == "refused":
            self._on_refused(message)

    def _on_joined(self, message: dict[str, Any]) -> None:
        self.is_joined = True
        self._failures = 0
        self._figures.gaps += message["gap"]
        self._say_pending()

    def _on_message(self, message: dict[str, Any]) -> None:
        self.seen.append((message["id"], message["client"], message["seq"]))
        said_at = float(message["text"])
        self._figures.said_at.append(said_at)
        self._figures.latencies.append(time.monotonic() - said_at)

    def _on_refused(self, message: dict[str, Any]) -> None:
        """Holds all back for a while: what follows a refused message is refused, too."""
        self._figures.refused[message["reason"]] += 1
        if not self._is_held:
            self._is_held = True
            asyncio.get_running_loop().call_later(HOLD, self._release, self._connection)

    def _release(self, connection: ClientConnection | None) -> None:
        if self._connection is connection:
            self._is_held = False
            self._say_pending()

    # What is said

    def say(self) -> None:
        """Says the time, now or when that is possible."""
        self._last_seq += 1
        self.pending[self._last_seq] = repr(time.monotonic())
        self._say(self._last_seq)

    def _say(self, seq: int) -> None:
        if self.is_joined and not self._is_held and self._connection is not None:
            with contextlib.suppress(ConnectionClosed):  # it stays pending
                self._send(self._connection, type="say", seq=seq, text=self.pending[seq])

    def _say_pending(self) -> None:
        for seq in self.pending:
            self._say(seq)


def _name_of(error: BaseException) -> str:
    if isinstance(error, InvalidStatus):
        return f"status {error.response.status_code}"
    return (
        f"{type(error).__name__}: {error}"
        if isinstance(error, InvalidHandshake)
        else type(error).__name__
    )
