import asyncio

from websockets.asyncio.client import connect


async def main() -> None:
    async with connect("ws://localhost:8765") as websocket:
        first = int(await websocket.recv())
        print([int(await websocket.recv()) - first for _ in range(3)])


asyncio.run(main())
