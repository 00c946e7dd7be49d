import asyncio
import json

from websockets.asyncio.client import connect


async def main() -> None:
    async with connect("ws://localhost:8765") as one:
        print(await one.recv())
        async with connect("ws://localhost:8765") as other:
            print(await one.recv())
            print(await other.recv())
            await other.send(json.dumps({"say": "Hello"}))
            print(await one.recv())
            print(await other.recv())
        print(await one.recv())


asyncio.run(main())
