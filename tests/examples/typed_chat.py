"""A chat server and clients as a user writes them, for type checkers in their strictest mode:
nothing here needs a cast or an ignored error, but for what is mistaken."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from http import HTTPStatus

from wscodec.asyncio import (
    ClientConnection,
    ConnectionClosed,
    Request,
    Response,
    Server,
    ServerConnection,
    broadcast,
    connect,
    serve,
)
from wscodec.sync import ServerConnection as SyncServerConnection
from wscodec.sync import connect as sync_connect
from wscodec.sync import serve as sync_serve
from wscodec.sync import unix_connect as sync_unix_connect
from wscodec.sync import unix_serve as sync_unix_serve


@dataclass
class Room:
    """Who is in it, and how much was said."""

    members: set[ServerConnection] = field(default_factory=lambda: set[ServerConnection]())
    said: int = 0

    async def join(self, connection: ServerConnection) -> None:
        """The handler of a connection."""
        self.members.add(connection)
        assert connection.request  # it is None only before the opening handshake
        name = connection.request.headers.get("X-Name", "somebody")
        try:
            async for message in connection:
                self.said += 1
                text = message if isinstance(message, str) else message.decode()
                broadcast(self.members, json.dumps({"name": name, "text": text}))
        finally:
            self.members.discard(connection)

    def on_message(self, connection: ServerConnection, message: str | bytes) -> None:
        """The same, without a task for each connection."""
        self.said += 1
        connection.send_nowait(message)


def check(connection: ServerConnection, request: Request) -> Response | None:
    if request.path == "/chat":
        return None
    return connection.respond(HTTPStatus.NOT_FOUND, "there is only /chat\n")


def add_field(connection: ServerConnection, request: Request, response: Response) -> None:
    response.headers["X-Room"] = request.path


async def start(room: Room, port: int = 0) -> Server:
    return await serve(
        room.join,
        "127.0.0.1",
        port,
        process_request=check,
        process_response=add_field,
        origins=["https://chat.example", None],
        max_size=(2**16, None),
        ping_interval=30,
    )


async def start_callbacks(room: Room) -> Server:
    return await serve(on_message=room.on_message, host="127.0.0.1", port=0, compression=None)


async def say(client: ClientConnection, text: str) -> None:
    try:
        await client.send(text)
    except ConnectionClosed as error:
        print(f"not sent: {error.code} {error.reason}")


async def hear(client: ClientConnection) -> str:
    text: str = await client.recv(decode=True)
    return text


async def whole_talk(url: str, name: str, lines: list[str]) -> list[str]:
    """What this client heard after each of its lines."""
    heard: list[str] = []
    async with connect(url, additional_headers={"X-Name": name}, open_timeout=5) as client:
        for line in lines:
            await say(client, line)
            heard.append(await hear(client))
        latency: float = await (await client.ping())
        assert latency >= 0
    return heard


async def stay_connected(url: str) -> None:
    """Connects again whenever the connection is lost."""
    async for client in connect(url):
        try:
            async for message in client:
                print(message)
        except ConnectionClosed:
            continue


def ask(url: str, text: str) -> str | bytes:
    """From a thread."""
    with sync_connect(url, compression=None) as client:
        client.send(text)
        return client.recv(timeout=5)


def reply(connection: SyncServerConnection) -> None:
    for message in connection:
        connection.send(message)


def mistaken(url: str) -> None:
    """What type checkers must complain of: without that, the comments are not needed."""
    sync_connect(url, ping_intervall=5)  # type: ignore[call-overload]
    sync_connect(url, max_queue="x")  # type: ignore[call-overload]
    sync_unix_connect("/tmp/socket", max_sise=5)  # type: ignore[call-arg]
    sync_serve(reply, "localhost", 5, orgins=[])  # type: ignore[call-arg]
    sync_unix_serve(reply, "/tmp/socket", ssl=True)  # type: ignore[arg-type]


def main() -> None:
    async def run() -> None:
        server = await start(Room(), 8081)
        async with server:
            await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    main()
