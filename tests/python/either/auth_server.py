import asyncio

from websockets.asyncio.server import ServerConnection, basic_auth, serve


async def whoami(websocket: ServerConnection) -> None:
    await websocket.send(websocket.username)


async def main() -> None:
    async with serve(
        whoami,
        "localhost",
        8765,
        process_request=basic_auth(
            realm="office", credentials=[("ada", "engine"), ("grace", "compiler")]
        ),
    ) as server:
        await server.serve_forever()


asyncio.run(main())
