"""The arguments that pass through several functions: their types, for type checkers, and
checks of those whose types Python does not check."""

from __future__ import annotations

import os
import socket
import ssl as tls
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from .. import _arguments
from ..errors import InvalidArgument
from ..http11 import Request, Response

if TYPE_CHECKING:
    from .client import ClientConnection
    from .server import ServerConnection

__all__ = [
    "ConnectArguments",
    "ListenArguments",
    "ServeArguments",
    "SocketArguments",
    "check_names",
    "check_type",
]


class SocketArguments(TypedDict, total=False):
    """The arguments of socket.create_connection()."""

    address: tuple[str, int]
    timeout: float | None
    source_address: tuple[str, int] | None
    all_errors: bool


class ConnectArguments(_arguments.ConnectArguments, SocketArguments, total=False):
    """The arguments of reconnect() without the URI."""

    sock: socket.socket | None
    ssl: tls.SSLContext | None
    server_hostname: str | None
    proxy_ssl: tls.SSLContext | None
    proxy_server_hostname: str | None
    create_connection: Callable[..., ClientConnection] | None


class ListenArguments(TypedDict, total=False):
    """The arguments of socket.create_server()."""

    family: int
    backlog: int
    reuse_port: bool
    dualstack_ipv6: bool


class ServeArguments(_arguments.ServeArguments, ListenArguments, total=False):
    """The arguments of serve() without the handler and the address."""

    sock: socket.socket | None
    ssl: tls.SSLContext | None
    select_subprotocol: Callable[[ServerConnection, list[str]], str | None] | None
    process_request: Callable[[ServerConnection, Request], Response | None] | None
    process_response: Callable[[ServerConnection, Request, Response], Response | None] | None
    create_connection: Callable[..., ServerConnection] | None


_TYPES: dict[str, tuple[str, tuple[type, ...]]] = {
    "sock": ("a socket.socket", (socket.socket,)),
    "ssl": ("an ssl.SSLContext", (tls.SSLContext,)),
    "proxy_ssl": ("an ssl.SSLContext", (tls.SSLContext,)),
    "host": ("a str", (str,)),
    "path": ("a path", (str, bytes, os.PathLike)),
    "server_hostname": ("a str", (str,)),
    "proxy_server_hostname": ("a str", (str,)),
    "timeout": ("a number", (int, float)),
    "family": ("an address family", (int,)),
    "backlog": ("an int", (int,)),
}
"""What arguments are, if they are not None."""


def check_type(name: str, value: object) -> None:
    """Raises TypeError for an argument of the wrong type; InvalidArgument for a port out of
    range. None passes."""
    if value is None:
        return
    if name == "port":
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"port is an int, not {value!r}")
        if not 0 <= value < 1 << 16:
            raise InvalidArgument(f"port {value!r} is not a number from 0 to 65535")
    elif name in ("address", "source_address"):
        is_pair = isinstance(value, tuple) and [*map(type, value)] == [str, int]
        if not is_pair:
            raise TypeError(f"{name} is a pair of a host and a port, not {value!r}")
    elif name in _TYPES:
        what, types = _TYPES[name]
        if not isinstance(value, types) or isinstance(value, bool):
            raise TypeError(f"{name} is {what}, not {value!r}")


def check_names(function: str, accepted: Collection[str], given: Mapping[str, Any]) -> None:
    """Raises what check_type() does, and TypeError for an argument that is not accepted, in the
    words of Python.

    function  The name of the function that was called.
    """
    for name, value in given.items():
        if name not in accepted:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
        check_type(name, value)
