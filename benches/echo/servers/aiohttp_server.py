"""An echo server on aiohttp."""

from __future__ import annotations

import asyncio

from aiohttp import WSMsgType, web
from loops import run


async def echo(request: web.Request) -> web.WebSocketResponse:
    connection = web.WebSocketResponse(compress=False)
    await connection.prepare(request)
    async for message in connection:
        if message.type == WSMsgType.TEXT:
            await connection.send_str(message.data)
        elif message.type == WSMsgType.BINARY:
            await connection.send_bytes(message.data)
    return connection


async def main(port: int) -> None:
    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


run(main)
