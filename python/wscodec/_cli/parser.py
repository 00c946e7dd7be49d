"""The options of the command line."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from .. import _ffi
from .session import EXIT_INVALID
from .terminal import escaped

__all__ = ["Parser"]

_DESCRIPTION = """\
Connects to ws://host[:port][/path] or wss://..., sends each MESSAGE, or each line of stdin if
there is none, and prints the messages that it receives. On a terminal it is interactive: /help
lists its commands, and the end of the input (Ctrl-D) closes. Otherwise it closes when as many
messages were received as it sent."""

_EPILOG = """\
Exit status: 0 after a normal close, 1 after an error or a close with another code than 1000, 2
if the command line is invalid, 3 if a normal close came before all was sent and received, or a
message did not arrive in time."""


class Parser(argparse.ArgumentParser):
    """Parses the command line. Ends the program if that is invalid."""

    def __init__(self, program: str) -> None:
        super().__init__(
            prog=program,
            usage="%(prog)s [OPTION...] URL [MESSAGE...]",
            description=_DESCRIPTION,
            epilog=_EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            add_help=False,
            allow_abbrev=False,
        )
        self.add_argument("url", metavar="URL", nargs="?", help=argparse.SUPPRESS)
        self.add_argument("messages", metavar="MESSAGE", nargs="*", help=argparse.SUPPRESS)
        _add_handshake_options(self.add_argument_group("opening handshake"))
        _add_message_options(self.add_argument_group("messages and closing"))
        _add_connection_options(self.add_argument_group("connection"))
        other = self.add_argument_group("other")
        other.add_argument(
            *("-v", "--verbose"), action="store_true", help="report the handshake and the close"
        )
        parts = (_ffi.VERSION_MAJOR, _ffi.VERSION_MINOR, _ffi.VERSION_PATCH)
        version = ".".join(map(str, parts))
        other.add_argument(
            "--version",
            action="version",
            version=f"wscodec {version}, Python {sys.version.split()[0]}",
            help="print the version",
        )
        other.add_argument("--help", action="help", help="print this text")

    def error(self, message: str) -> NoReturn:
        text = escaped(message.removeprefix("argument "))
        print(f"wscodec: {text} (see --help)", file=sys.stderr)
        sys.exit(EXIT_INVALID)


def _count(text: str) -> int:
    """The type of a number of things."""
    if not (text.isascii() and text.isdigit()) or (value := int(text[:20])) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return value


def _seconds(text: str) -> float:
    """The type of a duration."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 on")
    return value


def _add_handshake_options(group: Any) -> None:
    group.add_argument(
        *("-H", "--header"),
        metavar='"NAME: VALUE"',
        action="append",
        default=[],
        help="send this header field; may be repeated",
    )
    group.add_argument("-o", "--origin", metavar="ORIGIN", help="send this Origin")
    group.add_argument(
        *("-s", "--subprotocol"),
        metavar="LIST",
        action="append",
        default=[],
        help='offer these, e.g. "chat, superchat"; may be repeated',
    )
    group.add_argument("--basic-auth", metavar="USER:PASS", help="authenticate (RFC 7617)")
    group.add_argument(
        "--no-compression", action="store_true", help="do not offer permessage-deflate"
    )


def _add_message_options(group: Any) -> None:
    group.add_argument(
        *("-b", "--binary"),
        action="store_true",
        help="send binary messages, which need not be UTF-8",
    )
    group.add_argument(
        "--max-message",
        metavar="BYTES",
        type=_count,
        default=64 << 20,
        help="refuse longer messages; 0: no limit (%(default)s)",
    )
    group.add_argument(
        *("-c", "--count"),
        metavar="COUNT",
        type=_count,
        help="close when so many messages were received",
    )
    group.add_argument(
        *("-w", "--wait"),
        metavar="SECONDS",
        type=_seconds,
        default=10,
        help="the time limit for each message that is awaited; 0: none (%(default)s)",
    )
    group.add_argument(
        *("-n", "--no-close"),
        action="store_true",
        help="do not close at the end of the input, but wait for the server to close",
    )


def _add_connection_options(group: Any) -> None:
    group.add_argument(
        *("-p", "--ping"),
        metavar="SECONDS",
        type=_seconds,
        default=0,
        help="send a ping so often, and fail if its pong does not arrive for as long",
    )
    group.add_argument(
        *("-t", "--timeout"),
        metavar="SECONDS",
        type=_seconds,
        default=10,
        help="the time limit for the connection and the opening handshake together, and for "
        "the closing handshake; 0: none (%(default)s)",
    )
    group.add_argument(
        "--ca", metavar="FILE", help="trust the certificates in this PEM file only"
    )
    group.add_argument(
        "--cert", metavar="FILE", help="authenticate with this certificate (PEM)"
    )
    group.add_argument("--key", metavar="FILE", help="the private key of --cert (PEM)")
    group.add_argument(
        "-k", "--insecure", action="store_true", help="accept any certificate of the server"
    )
    group.add_argument(
        "--proxy",
        metavar="URL",
        help="connect through this http, https or SOCKS proxy, not that of the environment",
    )
    group.add_argument(
        "--no-proxy", action="store_true", help="use no proxy, whatever the environment says"
    )
