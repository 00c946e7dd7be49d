"""From what Python has to what C takes, and back."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import addressof, c_char, c_char_p, c_void_p, cast, create_string_buffer
from typing import Union

from . import _ffi
from .errors import InvalidArgument, check

Data = Union[bytes, bytearray, memoryview]
"""Bytes to be read. They are never modified, unless a function says so."""


def readable(data: Data) -> bytes:
    """The bytes themselves, or a copy of them: all of a wide memoryview, in its own order.

    Raises TypeError for what has none: bytes(5) would be five zeros.
    """
    return data if isinstance(data, bytes) else memoryview(data).tobytes()


def address(data: bytes) -> int:
    """Where they are."""
    return cast(c_char_p(data), c_void_p).value or 0


def in_place(data: Data) -> tuple[int | bytes, int, object]:
    """Where C may read the bytes during one call, and how many they are; a copy only of what
    cannot be modified. They stay there as long as the last of the three."""
    if not isinstance(data, bytes):
        view = memoryview(data)
        if not view.readonly and view.c_contiguous and view.nbytes:
            start = c_char.from_buffer(view.cast("B"))
            return addressof(start), view.nbytes, start
        data = view.tobytes()
    return data, len(data), data


def writable(data: bytearray | memoryview) -> tuple[memoryview, c_char | None]:
    """A view of bytes to be modified, and a C object at its start that keeps them there,
    None if they are none.

    Raises InvalidArgument if they cannot be modified, or do not lie in one piece.
    """
    view = memoryview(data)
    if view.readonly or not view.c_contiguous:
        raise InvalidArgument("a buffer that can be modified is needed")
    view = view.cast("B")
    return view, c_char.from_buffer(view) if view else None


def optional(value: str | Data | None) -> _ffi.Bytes:
    """What may be absent, as C has it: then there is no pointer."""
    return _ffi.Bytes() if value is None else bytes_of(text(value))


def bytes_of(data: bytes) -> _ffi.Bytes:
    """As C has it."""
    return _ffi.Bytes(data, len(data))


def text(value: str | Data) -> bytes:
    """The bytes of something in a head, where a character is a byte (RFC 9110, 5.5).

    Raises InvalidArgument for a character that is none.
    """
    if not isinstance(value, str):
        return readable(value)
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{value!r} cannot be in a head") from error


def span(data: bytes, where: _ffi.Span) -> str | None:
    """What a span stands for. None: it is not there."""
    if where.off == 0 and where.len == 0:
        return None
    return data[where.off : where.off + where.len].decode("latin-1")


def in_range(name: str, value: int, limit: int) -> int:
    """The value, which ctypes would cut without a word.

    Raises InvalidArgument below 0 and from `limit`.
    """
    if not 0 <= value < limit:
        raise InvalidArgument(f"{name} {value} is out of range")
    return value


def mask_key(key: Data) -> bytes:
    """The four bytes of a masking key. Raises InvalidArgument if there are not four."""
    key = readable(key)
    if len(key) != 4:
        raise InvalidArgument(f"a masking key has 4 bytes, not {len(key)}")
    return key


def written(size: int, write: Callable[[object, int], int]) -> bytes:
    """What `write(out, capacity)` writes: at most `size` bytes.

    Raises what its result says.
    """
    out = create_string_buffer(size)
    length = check(write(out, size))
    return out.raw[:length]
