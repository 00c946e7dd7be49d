"""python -m wscodec: a WebSocket client for the command line, with the options of wscat."""

from __future__ import annotations

import argparse
import asyncio
import os
import ssl
import sys
from typing import Any, NoReturn

from . import _ffi
from ._basic import basic_authorization
from ._client import Offer
from ._session import EXIT_ERROR, EXIT_INVALID, Failure, Session
from ._terminal import escaped
from .datastructures import Headers
from .exceptions import InvalidProxy, InvalidURI, WebSocketException
from .proxy import parse_proxy
from .uri import WebSocketURI, parse_uri

__all__ = ["main"]

_DESCRIPTION = """\
Connects to ws://host[:port][/path] or wss://..., sends each MESSAGE, or each line of stdin if
there is none, and prints the messages that it receives. On a terminal it is interactive: /help
lists its commands, and the end of the input (Ctrl-D) closes. Otherwise it closes when as many
messages were received as it sent."""

_EPILOG = """\
Exit status: 0 after a normal close, 1 after an error or a close with another code than 1000, 2
if the command line is invalid, 3 if a normal close came before all was sent and received, or a
message did not arrive in time."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"wscodec: {escaped(message)} (see --help)", file=sys.stderr)
        sys.exit(EXIT_INVALID)


def _at_least(least: int, kind: type[int] | type[float]) -> Any:
    """The type of a number that is not smaller."""

    def number(text: str) -> int | float:
        value = kind(text)
        if not least <= value < 2**63:
            raise ValueError
        return value

    number.__name__ = f"number from {least}"
    return number


def _parser() -> _Parser:
    parser = _Parser(
        prog="python -m wscodec",
        usage="%(prog)s [OPTION...] URL [MESSAGE...]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("url", metavar="URL", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("messages", metavar="MESSAGE", nargs="*", help=argparse.SUPPRESS)
    _add_handshake_options(parser.add_argument_group("opening handshake"))
    _add_message_options(parser.add_argument_group("messages and closing"))
    _add_connection_options(parser.add_argument_group("connection"))
    other = parser.add_argument_group("other")
    other.add_argument(
        *("-v", "--verbose"), action="store_true", help="report the handshake and the close"
    )
    version = ".".join(map(str, (_ffi.VERSION_MAJOR, _ffi.VERSION_MINOR, _ffi.VERSION_PATCH)))
    other.add_argument(
        "--version",
        action="version",
        version=f"wscodec {version}, Python {sys.version.split()[0]}",
        help="print the version",
    )
    other.add_argument("--help", action="help", help="print this text")
    return parser


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
        type=_at_least(0, int),
        default=64 << 20,
        help="refuse longer messages; 0: no limit (%(default)s)",
    )
    group.add_argument(
        *("-c", "--count"),
        metavar="COUNT",
        type=_at_least(0, int),
        help="close when so many messages were received",
    )
    group.add_argument(
        *("-w", "--wait"),
        metavar="SECONDS",
        type=_at_least(0, float),
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
        type=_at_least(0, float),
        default=0,
        help="send a ping so often, and fail if its pong does not arrive for as long",
    )
    group.add_argument(
        *("-t", "--timeout"),
        metavar="SECONDS",
        type=_at_least(0, float),
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


def _headers(parser: _Parser, options: argparse.Namespace) -> Headers:
    fields = Headers()
    for text in options.header:
        name, colon, value = text.partition(":")
        if not colon or not name:
            parser.error(f"--header: {text!r} is not NAME: VALUE")
        try:
            fields[name] = value.strip(" \t")
        except WebSocketException as error:
            parser.error(f"--header: {error}")
    return fields


def _subprotocols(options: argparse.Namespace) -> list[str]:
    return [name.strip() for names in options.subprotocol for name in names.split(",")]


def _uri(parser: _Parser, options: argparse.Namespace) -> WebSocketURI:
    """The URL. What would make the request invalid is named, before anything is sent."""
    if (options.cert is None) != (options.key is None):
        parser.error("--cert and --key belong together")
    if options.proxy is not None and options.no_proxy:
        parser.error("either --proxy or --no-proxy")
    try:
        uri = parse_uri(options.url)
        if options.proxy is not None:
            parse_proxy(options.proxy)
    except (InvalidURI, InvalidProxy) as error:
        parser.error(str(error))
    for name, offer in (
        ("URL", Offer()),
        ("--origin", Offer(origin=options.origin)),
        ("--subprotocol", Offer(subprotocols=_subprotocols(options))),
        ("--header", Offer(headers=_headers(parser, options), origin=options.origin)),
    ):
        try:
            offer.request(uri)
        except WebSocketException as error:
            parser.error(f"{name}: {error}")
    return uri


def _authorize(parser: _Parser, options: argparse.Namespace, headers: Headers) -> None:
    if options.basic_auth is None:
        return
    name, colon, password = options.basic_auth.partition(":")
    if not colon:
        parser.error("--basic-auth: not USER:PASS")
    headers["Authorization"] = basic_authorization(name, password)


def _context(options: argparse.Namespace) -> ssl.SSLContext:
    """Raises Failure if a file is not what it should be."""
    name = options.ca
    try:
        context = ssl.create_default_context(cafile=options.ca)
        name = options.cert
        if options.cert is not None:
            context.load_cert_chain(options.cert, options.key)
    except OSError as error:
        why = "not a valid PEM file" if isinstance(error, ssl.SSLError) else error.strerror
        raise Failure(f"{name}: {why}") from error
    if options.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _arguments(parser: _Parser, options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of connect()."""
    uri = _uri(parser, options)
    headers = _headers(parser, options)
    _authorize(parser, options, headers)
    arguments: dict[str, Any] = {
        "origin": options.origin,
        "subprotocols": _subprotocols(options) or None,
        "compression": None if options.no_compression else "deflate",
        "additional_headers": headers,
        "proxy": None if options.no_proxy else options.proxy or True,
        "open_timeout": options.timeout or None,
        "close_timeout": options.timeout or None,
        "ping_interval": options.ping or None,
        "ping_timeout": options.ping or None,
        "max_size": options.max_message or None,
    }
    if uri.secure:
        arguments["ssl"] = _context(options)
    return arguments


def main(argv: list[str] | None = None) -> int:
    """Runs the client with these arguments, by default those of the command line. Returns the
    exit status."""
    parser = _parser()
    options = parser.parse_intermixed_args(argv)
    if options.url is None:
        parser.error("the URL is missing")
    try:
        arguments = _arguments(parser, options)
        return asyncio.run(Session(options).run(arguments))
    except Failure as error:
        print(f"wscodec: {escaped(str(error), chr(10))}", file=sys.stderr)
    except OSError as error:  # of stdin or stdout
        if not isinstance(error, BrokenPipeError):
            print(f"wscodec: {error.strerror}", file=sys.stderr)
        # What is still in the buffer of stdout must not fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return EXIT_ERROR
