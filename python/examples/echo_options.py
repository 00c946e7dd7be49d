"""The command line that echo_server.py, echo_threads.py and echo_trio.py have in common."""

from __future__ import annotations

import argparse
import ssl

from wscodec import COMPRESS_FROM, Deflate, library_can_deflate


def parse() -> argparse.Namespace:
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
        help="for handshakes",
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
        type=_size,
        metavar="BYTES",
        help="shorter messages are sent uncompressed",
    )
    return parser.parse_args()


def _size(text: str) -> int:
    if int(text) not in range(2**64):
        raise ValueError
    return int(text)


def compression(options: argparse.Namespace) -> Deflate | None:
    plain = options.no_compression or not library_can_deflate()
    return None if plain else Deflate()


def tls(options: argparse.Namespace) -> ssl.SSLContext | None:
    if not options.cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.cert, options.key)
    return context
