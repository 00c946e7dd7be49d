"""The options that wscodec.asyncio and wscodec.sync have in common, checked."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Union

from ._library import library_can_deflate
from .deflate import Deflate
from .errors import InvalidArgument

__all__ = [
    "MaxQueue",
    "MaxSize",
    "at_least",
    "deflate_for",
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


def subprotocol_list(subprotocols: Iterable[str] | None) -> str:
    """The argument `subprotocols`, as the value of a header field; "" if there are none. Raises
    InvalidArgument for a name that would vanish from it or become two, TypeError for anything
    but an iterable of str."""
    if isinstance(subprotocols, str):
        raise TypeError("subprotocols is a list of str, not a str")
    names = list(subprotocols or ())
    joined = ", ".join(names)
    for name in names:
        if not name or "," in name:
            raise InvalidArgument.of("subprotocols", f"{name!r} is not a token")
    return joined


def at_least(name: str, value: int, least: int) -> int:
    """The value, unchanged. Raises InvalidArgument if it is not an int from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidArgument(f"{name} {value!r} is not a number from {least} on")
    return value


def seconds(name: str, value: float | None) -> float | None:
    """The value, unchanged. Raises InvalidArgument if it is neither None nor positive."""
    if value is not None and not value > 0:
        raise InvalidArgument(f"{name} {value!r} is not a positive number of seconds")
    return value


def sizes(max_size: MaxSize) -> tuple[int, int]:
    """The limits on a message and on a fragment; 0 for none. Raises InvalidArgument."""
    message, fragment = max_size if isinstance(max_size, tuple) else (max_size, None)
    return (
        0 if message is None else at_least("max_size", message, 1),
        0 if fragment is None else at_least("max_size", fragment, 1),
    )


def marks(name: str, limits: MaxQueue, least: int) -> tuple[int, int] | None:
    """The high and the low water mark, a quarter of the high one unless it is given; None for
    no limit. Raises InvalidArgument.

    least  The lowest high water mark.
    """
    high, low = limits if isinstance(limits, tuple) else (limits, None)
    if high is None:
        return None
    at_least(name, high, least)
    low = high // 4 if low is None else at_least(name, low, 0)
    if low > high:
        raise InvalidArgument(f"{name}: {low} is above {high}")
    return high, low


def queue_marks(max_queue: MaxQueue) -> tuple[float, float]:
    """The high and the low water mark. Raises InvalidArgument."""
    return marks("max_queue", max_queue, 1) or (math.inf, math.inf)
