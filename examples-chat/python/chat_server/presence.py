"""Keeps the members of this process alive, and removes those of dead processes."""

from __future__ import annotations

import asyncio
import logging
import time

from .logs import note
from .rooms import Rooms
from .store import Store, StoreError

ROUNDS = 3
"""How often a member is extended before it would expire."""

log = logging.getLogger("chat.presence")


async def keep(rooms: Rooms, store: Store) -> None:
    """Goes its rounds, until it is cancelled."""
    extended = time.monotonic()
    while True:
        await asyncio.sleep(store.expires / ROUNDS)
        started = time.monotonic()
        try:
            await _round(rooms, store, is_late=started - extended > store.expires)
            extended = started
        except StoreError as error:
            note(log, "members were not extended", error=error)


async def _round(rooms: Rooms, store: Store, *, is_late: bool) -> None:
    for room in rooms:
        if is_late:
            await rooms.enter_again(room)
        await store.extend(room.name, [join.client for join in room.present.values()])
        await store.sweep(room.name)
