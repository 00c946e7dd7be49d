import asyncio

from websockets.asyncio.server import ServerConnection, serve

visits = 0


async def once(websocket: ServerConnection) -> None:
    global visits
    visits += 1
    await websocket.send(f"visit {visits}")
    if visits % 2:
        websocket.transport.abort()
    else:
        await websocket.close(1012, "restart")


async def main() -> None:
    async with serve(once, "localhost", 8765) as server:
        await server.serve_forever()


asyncio.run(main())
