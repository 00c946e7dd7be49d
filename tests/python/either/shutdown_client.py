import asyncio
import signal

from websockets.asyncio.client import connect


async def main() -> None:
    async with connect("ws://localhost:8765") as websocket:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, loop.create_task, websocket.close())
        async for message in websocket:
            if message in ("0", "1", "2"):
                print(message, flush=True)
    print("bye")


asyncio.run(main())
