"""An echo server on Python's websockets."""

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, serve


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def main(port: int) -> None:
    server = serve(echo, "127.0.0.1", port, backlog=1024, compression=None, ping_interval=None)
    async with server as running:
        await running.serve_forever()


asyncio.run(main(int(sys.argv[1])))
