#!/usr/bin/env python3
"""A chat server: what one client sends, all receive. On ws://localhost:8081/."""

import asyncio

from wscodec.asyncio import ServerConnection, broadcast, serve

clients: set[ServerConnection] = set()


async def chat(client: ServerConnection) -> None:
    clients.add(client)
    try:
        async for message in client:
            broadcast(clients, message)
    finally:
        clients.discard(client)


async def main() -> None:
    async with serve(chat, "localhost", 8081) as server:
        await server.serve_forever()


asyncio.run(main())
