import asyncio
import urllib.request

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError


async def main() -> None:
    async with connect(
        "ws://localhost:8765/hall", additional_headers={"Cookie": "id=7"}
    ) as websocket:
        assert websocket.response
        print(websocket.response.status_code, websocket.response.headers["x-room"])
        print(await websocket.recv())

    async with connect("ws://localhost:8765/cellar") as websocket:
        try:
            await websocket.recv()
        except ConnectionClosedError as error:
            assert error.rcvd
            print(error.rcvd.code, error.rcvd.reason)
        print(websocket.close_code, websocket.close_reason)


with urllib.request.urlopen("http://localhost:8765/health") as page:
    print(page.status, page.read().decode().strip())
asyncio.run(main())
