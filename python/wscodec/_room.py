"""Memory that a connection needs only during a call of the library."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import addressof, c_char, c_size_t, c_void_p, sizeof, string_at
from struct import Struct

from . import _fast_calls, _ffi

SIZE = 65536
"""Most bytes of input that a room can hold."""

LONG = 1 << 18
"""Bytes from which a call gives up the GIL. It takes some 30 us then; to give up the GIL costs
more beside a busy thread."""

LONG_INFLATE = 4096
"""The same for input that may be compressed."""

LONG_DEFLATE = 8192
"""The same for a message that may have to be compressed."""

_ENTRY = Struct(_ffi.EVENT[:-1] + "2x")
"""Reads ws_event without its last member, which is reserved."""

_CONSUMED = "Q" if sizeof(c_size_t) == 8 else "I4x"
_EVENTS = 8
"""Where the events are: after the number of bytes consumed."""

FIRST = Struct(f"={_CONSUMED}QQI")
"""Reads the number of bytes consumed; off, len and kind_of() of the first event."""


def kind_of(opcode: int, flags: int) -> int:
    """Both in one number, as FIRST reads them."""
    (kind,) = Struct("=I").unpack(Struct("=HH").pack(opcode, flags))
    return int(kind)


_ENTRIES = 256

_event_data = _fast_calls.short("ws_event_data")


class Room:
    """The input and what the library fills, with the arguments of the calls.

    The library writes the number of bytes that it consumed before the events, so that one
    unpacking reads both.
    """

    __slots__ = (
        "_kept",
        "_last",
        "_recv_in_place",
        "at",
        "entries",
        "handle",
        "len",
        "out_len",
        "output",
        "output_args",
        "output_at",
        "recv_args",
        "view",
        "view_at",
    )

    def __init__(self) -> None:
        self.view = memoryview(bytearray(SIZE))
        self.entries = memoryview(bytearray(_EVENTS + _ENTRIES * _ENTRY.size))
        self.output = memoryview(bytearray(_ffi.MAX_OUTPUT))
        self._kept = [
            c_char.from_buffer(part) for part in (self.view, self.entries, self.output)
        ]
        view_at, consumed_at, output_at = map(addressof, self._kept)
        self.handle = c_void_p()
        self.len = c_size_t()
        self.out_len = c_size_t()
        self.at = c_void_p()
        self.view_at = c_void_p(view_at)
        self.output_at = c_void_p(output_at)
        self._last = c_void_p()
        ends = (
            self.len,
            c_void_p(consumed_at + _EVENTS),
            c_size_t(_ENTRIES),
            c_void_p(consumed_at),
        )
        self.recv_args = (self.handle, self.view_at, *ends)
        self._recv_in_place = (self.handle, self.at, *ends)
        self.output_args = (self.handle, self.output_at, c_size_t(_ffi.MAX_OUTPUT))

    def in_place(self, at: int) -> tuple[object, ...]:
        """The arguments of a ws_conn_recv() whose input is at this address."""
        self.at.value = at
        return self._recv_in_place

    def events(self, count: int) -> Iterator[tuple[int, ...]]:
        """The fields of each event."""
        end = _EVENTS + count * _ENTRY.size
        return _ENTRY.iter_unpack(self.entries[_EVENTS:end])

    @property
    def used(self) -> int:
        """The number of bytes consumed."""
        return int(FIRST.unpack_from(self.entries)[0])

    def collected(self, count: int, size: int) -> bytes:
        """The data of the last of `count` events, which is in the library's memory."""
        start = addressof(self._kept[1]) + _EVENTS
        self._last.value = start + (count - 1) * _ENTRY.size
        at = _event_data(self.handle, None, self._last)
        return string_at(at, size) if size else b""


rooms: list[Room] = []
"""Those that nobody uses. A call takes one, or creates it, and returns it: an idle connection
has none, and two threads never share one."""


def take() -> Room:
    """A room for one call. Append it to `rooms` afterwards."""
    try:
        return rooms.pop()
    except IndexError:
        return Room()
