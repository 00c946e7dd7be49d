"""An echo server on wscodec.asyncio."""

from loops import run
from wscodec.asyncio import ServerConnection, serve


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def main(port: int) -> None:
    options = {"compression": None, "ping_interval": None, "backlog": 1024}
    async with serve(echo, "127.0.0.1", port, **options) as server:
        await server.serve_forever()


run(main)
