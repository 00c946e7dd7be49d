#!/usr/bin/env python3
"""A WebSocket echo server on asyncio, which also says hello to a plain GET."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal

import echo_options
from wscodec.asyncio import Headers, Request, Response, ServerConnection, serve

PROTOCOLS = ("chat", "superchat")
MAX_MESSAGE = 16 * 1024 * 1024
HELLO = b"Hello, World!\n"
GOODBYE_SECONDS = 2  # for the peers to close after a signal to stop


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def choose(connection: ServerConnection, offered: list[str]) -> str | None:
    """Also clients that offer no subprotocol are welcome, or only others."""
    return next((name for name in PROTOCOLS if name in offered), None)


def say_hello(connection: ServerConnection, request: Request) -> Response | None:
    """The response to plain HTTP."""
    if "Upgrade" in request.headers:
        return None
    if request.method not in ("GET", "HEAD"):
        return Response(405, headers=Headers({"Allow": "GET, HEAD"}))
    return Response(200, headers=Headers({"Content-Type": "text/plain"}), body=HELLO)


async def run(options: argparse.Namespace) -> None:
    """Serves until SIGINT or SIGTERM, then closes all connections."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await serve(
        echo,
        options.host,
        options.port,
        process_request=say_hello,
        select_subprotocol=choose,
        compression=echo_options.compression(options),
        compress_from=options.compress_from,
        max_size=MAX_MESSAGE,
        open_timeout=options.handshake_timeout,
        close_timeout=options.handshake_timeout,
        ping_interval=options.ping_interval or None,
        ping_timeout=options.ping_interval or None,
        ssl=echo_options.tls(options),
    )
    for socket in server.sockets:
        host, port = socket.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        print(f"listening on http{'s' if options.cert else ''}://{host}:{port}", flush=True)
    await stop.wait()
    server.close()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(server.wait_closed(), GOODBYE_SECONDS)


def main() -> None:
    asyncio.run(run(echo_options.parse()))


if __name__ == "__main__":
    main()
