"""Echo servers of other libraries, which choose the subprotocol chat."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import IO, Callable, Optional

import websockets.asyncio.server
import websockets.sync.server
from aiohttp import WSMsgType, web
from conversation import MIB, PATIENCE, Certificate
from node import node
from shared_tls import for_threads
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

CHAT = [Subprotocol("chat")]
MAX_SIZE = 2 * MIB

Closes = queue.SimpleQueue[Optional[int]]
"""The close codes that the server has received."""


def context_of(certificate: Certificate | None) -> ssl.SSLContext | None:
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.cert, certificate.key)
    return context


@dataclass
class OtherServer:
    """A running server."""

    port: int
    closes: Closes


@contextlib.contextmanager
def in_thread(
    serving: Callable[
        [ssl.SSLContext | None, Closes], contextlib.AbstractAsyncContextManager[int]
    ],
    certificate: Certificate | None,
) -> Iterator[OtherServer]:
    """`serving` yields the port."""
    context = context_of(certificate)
    closes = Closes()
    ports: queue.SimpleQueue[int] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with serving(context, closes) as port:
            ports.put(port)
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        yield OtherServer(ports.get(timeout=PATIENCE), closes)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        loop.close()


@contextlib.contextmanager
def websockets_asyncio(certificate: Certificate | None) -> Iterator[OtherServer]:
    @contextlib.asynccontextmanager
    async def serving(context: ssl.SSLContext | None, closes: Closes) -> AsyncIterator[int]:
        async def handle(connection: websockets.asyncio.server.ServerConnection) -> None:
            with contextlib.suppress(ConnectionClosed):
                async for message in connection:
                    await connection.send(message)
            closes.put(connection.close_code)

        async with websockets.asyncio.server.serve(
            handle, "127.0.0.1", 0, ssl=context, subprotocols=CHAT, max_size=MAX_SIZE
        ) as server:
            yield list(server.sockets)[0].getsockname()[1]

    with in_thread(serving, certificate) as server:
        yield server


@contextlib.contextmanager
def websockets_sync(certificate: Certificate | None) -> Iterator[OtherServer]:
    closes = Closes()

    def handle(connection: websockets.sync.server.ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            for message in connection:
                connection.send(message)
        closes.put(connection.close_code)

    context = for_threads(context_of(certificate))
    with websockets.sync.server.serve(
        handle, "127.0.0.1", 0, ssl=context, subprotocols=CHAT, max_size=MAX_SIZE
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield OtherServer(server.socket.getsockname()[1], closes)
        server.shutdown()
        thread.join(PATIENCE)


@contextlib.contextmanager
def aiohttp_(certificate: Certificate | None) -> Iterator[OtherServer]:
    @contextlib.asynccontextmanager
    async def serving(context: ssl.SSLContext | None, closes: Closes) -> AsyncIterator[int]:
        async def handle(request: web.Request) -> web.WebSocketResponse:
            response = web.WebSocketResponse(protocols=CHAT, max_msg_size=MAX_SIZE)
            await response.prepare(request)
            async for message in response:
                if message.type == WSMsgType.TEXT:
                    await response.send_str(message.data)
                elif message.type == WSMsgType.BINARY:
                    await response.send_bytes(message.data)
            closes.put(response.close_code)
            return response

        app = web.Application()
        app.router.add_get("/", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield runner.addresses[0][1]
        await runner.cleanup()

    with in_thread(serving, certificate) as server:
        yield server


@contextlib.contextmanager
def ws(certificate: Certificate | None) -> Iterator[OtherServer]:
    files = [certificate.cert, certificate.key] if certificate else []
    process = subprocess.Popen(
        [*node("ws_server.cjs"), str(MAX_SIZE), *files], stdout=subprocess.PIPE, text=True
    )
    closes = Closes()

    def follow(lines: IO[str]) -> None:
        for line in lines:
            closes.put(int(line))

    assert process.stdout
    with process.stdout as lines:
        port = int(lines.readline())
        thread = threading.Thread(target=follow, args=(lines,))
        thread.start()
        try:
            yield OtherServer(port, closes)
        finally:
            process.terminate()
            process.wait(PATIENCE)
            thread.join(PATIENCE)


SERVERS = {
    "websockets": websockets_asyncio,
    "websockets.sync": websockets_sync,
    "aiohttp": aiohttp_,
    "ws": ws,
}
