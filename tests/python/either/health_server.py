import asyncio
import http
import signal
from typing import Optional

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response


def health_check(connection: ServerConnection, request: Request) -> Optional[Response]:
    if request.path == "/health":
        return connection.respond(http.HTTPStatus.OK, "fine\n")
    return None


async def add_header(
    connection: ServerConnection, request: Request, response: Response
) -> Optional[Response]:
    response.headers["X-Room"] = request.path
    return None


async def room(websocket: ServerConnection) -> None:
    assert websocket.request
    if websocket.request.path != "/hall":
        await websocket.close(4004, "no such room")
        return
    await websocket.send(websocket.request.headers.get("Cookie", "no cookie"))
    await websocket.wait_closed()


async def main() -> None:
    async with serve(
        room,
        "localhost",
        8765,
        process_request=health_check,
        process_response=add_header,
    ) as server:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, server.close)
        await server.wait_closed()
    print("bye")


asyncio.run(main())
