#!/usr/bin/env python3
"""A WebSocket echo server with threads, which also says hello to a plain GET."""

from __future__ import annotations

import argparse
import signal
import ssl

from wscodec import COMPRESS_FROM, Deflate, library_can_deflate
from wscodec.sync import Headers, Request, Response, Server, ServerConnection, serve

PROTOCOLS = ["chat", "superchat"]
MAX_MESSAGE = 16 * 1024 * 1024
HELLO = b"Hello, World!\n"
CLOSE_SECONDS = 2  # for the peers to close


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)


def choose(connection: ServerConnection, offered: list[str]) -> str | None:
    """A client that offers none of PROTOCOLS is accepted without one."""
    return next((each for each in PROTOCOLS if each in offered), None)


def say_hello(connection: ServerConnection, request: Request) -> Response | None:
    if "Upgrade" in request.headers:
        return None
    if request.method not in ("GET", "HEAD"):
        return Response(405, headers=Headers({"Allow": "GET, HEAD"}))
    return Response(200, headers=Headers({"Content-Type": "text/plain"}), body=HELLO)


def serve_until_a_signal(server: Server, scheme: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.shutdown())
    name, port = server.socket.getsockname()[:2]
    name = f"[{name}]" if ":" in name else name
    print(f"listening on {scheme}://{name}:{port}", flush=True)
    server.serve_forever()


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
        help="for opening handshakes",
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
        default=COMPRESS_FROM,
        type=size,
        metavar="BYTES",
        help="shorter messages are sent uncompressed",
    )
    options = parser.parse_args()
    plain = options.no_compression or not library_can_deflate()
    with serve(
        echo,
        options.host,
        options.port,
        select_subprotocol=choose,
        process_request=say_hello,
        compression=None if plain else Deflate(),
        compress_from=options.compress_from,
        open_timeout=options.handshake_timeout,
        close_timeout=CLOSE_SECONDS,
        ping_interval=options.ping_interval or None,
        ping_timeout=options.ping_interval or None,
        ssl=tls(options),
        max_size=MAX_MESSAGE,
    ) as server:
        serve_until_a_signal(server, "https" if options.cert else "http")


if __name__ == "__main__":
    main()
