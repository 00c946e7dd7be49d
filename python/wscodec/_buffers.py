"""Conversions between Python's types and C's."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import addressof, c_char, c_char_p, c_void_p, cast, create_string_buffer
from typing import Union

from . import _ffi
from .errors import InvalidArgument, check

Data = Union[bytes, bytearray, memoryview]
"""Bytes to read. They are never modified, unless the function's description says so."""


def readable(data: Data) -> bytes:
    """The bytes themselves, or a copy of them: all bytes of a memoryview, in its order.

    Raises TypeError if `data` has no bytes: bytes(5) would be five zeros.
    """
    return data if isinstance(data, bytes) else memoryview(data).tobytes()


def address(data: bytes) -> int:
    """The address of the bytes."""
    return cast(c_char_p(data), c_void_p).value or 0


def in_place(data: Data) -> tuple[int | bytes, int, object]:
    """The address or object from which C may read the bytes during one call, their number, and
    an object that keeps them alive. Copies only if the data cannot be modified."""
    if not isinstance(data, bytes):
        view = memoryview(data)
        if not view.readonly and view.c_contiguous and view.nbytes:
            start = c_char.from_buffer(view.cast("B"))
            return addressof(start), view.nbytes, start
        data = view.tobytes()
    return data, len(data), data


def writable(data: bytearray | memoryview) -> tuple[memoryview, c_char | None]:
    """A view of bytes to modify, and a C object at its start that keeps them in place; None if
    there are no bytes.

    Raises InvalidArgument if they cannot be modified or are not contiguous.
    """
    view = memoryview(data)
    if view.readonly or not view.c_contiguous:
        raise InvalidArgument("a buffer that can be modified is needed")
    view = view.cast("B")
    return view, c_char.from_buffer(view) if view else None


def optional(value: str | Data | None) -> _ffi.Bytes:
    """A ws_bytes of a value that may be absent: then its pointer is NULL."""
    return _ffi.Bytes() if value is None else bytes_of(text(value))


def bytes_of(data: bytes) -> _ffi.Bytes:
    """A ws_bytes of these bytes."""
    return _ffi.Bytes(data, len(data))


def text(value: str | Data) -> bytes:
    """The bytes of text in a head, where a character is a byte (RFC 9110, 5.5).

    Raises InvalidArgument for a character above U+00FF.
    """
    if not isinstance(value, str):
        return readable(value)
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{value!r} cannot be in a head") from error


def span(data: bytes, where: _ffi.Span) -> str | None:
    """The text of a span; None if it is absent."""
    if where.off == 0 and where.len == 0:
        return None
    return data[where.off : where.off + where.len].decode("latin-1")


def in_range(name: str, value: int, limit: int) -> int:
    """The value, unchanged. (ctypes would truncate it silently.)

    Raises InvalidArgument if it is negative, or not below `limit`.
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
    """The bytes that `write(out, capacity)` writes, at most `size`.

    Raises the exception for a negative result.
    """
    out = create_string_buffer(size)
    length = check(write(out, size))
    return out.raw[:length]
