import asyncio

import websockets


async def main() -> None:
    for credentials in ("ada:engine@", "grace:compiler@", "ada:compiler@", ""):
        try:
            async with websockets.connect(f"ws://{credentials}localhost:8765") as websocket:
                print(await websocket.recv())
        except websockets.InvalidStatus as error:
            headers = error.response.headers
            print(error.response.status_code, headers["WWW-Authenticate"].split(",")[0])


asyncio.run(main())
