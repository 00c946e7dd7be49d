"""The command line: the same options as those of the server in C."""

from __future__ import annotations

import argparse
import os
import re
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Callable, TypeVar

import wscodec

from .store import Address

PAGE = Path(__file__).parents[2] / "page" / "index.html"
DAY = 86400

Number = TypeVar("Number", bound=float)


class Options(argparse.Namespace):
    """The options, as attributes."""

    listen: tuple[str, int]
    name: str
    redis: Address
    page: Path | None
    origin: list[str] | None
    trust_forwarded: bool
    proxy_protocol: bool
    no_compression: bool
    max_connections: int
    max_per_address: int
    max_waiting: int
    rate: float
    burst: int
    handshake_timeout: float
    ping_interval: float
    ping_timeout: float
    join_timeout: float
    presence_seconds: float
    drain_delay: float
    drain_seconds: float
    drain_timeout: float
    verbose: bool
    json: bool


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Reads the command line. Exits with 2 and a message if it is invalid."""
    parser = argparse.ArgumentParser(
        prog="chat",
        description="A chat over WebSockets, described in PROTOCOL.md. All its servers share "
        "what is in Redis. REDIS_PASSWORD in the environment is the password for it.",
    )
    _add_usual(parser)
    _add_limits(parser.add_argument_group("limits"))
    _add_end(
        parser.add_argument_group(
            "the end", "SIGTERM drains the process; a second one ends it at once."
        )
    )
    _add_log(parser)
    return parser.parse_args(arguments, Options())


def _add_usual(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--listen",
        default=("127.0.0.1", 8080),
        type=_host_and_port,
        metavar="HOST:PORT",
        help="the address to listen on (127.0.0.1:8080); port 0: a free one",
    )
    add(
        "--name",
        default=f"{socket.gethostname()}-{os.getpid()}"[-64:],
        type=_name,
        help="of this process (HOST-PID); unique among all servers",
    )
    add(
        "--redis",
        default="127.0.0.1:6379",
        type=_redis,
        metavar="HOST:PORT|PATH",
        help="Redis; PATH is a unix socket (%(default)s)",
    )
    add(
        "--page",
        default=PAGE if PAGE.exists() else None,
        type=Path,
        metavar="FILE",
        help="the page at / (that of the chat)",
    )
    add(
        "--origin",
        action="append",
        help="a page that may connect, e.g. https://a.example; may be repeated; without it, "
        "any page may",
    )
    add(
        "--proxy-protocol",
        action="store_true",
        help="each connection starts with a header of the PROXY protocol, version 1 or 2",
    )
    add(
        "--trust-forwarded",
        action="store_true",
        help="the last address in X-Forwarded-For is the client's; for a server that only a "
        "proxy can reach",
    )
    add("--no-compression", action="store_true", help="decline permessage-deflate")


def _add_limits(group: argparse._ArgumentGroup) -> None:
    def count(option: str, default: int, help: str, metavar: str = "COUNT") -> None:
        kind = _number(int, 1, 2**30)
        help = f"{help} (%(default)s)"
        group.add_argument(option, default=default, type=kind, metavar=metavar, help=help)

    count("--max-connections", 10_000, "WebSockets of this process")
    count("--max-per-address", 100, "WebSockets of one address, or of one /64")
    count("--max-waiting", 2**20, "output that may wait for a client", "BYTES")
    count("--rate", 5, "messages of a client in a second ...")
    count("--burst", 20, "... and at once")
    _add_seconds(group, "--handshake-timeout", 10, "for an opening handshake", 0.1)
    _add_seconds(group, "--ping-interval", 20, "between two pings", 0.1)
    _add_seconds(group, "--ping-timeout", 20, "drops a client that is silent after one", 0.1)
    _add_seconds(group, "--join-timeout", 5, "how long a join waits for Redis", 0.1)
    text = "after which the members of a dead process leave"
    _add_seconds(group, "--presence-seconds", 30, text, 3)


def _add_end(group: argparse._ArgumentGroup) -> None:
    _add_seconds(group, "--drain-delay", 2, "/health responds with 503, all else works")
    text = "then all clients are closed with 1001, spread over so long"
    _add_seconds(group, "--drain-seconds", 5, text)
    text = "ends the process if clients are left, counted from the signal"
    _add_seconds(group, "--drain-timeout", 30, text)


def _add_log(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--verbose", action="store_true", help="log what each client does, not only faults")
    add("--json", action="store_true", help="log in JSON, an object for each line")
    version = f"wscodec {wscodec.__version__}"
    add("--version", action="version", version=version, help="the version of the library")


def _add_seconds(
    group: argparse._ArgumentGroup, option: str, default: float, help: str, least: float = 0
) -> None:
    group.add_argument(
        option,
        default=default,
        type=_number(float, least, DAY),
        metavar="SECONDS",
        help=f"{help} (%(default)s)",
    )


# Values


def _host_and_port(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"(?:\[([^\[\]]+)\]|([^:\[\]]+)):([0-9]{1,5})", text)
    if found is None or int(found[3]) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, or [HOST]:PORT")
    return found[1] or found[2], int(found[3])


def _redis(text: str) -> Address:
    password = os.environ.get("REDIS_PASSWORD") or None
    if "/" in text:
        return Address(path=text, password=password)
    host, port = _host_and_port(text)
    return Address(host, port, password=password)


def _name(text: str) -> str:
    if not re.fullmatch("[A-Za-z0-9._-]{1,64}", text):
        raise argparse.ArgumentTypeError("not 1 to 64 letters, digits, '.', '_' or '-'")
    return text


def _number(
    kind: Callable[[str], Number], least: float, most: float
) -> Callable[[str], Number]:
    def number(text: str) -> Number:
        try:
            value = kind(text)
            if not least <= value <= most:
                raise ValueError
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a number from {least} to {most}"
            ) from None
        return value

    return number
