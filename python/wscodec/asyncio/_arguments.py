"""The arguments that pass through several functions: their types, for type checkers, and
checks of those that are passed on to the event loop."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import socket
import ssl as tls
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from .. import _arguments
from ..errors import InvalidArgument
from ..http11 import Request, Response
from ._settings import OnConnection, OnMessage, Settings, WriteLimit

if TYPE_CHECKING:
    from ._server import Server
    from ._server_connection import ServerConnection
    from .client import ClientConnection

__all__ = [
    "ConnectLoopArguments",
    "ServeLoopArguments",
    "UnixConnectArguments",
    "UnixServeArguments",
    "accepted_by",
    "check_loop_arguments",
    "is_of_tls",
]


class _Callbacks(TypedDict, total=False):
    """The arguments that only wscodec.asyncio has."""

    on_message: OnMessage | None
    on_connect: OnConnection | None
    on_disconnect: OnConnection | None
    write_limit: WriteLimit


class _TlsArguments(TypedDict, total=False):
    ssl_handshake_timeout: float | None
    ssl_shutdown_timeout: float | None


class _UnixListenArguments(_TlsArguments, total=False):
    """The arguments of loop.create_unix_server() that loop.create_server() has, too."""

    sock: socket.socket | None
    backlog: int
    ssl: tls.SSLContext | None
    start_serving: bool


class ServeLoopArguments(_UnixListenArguments, total=False):
    """The arguments of loop.create_server()."""

    family: int
    flags: int
    reuse_address: bool | None
    reuse_port: bool | None
    keep_alive: bool | None


class UnixServeArguments(
    _arguments.ServeArguments, _Callbacks, _UnixListenArguments, total=False
):
    """The arguments of unix_serve() without the handler and the path."""

    select_subprotocol: Callable[[ServerConnection, list[str]], str | None] | None
    process_request: Callable[[ServerConnection, Request], Any] | None
    process_response: Callable[[ServerConnection, Request, Response], Any] | None
    create_connection: Callable[[Settings, Server], ServerConnection] | None
    cleanup_socket: bool


class _UnixLoopArguments(_TlsArguments, total=False):
    """The arguments of loop.create_unix_connection() that loop.create_connection() has, too."""

    sock: socket.socket | None
    ssl: tls.SSLContext | bool | None
    server_hostname: str | None


class ConnectLoopArguments(_UnixLoopArguments, total=False):
    """The arguments of loop.create_connection(), and of those for the TLS of a proxy."""

    host: str | None
    port: int | None
    family: int
    proto: int
    flags: int
    local_addr: tuple[str, int] | None
    happy_eyeballs_delay: float | None
    interleave: int | None
    all_errors: bool
    proxy_ssl: tls.SSLContext | bool | None
    proxy_server_hostname: str | None
    proxy_ssl_handshake_timeout: float | None
    proxy_ssl_shutdown_timeout: float | None


class UnixConnectArguments(
    _arguments.ConnectArguments, _Callbacks, _UnixLoopArguments, total=False
):
    """The arguments of unix_connect() without the path and the URI."""

    create_connection: Callable[[Settings], ClientConnection] | None


_TYPES: dict[str, tuple[type, ...]] = {
    "path": (str, bytes, os.PathLike),
    "port": (int, str),
    "proxy_server_hostname": (str,),
    "proxy_ssl": (tls.SSLContext,),
    "server_hostname": (str,),
    "sock": (socket.socket,),
    "ssl": (tls.SSLContext,),
}


@functools.cache
def accepted_by(method: str) -> frozenset[str]:
    """The names of the arguments that a method of the event loops of asyncio accepts, apart
    from the protocols."""
    loops = (asyncio.AbstractEventLoop, asyncio.SelectorEventLoop)
    signatures = [inspect.signature(getattr(loop, method)) for loop in loops]
    names = {name for signature in signatures for name in signature.parameters}
    return frozenset(names - {"self", "protocol_factory"})


def is_of_tls(name: str) -> bool:
    """Whether an argument is about TLS."""
    return name == "server_hostname" or name.startswith("ssl")


def check_loop_arguments(
    function: str, accepted: Collection[str], given: Mapping[str, Any], *, of_client: bool
) -> None:
    """Raises TypeError for an argument that is not accepted, in the words of Python, and for
    one of the wrong type; InvalidArgument for a port out of range.

    function   The name of the function that the user has called.
    of_client  A client may have True or False as `ssl`, for the default.
    """
    for name, value in given.items():
        if name not in accepted:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
        if value is None:
            continue
        if of_client and isinstance(value, bool) and name in ("ssl", "proxy_ssl"):
            continue
        types = _TYPES.get(name)
        if types is not None and not isinstance(value, types):
            expected = " or ".join(each.__name__ for each in types)
            raise TypeError(f"{name} is of type {expected}, not {value!r}")
        if name == "port" and isinstance(value, int) and not 0 <= value < 1 << 16:
            raise InvalidArgument(f"port {value!r} is not a number from 0 to 65535")
