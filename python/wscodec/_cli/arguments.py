"""The arguments of connect() that the options of the command line mean."""

from __future__ import annotations

import argparse
import ssl
from typing import Any

from .._auth import basic_authorization
from .._client_opening import Offer
from ..datastructures import Headers
from ..errors import InvalidArgument
from ..exceptions import InvalidProxy, InvalidURI
from ..proxy import parse_proxy
from ..uri import WebSocketURI, parse_uri
from .parser import Parser
from .session import Failure

__all__ = ["arguments_of"]

_OPTIONS = {
    "uri": "URL",
    "origin": "--origin",
    "subprotocols": "--subprotocol",
    "additional_headers": "--header",
    "headers": "--header",
}
"""What a person calls the arguments of connect()."""


def arguments_of(parser: Parser, options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of connect(). What would make the request invalid is named, before anything
    is sent.

    Raises Failure if a file is not what it should be.
    """
    uri = _uri(parser, options)
    try:
        headers = _headers(parser, options)
        subprotocols = _subprotocols(options)
        Offer(origin=options.origin, subprotocols=subprotocols, headers=headers).request(uri)
    except InvalidArgument as error:
        parser.error(f"{_OPTIONS[error.argument]}: {error.why}")
    arguments: dict[str, Any] = {
        "origin": options.origin,
        "subprotocols": subprotocols or None,
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


def _uri(parser: Parser, options: argparse.Namespace) -> WebSocketURI:
    """The URL, which the other options must fit."""
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
    for name in ("ca", "cert", "key", "insecure"):
        value = getattr(options, name)
        if value == "":  # for ssl it would mean the default
            parser.error(f"--{name}: the name of the file is missing")
        if value and not uri.secure:
            parser.error(f"--{name} is for wss:// URLs")
    return uri


def _headers(parser: Parser, options: argparse.Namespace) -> Headers:
    fields = Headers()
    for text in options.header:
        name, colon, value = text.partition(":")
        if not colon or not name:
            parser.error(f"--header: {text!r} is not NAME: VALUE")
        fields[name] = value.strip(" \t")
    if options.basic_auth is not None:
        if "Authorization" in fields:
            parser.error("either --basic-auth or --header Authorization")
        name, colon, password = options.basic_auth.partition(":")
        if not colon:
            parser.error("--basic-auth: not USER:PASS")
        fields["Authorization"] = basic_authorization(name, password)
    return fields


def _subprotocols(options: argparse.Namespace) -> list[str]:
    return [name.strip() for names in options.subprotocol for name in names.split(",")]


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
