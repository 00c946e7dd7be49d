"""The rooms of this process: opened, filled again after an outage, closed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator

from wscodec import CloseCode

from . import protocol
from .connection import ChatConnection
from .feed import Feed
from .logs import note
from .metrics import Metrics
from .protocol import NONE
from .room import Room
from .store import Address, ResponseError, Store

log = logging.getLogger("chat.rooms")


class Rooms:
    """All rooms that a connection of this process holds. It listens to the Feed, which tells it
    one thing after the other: while a room is being filled, nothing is passed on."""

    def __init__(
        self,
        address: Address,
        store: Store,
        metrics: Metrics,
        send: Callable[[Collection[ChatConnection], bytes], None],
    ) -> None:
        self._store, self._send = store, send
        self._rooms: dict[str, Room] = {}
        self.feed = Feed(address, self, metrics)
        store.on_readonly = self.feed.restart

    def __iter__(self) -> Iterator[Room]:
        return iter(list(self._rooms.values()))

    def __len__(self) -> int:
        return len(self._rooms)

    # For connections

    def hold(self, name: str, connection: ChatConnection) -> Room:
        """The room, which stays open until the connection releases it."""
        room = self._rooms.get(name)
        if room is None:
            self._rooms[name] = room = Room(name, self._send)
            self.feed.subscribe(name)
        room.holders.add(connection)
        return room

    def release(self, room: Room, connection: ChatConnection) -> None:
        room.remove(connection)
        if not room.holders:
            self._close(room)

    def _close(self, room: Room) -> None:
        if self._rooms.get(room.name) is room:
            del self._rooms[room.name]
            self.feed.unsubscribe(room.name)

    # For the feed

    def wanted(self) -> Iterable[str]:
        return list(self._rooms)

    async def subscribed(self, room: str) -> None:
        found = self._rooms.get(room)
        if found is None:
            return
        try:
            await self._fill(found)
        except (ResponseError, ValueError) as error:
            note(log, "invalid room", logging.WARNING, room=room, reason=error)
            self._close(found)
            for connection in found.holders:
                connection.close_nowait(CloseCode.TRY_AGAIN_LATER, "the room is invalid")

    def published(self, room: str, data: bytes) -> None:
        found = self._rooms.get(room)
        if found is not None:
            try:
                found.published(data)
            except ValueError:
                note(log, "ignored", logging.WARNING, room=room, published=data[:100])

    def lost(self) -> None:
        for room in self._rooms.values():
            room.ready.clear()

    # After SUBSCRIBE

    async def _fill(self, room: Room) -> None:
        """Gives the room what happened before, and what it has missed."""
        if room.is_new:
            room.last = await self._store.newest(room.name)
            room.is_new = False
        else:
            await self._catch_up(room)
        await self._store.sweep(room.name)
        await self.enter_again(room)
        room.set_members(await self._store.members(room.name))
        room.ready.set()

    async def _catch_up(self, room: Room) -> None:
        has_more = True
        while has_more:
            is_stored, entries = await self._store.after(room.name, room.last, None)
            if room.last != NONE and not is_stored:
                await self._give_up(room)
                return
            for id, message in entries:
                if message:
                    room.pass_on(id, protocol.stored(id, message))
            room.last = entries[-1][0] if entries else room.last
            has_more = bool(entries)

    async def _give_up(self, room: Room) -> None:
        """Messages may be lost. The clients are told so when they join again."""
        note(log, "messages may be lost", logging.WARNING, room=room.name)
        for connection in room.present:
            connection.close_nowait(CloseCode.TRY_AGAIN_LATER, "messages may be lost")
        room.last = await self._store.newest(room.name)

    async def enter_again(self, room: Room) -> None:
        """Enters the members of this process again, since Redis may have forgotten them."""
        for connection, join in list(room.present.items()):
            if connection in room.present:
                await self._store.enter(join, connection.name, again=True)
