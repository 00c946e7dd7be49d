"""Memory that a connection needs only during a call of the library."""

from __future__ import annotations

from ctypes import addressof, byref, c_char, c_size_t, c_void_p, string_at
from struct import Struct

from . import _calls, _ffi

SIZE = 65536
"""Bytes of input that a room can hold."""

LONG = 65536
"""Bytes from which a call gives up the GIL: it takes some 20 us then."""

LONG_DEFLATE = 2048
"""The same for bytes that may be compressed, or are to be."""

ENTRY = Struct(_ffi.EVENT)
"""Reads ws_event."""

_ENTRIES = 256

_event_data = _calls.short("ws_event_data")


class Room:
    """The input and what the library fills, with the arguments of the calls."""

    def __init__(self) -> None:
        self.view = memoryview(bytearray(SIZE))
        self.entries = memoryview(bytearray(_ENTRIES * ENTRY.size))
        self.output = memoryview(bytearray(_ffi.MAX_OUTPUT))
        kept = [c_char.from_buffer(part) for part in (self.view, self.entries, self.output)]
        self._kept = kept
        self.handle = c_void_p()
        self.view_at, self.entries_at, self.output_at = map(c_void_p, map(addressof, kept))
        self.at = c_void_p()
        self.len = c_size_t()
        self.entries_len = c_size_t(_ENTRIES)
        self.output_len = c_size_t(_ffi.MAX_OUTPUT)
        self.out_len = c_size_t()
        self.consumed = c_size_t()
        self.consumed_at = byref(self.consumed)
        self._last = c_void_p()

    def collected(self, count: int, size: int) -> bytes:
        """The data of the last of `count` events, which is in the library's memory."""
        self._last.value = (self.entries_at.value or 0) + (count - 1) * ENTRY.size
        start = _event_data(self.handle, None, self._last)
        return string_at(start, size) if size else b""


rooms: list[Room] = []
"""Those that nobody uses. A call takes one, or creates it, and returns it: an idle connection
has none, and two threads never share one."""


def take() -> Room:
    """A room for one call. Append it to `rooms` afterwards."""
    try:
        return rooms.pop()
    except IndexError:
        return Room()
