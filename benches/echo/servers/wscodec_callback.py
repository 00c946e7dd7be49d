"""An echo server on wscodec.asyncio, with a callback instead of a coroutine."""

from __future__ import annotations

from loops import run
from wscodec.asyncio import ServerConnection, serve


def echo(connection: ServerConnection, message: str | bytes) -> None:
    connection.send_nowait(message)


async def main(port: int) -> None:
    options = {"compression": None, "ping_interval": None, "backlog": 1024}
    async with serve(host="127.0.0.1", port=port, on_message=echo, **options) as server:
        await server.serve_forever()


run(main)
