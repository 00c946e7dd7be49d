"""Which argument of a builder is invalid, and why: the library says only that one is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import _ffi
from .errors import InvalidArgument

__all__ = ["blamed", "quoted"]

_MOST = 100  # characters of a value that are quoted

_WHY = {
    "host": "is not a host, with or without a port",
    "target": "is neither a path nor an http:// or https:// URI with the host of the request",
    "key": "is not the base64 of 16 bytes",
    "origin": "is not an origin",
    "protocol": "is not a token",
    "protocols": "is not a list of distinct tokens",
    "extensions": "is not a list of extensions",
    "offered_protocols": "has a control character",
    "offered_extensions": "is not a list of extensions",
    "body": "is not allowed in this response",
}


def blamed(
    refuses: Callable[[Mapping[str, bytes]], bool],
    given: Mapping[str, bytes],
    valid: Mapping[str, bytes],
) -> InvalidArgument:
    """The exception for a call that refuses `given`: the arguments of a valid call are replaced
    one by one, and the first with which the call refuses is the invalid one.

    given  The arguments by name. "headers" are complete lines.
    valid  Arguments of a call that is not refused; those that it lacks are empty.
    """
    tried = {name: valid.get(name, b"") for name in given}
    for name, value in given.items():
        before, tried[name] = tried[name], value
        if not refuses(tried):
            continue
        if sum(map(len, tried.values())) > _ffi.MAX_HEAD - _ffi.MAX_REPLY:
            return InvalidArgument.of(name, f"a head has at most {_ffi.MAX_HEAD} bytes")
        if name == "headers":
            tried[name] = before
            line = _first_refused(refuses, tried, value)
            field = quoted(line.partition(b":")[0])
            if refuses({**tried, name: line}):
                return InvalidArgument.of(name, f"{field} cannot be added to this message")
            return InvalidArgument.of(name, f"{field} cannot be added after those before it")
        return InvalidArgument.of(name, f"{quoted(value)} {_WHY[name]}")
    return InvalidArgument()


def _first_refused(
    refuses: Callable[[Mapping[str, bytes]], bool], tried: dict[str, bytes], lines: bytes
) -> bytes:
    """The first line that is refused after those before it."""
    ends = [at + 1 for at in range(len(lines)) if lines[at] == ord("\n")]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        if refuses({**tried, "headers": lines[: ends[middle]]}):
            high = middle
        else:
            low = middle + 1
    return lines[ends[low - 1] if low else 0 : ends[low]]


def quoted(value: bytes) -> str:
    """A value in the text of an exception: its start if it is long."""
    text = value.decode("utf-8", "backslashreplace")
    return repr(text if len(text) <= _MOST else f"{text[:_MOST]}...")
