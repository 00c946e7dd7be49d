import asyncio
from collections.abc import AsyncIterator

from websockets.asyncio.server import ServerConnection, serve


async def words(count: int) -> AsyncIterator[str]:
    for number in range(count):
        await asyncio.sleep(0)
        yield f"{number} "


async def handler(websocket: ServerConnection) -> None:
    async for message in websocket:
        if isinstance(message, bytes):
            await websocket.send([message, message])
        else:
            await websocket.send(words(int(message)))


async def main() -> None:
    async with serve(handler, "localhost", 8765, max_size=2**16) as server:
        await server.serve_forever()


asyncio.run(main())
