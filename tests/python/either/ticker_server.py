import asyncio
import itertools

from websockets.asyncio.server import ServerConnection, broadcast, serve


async def listen(websocket: ServerConnection) -> None:
    await websocket.wait_closed()


async def main() -> None:
    async with serve(listen, "localhost", 8765) as server:
        for number in itertools.count():
            broadcast(server.connections, f"{number}")
            await asyncio.sleep(0.02)


asyncio.run(main())
