import asyncio
import json

from websockets.asyncio.server import ServerConnection, broadcast, serve

USERS: set[ServerConnection] = set()


def tell(**event: object) -> None:
    broadcast(USERS, json.dumps(event))


async def chat(websocket: ServerConnection) -> None:
    USERS.add(websocket)
    try:
        tell(users=len(USERS))
        async for message in websocket:
            tell(said=json.loads(message)["say"])
    finally:
        USERS.remove(websocket)
        tell(users=len(USERS))


async def main() -> None:
    async with serve(chat, "localhost", 8765) as server:
        await server.serve_forever()


asyncio.run(main())
