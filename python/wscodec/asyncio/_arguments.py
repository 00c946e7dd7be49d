"""The arguments that serve() and connect() pass on to the event loop, checked."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import socket
import ssl as tls
from collections.abc import Collection, Mapping
from typing import Any

from ..errors import InvalidArgument

__all__ = ["accepted_by", "check_loop_arguments", "is_of_tls"]

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
