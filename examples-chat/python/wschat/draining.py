"""The end of the process: clients go to others, a few at a time."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable

from wscodec import CloseCode
from wscodec.asyncio import Server, ServerConnection

from .logs import note
from .server import Chat

log = logging.getLogger("chat.draining")


async def drain(chat: Chat, server: Server) -> None:
    """Ends the server, after drain_timeout at the latest. What still happens meanwhile works as
    always."""
    chat.is_draining = True
    note(log, "draining", connections=chat.places.count)
    try:
        await asyncio.wait_for(_end(chat, server), chat.options.drain_timeout)
    except asyncio.TimeoutError:
        note(log, "not all have gone", logging.WARNING, connections=chat.places.count)


async def _end(chat: Chat, server: Server) -> None:
    await asyncio.sleep(chat.options.drain_delay)
    server.close(close_connections=False)  # stops to listen
    await say_goodbye(server.connections, chat.options.drain_seconds)
    server.close(code=CloseCode.GOING_AWAY)
    await server.wait_closed()


async def say_goodbye(connections: Iterable[ServerConnection], seconds: float) -> None:
    """Closes all connections, spread over this time, so that they do not all connect to other
    processes at once."""
    shuffled = list(connections)
    random.shuffle(shuffled)
    loop = asyncio.get_running_loop()
    started = loop.time()
    for count, connection in enumerate(shuffled, 1):
        connection.close_nowait(CloseCode.GOING_AWAY, "the server is being shut down")
        early = started + seconds * count / len(shuffled) - loop.time()
        if early > 0:  # a pause takes longer than it should, so there is not one for each
            await asyncio.sleep(early)
