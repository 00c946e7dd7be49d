import asyncio

import websockets
from websockets.exceptions import ConnectionClosed


async def main() -> None:
    number = 0
    async for websocket in websockets.connect("ws://localhost:8765"):
        try:
            while True:
                print(await websocket.recv())
        except ConnectionClosed as error:
            print(error.rcvd.code if error.rcvd else "lost")
            number += 1
            if number == 3:
                break
            continue


asyncio.run(main())
