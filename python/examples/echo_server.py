#!/usr/bin/env python3
"""A WebSocket echo server on asyncio, which also says hello to a plain GET."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import ssl

import wscodec
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
    plain = options.no_compression or not wscodec.library_can_deflate()
    server = await serve(
        echo,
        options.host,
        options.port,
        process_request=say_hello,
        select_subprotocol=choose,
        compression=None if plain else wscodec.Deflate(),
        compress_from=options.compress_from,
        max_size=MAX_MESSAGE,
        open_timeout=options.handshake_timeout,
        close_timeout=options.handshake_timeout,
        ping_interval=options.ping_interval or None,
        ping_timeout=options.ping_interval or None,
        ssl=tls(options),
    )
    for socket in server.sockets:
        host, port = socket.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        print(f"listening on http{'s' if options.cert else ''}://{host}:{port}", flush=True)
    await stop.wait()
    server.close()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(server.wait_closed(), GOODBYE_SECONDS)


def tls(options: argparse.Namespace) -> ssl.SSLContext | None:
    if not options.cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.cert, options.key)
    return context


def size(text: str) -> int:
    if int(text) not in range(2**64):
        raise ValueError
    return int(text)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Echoes WebSocket messages of up to 16 MiB; says hello to a plain GET.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="name or address to listen on")
    parser.add_argument("--port", default=8081, type=int, help="0 for a free one")
    parser.add_argument(
        "--handshake-timeout",
        default=10.0,
        type=float,
        metavar="SECONDS",
        help="for opening and closing handshakes",
    )
    parser.add_argument(
        "--ping-interval",
        default=20.0,
        type=float,
        metavar="SECONDS",
        help="ping a peer after such a silence; drop it if it is silent, or does not read, for "
        "as long again; 0: never",
    )
    parser.add_argument("--cert", metavar="FILE", help="a certificate, for TLS")
    parser.add_argument("--key", metavar="FILE", help="its private key")
    parser.add_argument(
        "--no-compression", action="store_true", help="agree to none, whatever is offered"
    )
    parser.add_argument(
        "--compress-from",
        default=wscodec.COMPRESS_FROM,
        type=size,
        metavar="BYTES",
        help="shorter messages are sent uncompressed",
    )
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
