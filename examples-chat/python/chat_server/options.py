"""The command line."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, TypeVar

import wscodec

from .store import Address

PAGE = Path(__file__).parents[2] / "page" / "index.html"

Number = TypeVar("Number", bound=float)


@dataclass(frozen=True)
class Options:
    host: str
    port: int
    redis: Address
    name: str | None
    page: Path
    origins: list[str] | None
    compression: bool
    max_connections: int
    max_per_address: int
    max_waiting: int
    rate: float
    burst: int
    ping_interval: float
    ping_timeout: float
    trust_forwarded: bool
    proxy_protocol: bool
    drain_delay: float
    drain_seconds: float
    drain_timeout: float
    verbose: bool
    json: bool


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Reads the command line; exits with a message if it is invalid."""
    parser = _parser()
    given = parser.parse_args(arguments)
    (host, port), redis = given.listen, given.redis
    return Options(
        host=host,
        port=port,
        redis=redis,
        name=given.name,
        page=given.page,
        origins=given.origin,
        compression=wscodec.library_can_deflate() and not given.no_compression,
        max_connections=given.max_connections,
        max_per_address=given.max_per_address,
        max_waiting=given.max_waiting,
        rate=given.rate,
        burst=given.burst,
        ping_interval=given.ping_interval,
        ping_timeout=given.ping_timeout,
        trust_forwarded=given.trust_forwarded,
        proxy_protocol=given.proxy_protocol,
        drain_delay=given.drain_delay,
        drain_seconds=given.drain_seconds,
        drain_timeout=given.drain_timeout,
        verbose=given.verbose,
        json=given.json,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chat",
        description="A chat server. Any number of them, also those in C, share a Redis.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--listen",
        default="127.0.0.1:8001",
        type=_host_and_port,
        metavar="HOST:PORT",
        help="where to listen; port 0 for a free one",
    )
    add(
        "--redis",
        default="127.0.0.1:6379",
        type=_redis,
        metavar="HOST:PORT|PATH",
        help="where Redis is, also a Unix socket; its password is in REDIS_PASSWORD",
    )
    add("--name", type=_name, help="of this process, for people (default: py-PORT)")
    add("--page", default=PAGE, type=Path, metavar="FILE", help="what is at /")
    add(
        "--origin",
        action="append",
        help="accept pages of this origin only; may be repeated (default: all)",
    )
    add("--no-compression", action="store_true", help="agree to none")
    _add_limits(parser)
    _add_end(parser)
    add("--verbose", action="store_true", help="log what happens, not only what is wrong")
    add("--json", action="store_true", help="log JSON, an object in each line")
    return parser


def _add_limits(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("limits").add_argument
    count, amount = _number(int, 1), _number(float, 0)
    add("--max-connections", default=10_000, type=count, metavar="N", help="of all clients")
    add(
        "--max-per-address",
        default=100,
        type=count,
        metavar="N",
        help="connections of each address",
    )
    add(
        "--trust-forwarded",
        action="store_true",
        help="the address is the last one of X-Forwarded-For",
    )
    add(
        "--proxy-protocol",
        action="store_true",
        help="connections begin with a header of the PROXY protocol, 1 or 2",
    )
    add(
        "--max-waiting",
        default=2**20,
        type=count,
        metavar="BYTES",
        help="drop a client that leaves more output than that unread",
    )
    add("--rate", default=5.0, type=amount, metavar="N", help="messages in a second")
    add("--burst", default=20, type=count, metavar="N", help="messages at once")
    add(
        "--ping-interval",
        default=20.0,
        type=amount,
        metavar="SECONDS",
        help="between two pings; 0: none",
    )
    add(
        "--ping-timeout",
        default=20.0,
        type=amount,
        metavar="SECONDS",
        help="until a client that does not answer is dropped",
    )


def _add_end(parser: argparse.ArgumentParser) -> None:
    end = parser.add_argument_group("after SIGTERM or SIGINT")
    seconds = _number(float, 0)
    end.add_argument(
        "--drain-delay",
        default=2.0,
        type=seconds,
        metavar="SECONDS",
        help="until the first client is asked to go; /health says 503 from the signal on",
    )
    end.add_argument(
        "--drain-seconds",
        default=5.0,
        type=seconds,
        metavar="SECONDS",
        help="from the first client to the last",
    )
    end.add_argument(
        "--drain-timeout",
        default=10.0,
        type=seconds,
        metavar="SECONDS",
        help="from then until those that have not gone are dropped",
    )


def _host_and_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def _redis(text: str) -> Address:
    password = os.environ.get("REDIS_PASSWORD") or None
    if "/" in text:
        return Address(path=text, password=password)
    host, port = _host_and_port(text)
    return Address(host, port, password=password)


def _name(text: str) -> str:
    if not text or not text.isprintable() or any(each.isspace() for each in text):
        raise argparse.ArgumentTypeError("a name has no spaces and no control characters")
    return text


def _number(kind: Callable[[str], Number], least: float) -> Callable[[str], Number]:
    def number(text: str) -> Number:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is less than {least}, or infinite")
        return value

    return number
