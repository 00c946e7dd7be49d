import asyncio

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def main() -> None:
    async with connect("ws://localhost:8765") as websocket:
        await websocket.send("5")
        print("".join([part async for part in websocket.recv_streaming(decode=True)]))
        await websocket.send(b"twice ")
        print(await websocket.recv(decode=True))
        pong = await websocket.ping(b"there?")
        print(0 < await pong < 10, 0 < websocket.latency < 10)
        try:
            await asyncio.wait_for(websocket.recv(), 0.1)
        except asyncio.TimeoutError:
            print("silence")
        try:
            await websocket.send({"a": "dict"})  # type: ignore[arg-type, unused-ignore]
        except TypeError:
            print("a dict is no message")
        await websocket.send(b"x" * (2**16 + 1))
        try:
            await websocket.recv()
        except ConnectionClosed as closed:
            print(closed.rcvd and closed.rcvd.code)


asyncio.run(main())
