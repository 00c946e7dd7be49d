"""What the connections of one event loop share: the buffer for reads, and the arguments of the
functions that are called for each."""

from __future__ import annotations

import asyncio
from ctypes import addressof, byref, c_char, c_size_t, c_void_p
from struct import Struct
from weakref import WeakKeyDictionary

from .. import _ffi
from .._fast_calls import long, short

READ = 1 << 18
"""Bytes that are read at most at once."""

SEND = 1 << 14
"""Bytes of a frame that the library writes to the room; longer ones get memory of their own."""

EVENTS = 512
"""Events that are reported at most at once."""

BURST = 1 << 18
"""Bytes that coroutines send before others get a turn."""

FRAME_COST = 1 << 10
"""Bytes that take about as long as a frame without any."""

ENTRY = Struct(_ffi.EVENT)

# An event again, with its opcode and its flags as one number, the kind.
PLACE_AND_KIND = Struct("=QQI4x")
KIND = Struct("=16xI").unpack_from

recv_short, recv_long = short("ws_conn_recv"), long("ws_conn_recv")
output = short("ws_conn_output")
send_bound = short("ws_conn_send_bound")
send_short, send_long = short("ws_conn_send"), long("ws_conn_send")
event_data = short("ws_event_data")
event_data.restype = c_void_p  # type: ignore[attr-defined]


class Room:
    """Memory for one call of the library. It is free again as soon as the call has returned and
    its results were copied, which is before any code of the user runs."""

    __slots__ = (
        "buffer",
        "burst",
        "consumed",
        "entries",
        "entries_at",
        "handle",
        "output",
        "output_args",
        "recv_args",
        "send_args",
        "send_size",
        "sent",
        "size",
        "start_at",
        "tick",
        "view",
    )

    def __init__(self) -> None:
        self.buffer = bytearray(READ)
        self.view = memoryview(self.buffer)
        self.entries = memoryview(bytearray(EVENTS * ENTRY.size))
        self.output = bytearray(_ffi.MAX_OUTPUT)
        self.entries_at = addressof(c_char.from_buffer(self.entries))
        self.handle = c_void_p()
        self.start_at = addressof(c_char.from_buffer(self.buffer))
        self.size = c_size_t()
        self.consumed = c_size_t()
        # ctypes passes the results of byref() and from_param() on, without a conversion.
        self.recv_args = (
            self.handle,
            byref(c_char.from_buffer(self.buffer)),
            self.size,
            byref(c_char.from_buffer(self.entries)),
            c_size_t.from_param(EVENTS),
            byref(self.consumed),
        )
        self.output_args = (
            self.handle,
            c_void_p(addressof(c_char.from_buffer(self.output))),
            c_size_t(_ffi.MAX_OUTPUT),
        )
        self.sent = bytearray(SEND)
        self.send_size = c_size_t()
        self.send_args = (
            self.send_size,
            c_void_p(addressof(c_char.from_buffer(self.sent))),
            c_size_t(SEND),
        )
        self.burst = BURST
        """What is left of the BURST."""
        self.tick = 0
        """Counts the rounds of keepalive pings: see _keepalive.py."""


_rooms: WeakKeyDictionary[asyncio.AbstractEventLoop, Room] = WeakKeyDictionary()


def room_of(loop: asyncio.AbstractEventLoop) -> Room:
    """The room of this loop, which is made when it is first needed."""
    try:
        return _rooms[loop]
    except KeyError:
        return _rooms.setdefault(loop, Room())
