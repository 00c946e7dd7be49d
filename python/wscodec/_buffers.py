"""Conversions between Python's types and C's.

Every argument of a public function goes through one of these, which name it in their errors. A
subclass of bytes or str may override any method, so only what C sees counts: the result is
always exactly bytes, whose len() is their number.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from ctypes import addressof, c_char, c_char_p, c_void_p, cast, create_string_buffer
from typing import Union

from . import _ffi
from .errors import InvalidArgument, check

Data = Union[bytes, bytearray, memoryview]
"""Bytes to read. They are never modified, unless the function's description says so."""

FILLS_BYTES = (
    sys.implementation.name == "cpython"
    and bytes(memoryview(b"a")) is not bytes(memoryview(b"a"))
    and bytes(1) is not bytes(1)
)
"""Whether C may write to a bytes object, as CPython's C API allows as long as the object is new
and nothing else has seen it: see own_copy()."""


def readable(data: Data, name: str = "data") -> bytes:
    """The bytes themselves, or a copy of them: all bytes of a memoryview, in its order.

    Raises TypeError if `data` has no bytes: bytes(5) would be five zeros.
    """
    return data if type(data) is bytes else own_copy(data, name)


def own_copy(data: Data, name: str = "data") -> bytes:
    """A copy of the bytes that nothing else refers to: with FILLS_BYTES, C may write to it if
    there is at least one byte, before it is passed on. (There is one empty bytes object.)"""
    return bytes(memoryview(data) if type(data) is bytes else view_of(data, name))


def view_of(
    data: Data, name: str, wanted: str = "bytes, bytearray or memoryview"
) -> memoryview:
    """The memory of a bytes-like object. Raises TypeError if it is none, ValueError if it is a
    memoryview that was released."""
    try:
        return memoryview(data)
    except TypeError:
        raise _type_error(name, wanted, data) from None
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def flat(data: Data, name: str) -> memoryview:
    """The bytes of a bytes-like object, one after another. Copies only if they are not."""
    view = view_of(data, name)
    if view.c_contiguous and view.nbytes:
        return view.cast("B")
    return memoryview(bytes(view))


def address(data: bytes) -> int:
    """The address of the bytes."""
    return cast(c_char_p(data), c_void_p).value or 0


def in_place(data: Data, name: str = "data") -> tuple[int | bytes, int, object]:
    """The address or object from which C may read the bytes during one call, their number, and
    an object that keeps them alive. Copies only if the data cannot be modified."""
    if type(data) is not bytes:
        view = view_of(data, name)
        if not view.readonly and view.c_contiguous and view.nbytes:
            start = c_char.from_buffer(view.cast("B"))
            return addressof(start), view.nbytes, start
        data = bytes(view)
    return data, len(data), data


def writable(
    data: bytearray | memoryview, name: str = "data"
) -> tuple[memoryview, c_char | None]:
    """A view of bytes to modify, and a C object at its start that keeps them in place; None if
    there are no bytes.

    Raises InvalidArgument if they cannot be modified or are not contiguous.
    """
    view = view_of(data, name)
    if view.readonly or not view.c_contiguous:
        raise InvalidArgument(f"{name} must be a contiguous buffer that can be modified")
    if not view.nbytes:
        return view, None
    view = view.cast("B")
    return view, c_char.from_buffer(view)


def optional(value: str | Data | None, name: str = "value") -> _ffi.Bytes:
    """A ws_bytes of a value that may be absent: then its pointer is NULL."""
    return _ffi.Bytes() if value is None else bytes_of(text(value, name))


def bytes_of(data: bytes) -> _ffi.Bytes:
    """A ws_bytes of these bytes."""
    return _ffi.Bytes(data, len(data))


def text(value: str | Data, name: str = "text") -> bytes:
    """The bytes of text in a head: UTF-8, where surrogates stand for other bytes as in
    shown().

    Raises InvalidArgument for any other surrogate.
    """
    if type(value) is str:
        try:
            return value.encode()
        except UnicodeEncodeError:  # and again, for surrogates
            pass
    if type(value) is bytes:
        return value
    if not isinstance(value, str):
        return bytes(view_of(value, name, "str or bytes"))
    try:
        return str.encode(value, "utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{name} has a surrogate that stands for no byte") from error


def shown(data: bytes) -> str:
    """Text of a head: UTF-8. A byte that is not part of any is U+DC80 ... U+DCFF, as in
    Python's file names (PEP 383). text() returns the same bytes."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def utf8(value: str, name: str) -> bytes:
    """The UTF-8 of a str. Raises InvalidArgument for surrogates, TypeError for another type."""
    if not isinstance(value, str):
        raise _type_error(name, "str", value)
    try:
        return str.encode(value)
    except UnicodeEncodeError as error:
        raise InvalidArgument.of(name, "it has surrogates, which UTF-8 cannot have") from error


def span(data: bytes, where: _ffi.Span) -> str | None:
    """The text of a span; None if it is absent."""
    if where.off == 0 and where.len == 0:
        return None
    return shown(data[where.off : where.off + where.len])


def number(name: str, value: int) -> int:
    """The value as an int. Raises TypeError if it is none."""
    try:
        return operator.index(value)
    except TypeError:
        raise _type_error(name, "int", value) from None


def in_range(name: str, value: int, limit: int) -> int:
    """The value as an int. (ctypes would truncate it silently.)

    Raises TypeError if it is no integer; InvalidArgument if it is negative, or not below
    `limit`.
    """
    if type(value) is not int:
        value = number(name, value)
    if not 0 <= value < limit:
        raise InvalidArgument(f"{name} is not in 0 ... {limit - 1}")
    return value


def four_bytes(key: Data, name: str) -> bytes:
    """The bytes of a masking key. Raises InvalidArgument if there are not four."""
    key = readable(key, name)
    if len(key) != 4:
        raise InvalidArgument(f"{name} must have 4 bytes, not {len(key)}")
    return key


def written(size: int, write: Callable[[object, int], int]) -> bytes:
    """The bytes that `write(out, capacity)` writes, at most `size`.

    Raises the exception for a negative result.
    """
    out = bytes(size) if FILLS_BYTES else create_string_buffer(size)
    length = check(write(out, size))
    data = out if isinstance(out, bytes) else out.raw
    return data if length == size else data[:length]


def type_name(value: object) -> str:
    """The name of a value's type, for messages."""
    return type(value).__name__


def _type_error(name: str, wanted: str, value: object) -> TypeError:
    return TypeError(f"{name} must be {wanted}, not {type_name(value)}")
