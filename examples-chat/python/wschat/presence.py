"""Keeps the members of this process alive, and removes those of dead processes."""

from __future__ import annotations

import asyncio
import logging

from .logs import note
from .room import Room
from .rooms import Rooms
from .store import Store, StoreError

ROUNDS = 3
"""How often a member is extended before it would expire."""

log = logging.getLogger("chat.presence")


async def keep(rooms: Rooms, store: Store) -> None:
    """Goes its rounds, until it is cancelled."""
    while True:
        await asyncio.sleep(store.expires / ROUNDS)
        for room in rooms:
            try:
                await _extend(room, store)
                await store.sweep(room.name)
            except StoreError as error:
                note(log, "redis-failed", room=room.name, reason=error)


async def _extend(room: Room, store: Store) -> None:
    members = {join.client: (join, connection) for connection, join in room.present.items()}
    if not members:
        return
    for client in await store.extend(room.name, list(members)):
        join, connection = members[client]
        if connection in room.present:
            await store.enter(join, connection.name, again=True)
