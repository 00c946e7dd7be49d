import asyncio

from websockets.asyncio.client import connect


async def main() -> None:
    async with connect("ws://localhost:8765") as websocket:
        await websocket.send("Ada")
        print(await websocket.recv())

    websocket = await connect("ws://localhost:8765")
    try:
        await websocket.send("Grace")
        async for message in websocket:
            print(message)
    finally:
        await websocket.close()


asyncio.run(main())
