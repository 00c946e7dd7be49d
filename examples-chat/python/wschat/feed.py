"""Everything that is published in the rooms of this process arrives on one connection to Redis.

redis-py has a class for that, PubSub, which reconnects by itself. Then nobody would know that
messages may have been missed, so this uses a plain connection of redis-py.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Iterable
from typing import Any, Protocol

from .logs import note
from .metrics import Metrics
from .store import Address, StoreError, channel_of, room_of

PING = 5
"""Seconds without a command until a ping is sent."""

SILENCE = 2 * PING
"""Seconds of silence until the connection is taken for dead."""

DELAYS = 0.1, 5
"""Seconds until it connects again: at first, and at most."""

log = logging.getLogger("chat.redis")


class Listener(Protocol):
    """Who wants to know. It is told one thing after the other, in the order of Redis."""

    def wanted(self) -> Iterable[str]:
        """The rooms to subscribe to."""

    async def subscribed(self, room: str) -> None:
        """From now on, what is published in the room arrives."""

    def published(self, room: str, data: bytes) -> None:
        """This was published."""

    def lost(self) -> None:
        """The connection has ended. What is published may be missed until subscribed()."""


class Feed:
    """The connection, made again whenever it has ended."""

    def __init__(self, address: Address, listener: Listener, metrics: Metrics) -> None:
        self._address, self._listener, self._metrics = address, listener, metrics
        self._commands: asyncio.Queue[tuple[str, ...]] | None = None  # None: not connected
        self._delay: float = DELAYS[0]

    def subscribe(self, room: str) -> None:
        """To be called for a new room; the listener's subscribed() follows."""
        self._command("SUBSCRIBE", channel_of(room))

    def unsubscribe(self, room: str) -> None:
        """To be called for a room that nobody is in any more."""
        self._command("UNSUBSCRIBE", channel_of(room))

    def restart(self) -> None:
        """Lets Redis end the connection, so that another one is made."""
        self._command("QUIT")

    def _command(self, *command: str) -> None:
        if self._commands is not None:
            self._commands.put_nowait(command)

    async def run(self) -> None:
        """Connects again and again, until it is cancelled."""
        while True:
            try:
                await self._follow()
            except (*StoreError, asyncio.TimeoutError) as error:
                text = str(error) or "timed out"
                note(log, "redis-failed", logging.WARNING, redis=self._address, reason=text)
            except Exception:  # what is in Redis is not what a server of the chat has written
                log.exception("Redis has sent what no server of the chat has stored")
            await asyncio.sleep(self._delay * random.uniform(0.5, 1))
            self._delay = min(2 * self._delay, DELAYS[1])

    async def _follow(self) -> None:
        """Connects, and tells the listener what happens until the connection ends."""
        connection = self._address.connection()
        writer = None
        try:
            await connection.connect()
            commands: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
            self._commands = commands
            for room in self._listener.wanted():
                self.subscribe(room)
            self._metrics.redis_up = True
            self._metrics.redis_connects += 1
            note(log, "redis-connected", redis=self._address)
            writer = asyncio.create_task(self._write(connection, commands))
            await self._read(connection)
        finally:
            self._commands = None
            self._metrics.redis_up = False
            self._listener.lost()
            if writer is not None:
                writer.cancel()
            with contextlib.suppress(*StoreError):
                await connection.disconnect(nowait=True)

    async def _write(self, connection: Any, commands: asyncio.Queue[tuple[str, ...]]) -> None:
        # If it fails, the connection is broken, and _read() fails too.
        with contextlib.suppress(*StoreError):
            while True:
                command: tuple[str, ...] = ("PING",)
                with contextlib.suppress(asyncio.TimeoutError):
                    command = await asyncio.wait_for(commands.get(), PING)
                await connection.send_command(*command)

    async def _read(self, connection: Any) -> None:
        while True:
            reply = await connection.read_response(timeout=SILENCE)
            self._delay = DELAYS[0]
            kind = reply[0] if isinstance(reply, list) else None
            if kind == b"message":
                self._listener.published(room_of(reply[1]), reply[2])
            elif kind == b"subscribe":
                await self._listener.subscribed(room_of(reply[1]))
