import asyncio

from websockets.asyncio.server import ServerConnection, serve


async def consume(websocket: ServerConnection) -> None:
    async for message in websocket:
        print(message)


async def produce(websocket: ServerConnection) -> None:
    number = 0
    while True:
        await websocket.send(f"{number}")
        number += 1
        await asyncio.sleep(0.02)


async def handler(websocket: ServerConnection) -> None:
    tasks = [asyncio.create_task(each(websocket)) for each in (consume, produce)]
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    print(f"closed with {websocket.close_code}", flush=True)


async def main() -> None:
    async with serve(handler, "localhost", 8765) as server:
        await server.serve_forever()


asyncio.run(main())
