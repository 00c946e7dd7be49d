"""The arguments that serve() and connect() pass on to the event loop, checked."""

from __future__ import annotations

import asyncio
import functools
import inspect
import socket
import ssl as tls
from collections.abc import Collection, Mapping
from typing import Any

from ..errors import InvalidArgument

__all__ = ["accepted_by", "check_loop_arguments", "is_of_tls"]


@functools.cache
def accepted_by(method: str) -> frozenset[str]:
    """The names of the arguments that a method of the event loops of asyncio accepts, apart
    from the protocols."""
    loops = (asyncio.AbstractEventLoop, asyncio.SelectorEventLoop)
    names = {name for loop in loops for name in _parameters(getattr(loop, method))}
    return frozenset(names - {"self", "protocol_factory"})


def _parameters(method: Any) -> Collection[str]:
    return inspect.signature(method).parameters


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
        if name == "sock" and not isinstance(value, socket.socket):
            raise TypeError(f"sock is a socket.socket, not {value!r}")
        if name == "port" and isinstance(value, int) and not 0 <= value < 1 << 16:
            raise InvalidArgument(f"port {value!r} is not a number from 0 to 65535")
        if name in ("ssl", "proxy_ssl") and not isinstance(value, tls.SSLContext):
            if not (of_client and isinstance(value, bool)):
                raise TypeError(f"{name} is an ssl.SSLContext, not {value!r}")
