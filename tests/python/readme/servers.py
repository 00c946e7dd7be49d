"""Servers for the clients of the page. They are no section's."""

from __future__ import annotations

ECHO = """
import asyncio
from websockets.asyncio.server import serve

async def echo(connection):
    async for message in connection:
        await connection.send(message)

async def main():
    async with serve(echo, "127.0.0.1", 8765) as server:
        await server.serve_forever()

asyncio.run(main())
"""

COUNTING = """
import asyncio
from websockets.asyncio.server import serve

async def count(connection):
    for number in range(100):
        await connection.send(f"message {number}")
        await asyncio.sleep(60)

async def main():
    async with serve(count, "127.0.0.1", 8765) as server:
        await server.serve_forever()

asyncio.run(main())
"""
