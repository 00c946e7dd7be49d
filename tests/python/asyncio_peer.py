"""For the tests of wscodec.asyncio: a peer that is a raw socket, and tests that are
coroutines."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import importlib
import inspect
import os
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

import pytest
from wire import BINARY, CLOSE, CONTINUATION, FIN, KEY, PING, PONG, TEXT, close, frame, xor
from wscodec.asyncio import Server, ServerConnection, serve

__all__ = ["BINARY", "CLOSE", "CONTINUATION", "FIN", "PING", "PONG", "TEXT", "close", "frame"]

KEY_FIELD = "dGhlIHNhbXBsZSBub25jZQ=="
PATIENCE = 20

LOOP = os.environ.get("WSCODEC_TEST_LOOP", "")
"""The package whose event loops are used instead of asyncio's: "uvloop"."""

Test = TypeVar("Test", bound=Callable[..., Coroutine[Any, Any, None]])


def run(test: Test) -> Callable[..., None]:
    """Makes a test of a coroutine function. It fails also if asyncio reports an error to the
    handler of exceptions of its loop, e.g. a task that was destroyed, until the loop is
    closed."""

    @functools.wraps(test)
    def runs(*args: Any, **kwargs: Any) -> None:
        reported: list[dict[str, Any]] = []

        def report(context: dict[str, Any]) -> None:
            print(context, file=sys.stderr)
            reported.append(context)

        async def main() -> None:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: report(context))
            await asyncio.wait_for(test(*args, **kwargs), PATIENCE)

        run_on_loop(main())
        gc.collect()
        assert not reported, reported

    runs.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]
    return runs


def run_on_loop(main: Coroutine[Any, Any, None]) -> None:
    if LOOP:
        importlib.import_module(LOOP).run(main)
    else:
        asyncio.run(main)


def port_of(server: Any) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


def uri_of(server: Any, path: str = "/") -> str:
    return f"ws://127.0.0.1:{port_of(server)}{path}"


def request(*fields: str, target: str = "/", method: str = "GET") -> bytes:
    """The head of an opening request."""
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {KEY_FIELD}",
        "Sec-WebSocket-Version: 13",
        *fields,
    ]
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


class RawPeer:
    """A client that writes what it is told, and reads frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, server: Any) -> RawPeer:
        """Only TCP."""
        return cls(*await asyncio.open_connection("127.0.0.1", port_of(server)))

    @classmethod
    async def open(cls, server: Any, *fields: str, target: str = "/") -> RawPeer:
        """With the opening handshake."""
        peer = await cls.connect(server)
        peer.write(request(*fields, target=target))
        head = await peer.head()
        assert head.startswith(b"HTTP/1.1 101 "), head
        return peer

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """All bytes until the server ends the stream."""
        return await self.reader.read(-1)

    async def frame(self) -> tuple[int, bytes]:
        """The first byte of a frame, and its payload."""
        first, size = await self.reader.readexactly(2)
        assert size < 128, "a server must not mask"
        if size == 126:
            (size,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first, await self.reader.readexactly(size)

    async def closed_with(self) -> tuple[int, str]:
        """The code and reason of the next frame, which must be a close frame."""
        first, payload = await self.frame()
        assert first == FIN | CLOSE, (first, payload)
        return struct.unpack("!H", payload[:2])[0], payload[2:].decode()

    async def has_ended(self) -> bool:
        return await self.reader.read(1) == b""

    def reset(self) -> None:
        """Ends TCP with a RST."""
        tcp = self.writer.get_extra_info("socket")
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def end(self) -> None:
        """Closes TCP."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            pass


def unmasked(payload: bytes) -> bytes:
    """What a client has masked with KEY."""
    return xor(payload, KEY)


async def echo(connection: Any) -> None:
    async for message in connection:
        await connection.send(message)


async def forever(connection: Any) -> None:
    """A handler that waits for the end."""
    await connection.wait_closed()


async def one_of(server: Server) -> ServerConnection:
    """A connection of a server, once there is one."""
    await until(lambda: server.connections)
    return next(iter(server.connections))


@contextlib.asynccontextmanager
async def met(**options: Any) -> AsyncIterator[tuple[ServerConnection, RawPeer]]:
    """A connection of a server, whose handler only waits, and its peer. End the peer."""
    async with serve(forever, "127.0.0.1", 0, **options) as server:
        peer = await RawPeer.open(server)
        yield await one_of(server), peer


async def until(condition: Callable[[], object]) -> None:
    """Waits until it is true."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("waited too long")
