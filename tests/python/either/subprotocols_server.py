import asyncio
import re
from typing import Any, cast

from websockets.asyncio.server import ServerConnection, serve


async def talk(websocket: ServerConnection) -> None:
    await websocket.send(str(websocket.subprotocol))


async def main() -> None:
    async with serve(
        talk,
        "localhost",
        8765,
        subprotocols=cast(Any, ["v2", "v1"]),
        origins=[None, re.compile(r"https://.*\.example")],
    ) as server:
        await server.serve_forever()


asyncio.run(main())
