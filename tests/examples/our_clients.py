"""The conversation with the clients of this package."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Callable

import uvloop
import wscodec.asyncio
import wscodec.sync
from conversation import (
    CLOSE_CODE,
    CLOSE_REASON,
    FRAGMENTS,
    MESSAGES,
    OFFERED,
    PATIENCE,
    Client,
    Seen,
    Visit,
)
from wscodec.exceptions import ConnectionClosed


def options_of(visit: Visit) -> dict[str, Any]:
    return {
        "ssl": visit.context(),
        "subprotocols": OFFERED,
        "compression": "deflate" if visit.compression else None,
        "max_size": None,
        "proxy": None,
    }


async def talk(visit: Visit) -> Seen:
    seen = Seen()
    async with wscodec.asyncio.connect(visit.url, **options_of(visit)) as client:
        seen.subprotocol = client.subprotocol
        seen.compression = client.deflate is not None
        for message in (*MESSAGES, FRAGMENTS):
            await client.send(message)
            seen.echoes.append(await client.recv())
        await (await client.ping("payload"))
        await client.close(CLOSE_CODE, CLOSE_REASON)
        seen.close_code = client.close_code
    return seen


def asyncio_(visit: Visit) -> Seen:
    return asyncio.run(asyncio.wait_for(talk(visit), PATIENCE))


def uvloop_(visit: Visit) -> Seen:
    return uvloop.run(asyncio.wait_for(talk(visit), PATIENCE))


def sync(visit: Visit) -> Seen:
    seen = Seen()
    with wscodec.sync.connect(visit.url, **options_of(visit)) as client:
        seen.subprotocol = client.subprotocol
        seen.compression = client.deflate is not None
        for message in (*MESSAGES, FRAGMENTS):
            client.send(message)
            seen.echoes.append(client.recv(PATIENCE))
        assert client.ping("payload").wait(PATIENCE)
        client.close(CLOSE_CODE, CLOSE_REASON)
        seen.close_code = client.close_code
    return seen


CLIENTS: dict[str, Client] = {"asyncio": asyncio_, "uvloop": uvloop_, "sync": sync}


# The close code after a message that the server refuses


async def refused(visit: Visit, message: bytes) -> int | None:
    async with wscodec.asyncio.connect(visit.url, **options_of(visit)) as client:
        with contextlib.suppress(ConnectionClosed):
            await client.send(message)
            await client.recv()
    return client.close_code


def sync_refused(visit: Visit, message: bytes) -> int | None:
    with wscodec.sync.connect(visit.url, **options_of(visit)) as client:
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
