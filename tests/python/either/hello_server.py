import asyncio

from websockets.asyncio.server import ServerConnection, serve


async def hello(websocket: ServerConnection) -> None:
    name = await websocket.recv(decode=True)
    await websocket.send(f"Good morning, {name}!")


async def main() -> None:
    server = await serve(hello, "localhost", 8765)
    await server.serve_forever()


asyncio.run(main())
