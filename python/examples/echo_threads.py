#!/usr/bin/env python3
"""A WebSocket echo server with threads, which also says hello to a plain GET."""

from __future__ import annotations

import signal

import echo_options
from wscodec.sync import Headers, Request, Response, Server, ServerConnection, serve

PROTOCOLS = ["chat", "superchat"]
MAX_MESSAGE = 16 * 1024 * 1024
HELLO = b"Hello, World!\n"
CLOSE_SECONDS = 5  # for the peers to close: Docker kills 10 seconds after a SIGTERM


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


def main() -> None:
    options = echo_options.parse()
    with serve(
        echo,
        options.host,
        options.port,
        select_subprotocol=choose,
        process_request=say_hello,
        compression=echo_options.compression(options),
        compress_from=options.compress_from,
        open_timeout=options.handshake_timeout,
        close_timeout=CLOSE_SECONDS,
        ping_interval=options.ping_interval or None,
        ping_timeout=options.ping_interval or None,
        ssl=echo_options.tls(options),
        max_size=MAX_MESSAGE,
    ) as server:
        serve_until_a_signal(server, "https" if options.cert else "http")


if __name__ == "__main__":
    main()
