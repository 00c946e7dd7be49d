"""Checks of the options that wscodec.asyncio and wscodec.sync have in common."""

from __future__ import annotations

import math
import threading
from collections.abc import Collection
from typing import Any, Union

from ._library import library_can_deflate
from .datastructures import Headers, HeadersLike
from .deflate import Deflate
from .errors import InvalidArgument, renamed

__all__ = [
    "MaxQueue",
    "MaxSize",
    "at_least",
    "check_list",
    "deflate_for",
    "headers_of",
    "marks",
    "queue_marks",
    "seconds",
    "sizes",
    "subprotocol_list",
]

MaxSize = Union[int, None, tuple[Union[int, None], Union[int, None]]]
"""The argument `max_size`: the limit on a message, or those on a message and on a fragment.
None: no limit."""

MaxQueue = Union[int, None, tuple[Union[int, None], Union[int, None]]]
"""The argument `max_queue`: the high water mark, or the high and the low one; None for no
limit."""


def deflate_for(compression: str | Deflate | None) -> Deflate | None:
    """The parameters of compression: "deflate" holds no memory between messages, and is none
    where the library cannot compress.

    Raises InvalidArgument for anything but "deflate", None and a Deflate.
    """
    if compression == "deflate":
        if not library_can_deflate():
            return None
        return Deflate(server_no_context_takeover=True, client_no_context_takeover=True)
    if compression is None or isinstance(compression, Deflate):
        return compression
    raise InvalidArgument(f"compression is 'deflate', a Deflate or None, not {compression!r}")


def subprotocol_list(subprotocols: Collection[str] | None) -> str:
    """The argument `subprotocols`, as the value of a header field; "" if there are none. Raises
    InvalidArgument for a name that would vanish from it or become two, TypeError for anything
    but a list or the like of str."""
    check_list("subprotocols", subprotocols, str)
    names = list(subprotocols or ())
    for name in names:
        if not name or "," in name:
            raise InvalidArgument.of("subprotocols", f"{name!r} is not a token")
    return ", ".join(names)


def headers_of(name: str, fields: HeadersLike | None) -> Headers:
    """The header fields that were given as the argument `name`. Raises TypeError for anything
    but header fields, InvalidArgument for a line break in one."""
    try:
        with renamed(headers=name):
            return Headers(() if fields is None else fields)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from None


def at_least(name: str, value: int, least: int) -> int:
    """The value, unchanged. Raises InvalidArgument if it is not an int from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidArgument(f"{name} {value!r} is not a number from {least} on")
    return value


def seconds(name: str, value: float | None) -> float | None:
    """The value, unchanged. Raises InvalidArgument if it is neither None nor a positive number
    of seconds that a timer can wait."""
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 < value <= threading.TIMEOUT_MAX:
        raise InvalidArgument(f"{name} {value!r} is not a positive number of seconds")
    return value


def sizes(max_size: MaxSize) -> tuple[int, int]:
    """The limits on a message and on a fragment; 0 for none. Raises InvalidArgument."""
    message, fragment = _pair("max_size", max_size)
    return (
        0 if message is None else at_least("max_size", message, 1),
        0 if fragment is None else at_least("max_size", fragment, 1),
    )


def _pair(name: str, value: MaxSize | MaxQueue) -> tuple[int | None, int | None]:
    if not isinstance(value, tuple):
        return value, None
    if len(value) != 2:
        raise InvalidArgument(f"{name} {value!r} is neither a number nor a pair")
    return value


def marks(name: str, limits: MaxQueue, least: int) -> tuple[int, int] | None:
    """The high and the low water mark, a quarter of the high one unless it is given; None for
    no limit. Raises InvalidArgument.

    least  The lowest high water mark.
    """
    high, low = _pair(name, limits)
    if high is None:
        return None
    at_least(name, high, least)
    low = high // 4 if low is None else at_least(name, low, 0)
    if low > high:
        raise InvalidArgument(f"{name}: {low} is above {high}")
    return high, low


def check_list(name: str, values: Any, *types: type) -> None:
    """Raises TypeError if it is neither None nor a list or the like of these types. A str is
    not taken for a list of its characters."""
    if values is None:
        return
    if isinstance(values, (str, bytes)) or not isinstance(values, Collection):
        raise TypeError(f"{name} is a list, not {values!r}")
    for value in values:
        if not isinstance(value, types):
            raise TypeError(f"{name} cannot have {value!r}")


def queue_marks(max_queue: MaxQueue) -> tuple[float, float]:
    """The high and the low water mark. Raises InvalidArgument."""
    return marks("max_queue", max_queue, 1) or (math.inf, math.inf)
