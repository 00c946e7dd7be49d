"""The end of the process: clients go to others, a few at a time."""

from __future__ import annotations

import asyncio
import logging
import random

from wscodec import CloseCode
from wscodec.asyncio import Server

from .server import Chat

log = logging.getLogger("chat.draining")


async def drain(chat: Chat, server: Server) -> None:
    """Ends the server. What still happens meanwhile works as always."""
    options = chat.options
    chat.is_draining = True
    log.info("draining")
    await asyncio.sleep(options.drain_delay)
    await _say_goodbye(server, options.drain_seconds)
    server.close(code=CloseCode.GOING_AWAY)
    try:
        await asyncio.wait_for(server.wait_closed(), options.drain_timeout)
    except asyncio.TimeoutError:
        log.warning("%d connections have not ended", chat.places.count)


async def _say_goodbye(server: Server, seconds: float) -> None:
    """Closes all connections, spread over this time, so that they do not all connect to other
    processes at once."""
    connections = list(server.connections)
    random.shuffle(connections)
    for connection in connections:
        connection.close_nowait(CloseCode.GOING_AWAY, "the server is being shut down")
        await asyncio.sleep(seconds / len(connections))
