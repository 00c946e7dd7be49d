"""What a client says, and what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from wscodec import CloseCode
from wscodec.asyncio import ConnectionClosed, State

from . import protocol
from .connection import ChatConnection
from .limits import Bucket
from .logs import note
from .protocol import HISTORY, NONE, Id, Join, Say, Violation
from .room import Room
from .store import Entry, RedisError, ResponseError, StoreError

if TYPE_CHECKING:
    from .server import Chat

BATCH = 16
"""How many messages of the history are sent until the client must have read most of them."""

PAUSE = 0.1
"""Seconds until a command of a join is repeated."""

Result = TypeVar("Result")

log = logging.getLogger("chat.client")


class Conversation:
    """The messages of one connection, one after the other."""

    def __init__(self, chat: Chat, connection: ChatConnection) -> None:
        self._chat, self._connection = chat, connection
        self._says = Bucket(chat.options.rate, chat.options.burst)
        self._joins = Bucket(chat.options.rate, chat.options.burst)
        self._join: Join | None = None
        self._room: Room | None = None
        self._refused: int | None = None
        """The `seq` that must be said again before any that is greater."""
        self._reason = ""
        """Why it was refused."""
        self._deadline = 0.0
        """Until when a join waits for Redis."""
        self._leaving: asyncio.Task[None] | None = None
        connection.on_closing = self._leave_early

    async def run(self) -> None:
        """Handles messages until the client violates the protocol. Raises ConnectionClosed when
        the connection ends."""
        try:
            while True:
                await self._handle(await self._connection.recv())
        except Violation as error:
            self._connection.close_nowait(error.code, error.reason)
        finally:
            await self._leave()

    async def _handle(self, message: str | bytes) -> None:
        self._chat.metrics.messages_received += 1
        if self._connection.state is not State.OPEN:
            return  # the client says it again, elsewhere
        parsed = protocol.parse(message)
        if isinstance(parsed, Join):
            await self._enter(parsed)
        elif self._join is None:
            raise Violation(protocol.INVALID_MEMBER, "say before join")
        else:
            await self._say(self._join, parsed)

    # say

    async def _say(self, join: Join, say: Say) -> None:
        if self._refused is not None and say.seq > self._refused:
            self._refuse(say)
        elif not self._says.take():
            self._refuse(say, "rate")
        else:
            try:
                id = await self._chat.store.say(join, say)
            except StoreError as error:
                note(log, "redis-failed", **self._connection.facts(), reason=error)
                self._refuse(say, "unavailable")
            else:
                if say.seq == self._refused:
                    self._refused = None
                self._connection.tell(protocol.ack(say.seq, id))

    def _refuse(self, say: Say, reason: str | None = None) -> None:
        """Refuses a message, and those after it; without a reason, it is one after it."""
        if reason is not None:
            self._refused, self._reason = say.seq, reason
        self._chat.metrics.refused[self._reason] += 1
        self._connection.tell(protocol.refused(say.seq, self._reason))

    # join

    async def _enter(self, join: Join) -> None:
        while not self._joins.take():
            await asyncio.sleep(1 / self._chat.options.rate)
            if self._connection.state is not State.OPEN:
                return
        before, self._refused = self._join, None
        if before is None or (before.room, before.client) != (join.room, join.client):
            await self._leave()
        elif self._room is not None:
            self._room.remove(self._connection)
        self._join = join
        self._room = room = self._chat.rooms.hold(join.room, self._connection)
        patience = self._chat.options.join_timeout
        self._deadline = time.monotonic() + patience
        try:
            if not room.ready.is_set():
                await self._wait_for(room, patience)
            await self._follow(room, join)
        except (*StoreError, asyncio.TimeoutError) as error:
            why = str(error) or "timed out"
            note(log, "not joined", **self._connection.facts(), reason=why)
            self._connection.close_nowait(
                CloseCode.TRY_AGAIN_LATER, "the room is not available"
            )

    async def _wait_for(self, room: Room, seconds: float) -> None:
        """Waits until the room is ready. Raises TimeoutError if it is not, or when the
        connection ends."""
        waits = [
            asyncio.ensure_future(each)
            for each in (room.ready.wait(), self._connection.wait_closed())
        ]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        is_ready = waits[0].done()
        for each in waits:
            each.cancel()
        if not is_ready:
            raise asyncio.TimeoutError

    async def _follow(self, room: Room, join: Join) -> None:
        """Makes the connection one of those that get what happens in the room."""
        store, number = self._chat.store, self._connection.name
        await self._patiently(lambda: store.enter(join, number))
        last, gap, entries = await self._patiently(lambda: self._history(room, join.after))
        members = {**room.members, join.client: join.member}
        name = self._chat.name
        self._connection.join = join
        note(log, "joined", **self._connection.facts())
        self._connection.tell(protocol.joined(room.name, members.values(), name, gap))
        room.add_present(self._connection, join)
        await self._send(entries)
        while last < (until := room.last):
            is_stored, entries = await self._patiently(
                partial(store.after, room.name, last, until)
            )
            if last != NONE and not is_stored:
                raise RedisError("the client is too slow to read messages before they go")
            await self._send(entries)
            last = entries[-1][0] if entries else until
        room.add_live(self._connection, last)

    async def _patiently(self, command: Callable[[], Awaitable[Result]]) -> Result:
        """Repeats a command until Redis answers, or until the join takes too long."""
        while True:
            try:
                return await command()
            except ResponseError:
                raise
            except StoreError:
                is_open = self._connection.state is State.OPEN
                if not is_open or time.monotonic() > self._deadline:
                    raise
                await asyncio.sleep(PAUSE)

    async def _history(self, room: Room, after: Id | None) -> tuple[Id, bool, list[Entry]]:
        """The first messages for the client, up to an ID, and whether there is a gap."""
        store, until = self._chat.store, room.last
        if after is None:
            return until, False, await store.last(room.name, HISTORY, until)
        is_stored, entries = await store.after(room.name, after, max(after, until))
        if entries:
            return entries[-1][0], not is_stored, entries
        return after if is_stored else until, not is_stored, []

    async def _send(self, entries: list[Entry]) -> None:
        for count, (id, message) in enumerate(entries, 1):
            if message:
                self._connection.tell(protocol.stored(id, message))
            if count % BATCH == 0:
                await self._connection.drain()

    def _leave_early(self) -> None:
        """The others need not wait until the client has closed, too."""
        self._leaving = asyncio.ensure_future(self._leave())

    async def _leave(self) -> None:
        """Leaves the room, if there is one. May be called again."""
        join, room = self._join, self._room
        if join is None or room is None:
            return
        self._chat.rooms.release(room, self._connection)
        with contextlib.suppress(*StoreError):  # or the member expires
            await self._chat.store.leave(join, self._connection.name)


async def converse(chat: Chat, connection: ChatConnection) -> None:
    """The handler of a connection."""
    with contextlib.suppress(ConnectionClosed):
        await Conversation(chat, connection).run()
