"""Servers and proxies for tests of wscodec.asyncio.client, in the loop of the test."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import hashlib
import os
import re
import ssl
import warnings
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from wscodec.asyncio.client import connect

PATIENCE = 10
Result = TypeVar("Result")


def run(test: Coroutine[Any, Any, Result]) -> Result:
    """Runs a test, and checks that it leaves no task behind. (Iterators that were left in the
    middle are closed by a task.)"""

    async def bounded() -> Result:
        result = await asyncio.wait_for(test, PATIENCE)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:
            left = (await asyncio.wait(left, timeout=1))[1]
        assert not left
        return result

    return asyncio.run(bounded())


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy in the environment."""
    for name in os.environ:
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


async def exchange(uri: str, **options: Any) -> int:
    """Checks that a client's messages are echoed. Returns the port to which it is connected."""
    async with connect(uri, **options) as connection:
        for message in ("hello", b"x" * 300_000):
            await connection.send(message)
            assert await connection.recv() == message
        port: int = connection.remote_address[1]
    return port


async def cancelled_after(turns: int, client: connect) -> None:
    """Cancels an attempt to connect while it is in progress, or closes the connection."""
    task = asyncio.ensure_future(client._connect())
    for _ in range(turns):
        await asyncio.sleep(0.0005)
    task.cancel()
    try:
        await (await task).close()
    except asyncio.CancelledError:
        pass
    await asyncio.sleep(0.05)


def leaves_nothing_open(test: Coroutine[Any, Any, None]) -> None:
    """Runs a test, and checks that no socket is left."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        run(test)
        gc.collect()


async def echo(connection: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for message in connection:
            await connection.send(message)


@contextlib.asynccontextmanager
async def serving(
    handler: Callable[[ServerConnection], Awaitable[None]] = echo, **options: Any
) -> AsyncIterator[int]:
    """A server of websockets, and its port."""
    async with serve(handler, "127.0.0.1", 0, **options) as server:
        yield next(iter(server.sockets)).getsockname()[1]


class Raw:
    """A server that sends what a test says, and keeps what it receives."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[bytes] = []
        """The heads of requests."""
        self.ended: asyncio.Queue[None] = asyncio.Queue()
        """One for each connection that the client has closed."""

    @property
    def uri(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"


def accepting(request: bytes) -> bytes:
    """The response that accepts a request, made without the library."""
    found = re.search(rb"(?i)\r\nSec-WebSocket-Key: (\S+)\r\n", request)
    assert found
    digest = hashlib.sha1(found[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )


@contextlib.asynccontextmanager
async def scripted(
    *responses: bytes | Callable[[bytes], bytes], stays: bool = True, **options: Any
) -> AsyncIterator[Raw]:
    """A server that answers each connection with the next response, the last one repeated.

    stays    Whether it waits for the client to close.
    options  Those of asyncio.start_server().
    """
    raw = Raw()
    writers = []

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            response = responses[min(len(raw.requests), len(responses) - 1)]
            raw.requests.append(request)
            writer.write(response if isinstance(response, bytes) else response(request))
            if stays:
                while await reader.read(65536):
                    pass
        raw.ended.put_nowait(None)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, **options)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
    finally:
        server.close()
        for writer in writers:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()


def reply(status: str, body: bytes = b"", *fields: str) -> bytes:
    """A response of HTTP."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return reply(status, b"", f"Location: {location}")


class HttpProxy:
    """A proxy for CONNECT."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[bytes] = []
        """The heads of requests."""
        self.response = b"HTTP/1.1 200 Connection established\r\n\r\n"
        self.ended: asyncio.Queue[None] = asyncio.Queue()
        """One for each connection that the client has closed."""

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._tunnel(reader, writer)
        self.ended.put_nowait(None)
        writer.close()

    async def _tunnel(self, reader: StreamReader, writer: StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head)
        found = re.match(rb"CONNECT (\S+):(\d+) HTTP/1.1\r\n", head)
        assert found
        writer.write(self.response)
        if b" 200 " not in self.response:
            await reader.read()
            return
        host = found[1].decode().strip("[]")
        theirs, ours = await asyncio.open_connection(
            "127.0.0.1" if host.endswith(".example") else host, int(found[2])
        )
        await asyncio.gather(_copy(reader, ours), _copy(theirs, writer))


async def _copy(reader: StreamReader, writer: StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


@contextlib.asynccontextmanager
async def proxying(**options: Any) -> AsyncIterator[HttpProxy]:
    """A proxy; `options` are those of asyncio.start_server()."""
    proxy = HttpProxy()
    tasks = set()

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        await proxy.talk(reader, writer)

    server = await asyncio.start_server(talk, "127.0.0.1", 0, **options)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in tasks:
            assert task
            task.cancel()
        await asyncio.gather(*[task for task in tasks if task], return_exceptions=True)
