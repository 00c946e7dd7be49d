"""The conversation with the clients of this package."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Callable

import uvloop
import wscodec.asyncio
import wscodec.sync
from conversation import PATIENCE, Client, Seen, Visit, talk, talk_in_thread
from wscodec.exceptions import ConnectionClosed


async def conversation(visit: Visit) -> Seen:
    async with wscodec.asyncio.connect(visit.url, **visit.options()) as client:
        return await talk(client, client.deflate is not None)


def asyncio_(visit: Visit) -> Seen:
    return asyncio.run(asyncio.wait_for(conversation(visit), PATIENCE))


def uvloop_(visit: Visit) -> Seen:
    return uvloop.run(asyncio.wait_for(conversation(visit), PATIENCE))


def sync(visit: Visit) -> Seen:
    with wscodec.sync.connect(visit.url, **visit.options()) as client:
        return talk_in_thread(client, client.deflate is not None)


CLIENTS: dict[str, Client] = {"asyncio": asyncio_, "uvloop": uvloop_, "sync": sync}


# The close code after a message that the server refuses


async def refused(visit: Visit, message: bytes) -> int | None:
    async with wscodec.asyncio.connect(visit.url, **visit.options()) as client:
        with contextlib.suppress(ConnectionClosed):
            await client.send(message)
            await client.recv()
    return client.close_code


def sync_refused(visit: Visit, message: bytes) -> int | None:
    with wscodec.sync.connect(visit.url, **visit.options()) as client:
        with contextlib.suppress(ConnectionClosed):
            client.send(message)
            client.recv(PATIENCE)
    code: int | None = client.close_code
    return code


REFUSED: dict[str, Callable[[Visit, bytes], int | None]] = {
    "asyncio": lambda visit, message: asyncio.run(refused(visit, message)),
    "uvloop": lambda visit, message: uvloop.run(refused(visit, message)),
    "sync": sync_refused,
}
