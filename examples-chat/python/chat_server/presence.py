"""Keeps the members of this process alive, and removes those of dead processes."""

from __future__ import annotations

import asyncio
import logging
import time

from .rooms import Rooms
from .store import EXPIRES, Store, StoreError

PERIOD = 10
"""Seconds between two rounds."""

log = logging.getLogger("chat.presence")


async def keep(rooms: Rooms, store: Store, period: float = PERIOD) -> None:
    """Goes its rounds, until it is cancelled."""
    extended = time.monotonic()
    while True:
        await asyncio.sleep(period)
        started = time.monotonic()
        try:
            await _round(rooms, store, is_late=started - extended > EXPIRES)
            extended = started
        except StoreError as error:
            log.info("no round: %s", error)


async def _round(rooms: Rooms, store: Store, *, is_late: bool) -> None:
    for room in rooms:
        if is_late:
            await rooms.enter_again(room)
        await store.extend(room.name, [join.client for join in room.present.values()])
        await store.sweep(room.name)
