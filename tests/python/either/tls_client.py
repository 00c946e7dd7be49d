import asyncio
import ssl

from websockets.asyncio.client import connect
from websockets.sync.client import connect as sync_connect

URI = "wss://localhost:8765"


async def main() -> None:
    context = ssl.create_default_context(cafile="ca.pem")
    async with connect(URI, ssl=context) as websocket:
        await websocket.send("over TLS")
        print(await websocket.recv())
    with sync_connect(URI, ssl=context) as connection:
        print(connection.close_code)


asyncio.run(main())
