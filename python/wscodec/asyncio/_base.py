"""What a connection is made of, and how it writes."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from ctypes import addressof, c_char, c_size_t, c_void_p
from typing import Any, ClassVar, Union, cast

from .. import _ffi
from .._common_properties import CommonProperties
from .._ending import Ending, State
from .._messages import server_frame
from ..deflate import Deflate
from ..errors import check
from ..exceptions import ConnectionClosed
from ..frame import Side, frame_encode
from ._room import FRAME_COST, SEND, Room, send_bound, send_long, send_short
from ._settings import Logger, Settings

WRITE_AT = 1 << 16
"""Bytes that are joined at most before they are written."""

NEVER = sys.maxsize

Frame = Union[bytes, bytearray]

AT_ONCE, SOON, AT_END = 0, 1, 2
"""When a frame is written: at once; with those that soon follow, and by the loop at the latest;
at the end of the read that is being handled."""


CONNECTING, OPEN, CLOSING, CLOSED = State


class Base(CommonProperties, asyncio.BufferedProtocol):
    """The memory of a connection, its facts, and its output.

    The slots are what every connection has. The rest is in its __dict__, which is made when it
    is needed, also for attributes of the user.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_deflate",
        "_engine_from",
        "_handle",
        "_heard",
        "_is_read_paused",
        "_is_write_paused",
        "_joins",
        "_later",
        "_out",
        "_out_size",
        "_queue",
        "_request",
        "_rest",
        "_room",
        "_sending",
        "_settings",
        "_slot",
        "_state",
        "_subprotocol",
        "_timer",
        "_waiter",
        "latency",
        "transport",
    )

    side: ClassVar[Side]

    _ending: Ending | None = None
    _closed: asyncio.Future[None] | None = None  # of wait_closed()
    _response: Any = None
    _id: uuid.UUID | None = None
    _logger: Logger | None = None
    _drainers: list[asyncio.Future[None]] | None = None
    _pings: dict[bytes, tuple[asyncio.Future[float], float]] | None = None

    transport: asyncio.Transport
    """The transport, for its get_extra_info() and the like. Do not write to it. None before the
    connection is made, where only constructors of subclasses can see it."""
    latency: float
    """Seconds between the last ping and its pong; 0.0 before the first."""

    def __init__(self, settings: Settings) -> None:
        self.transport = cast(asyncio.Transport, None)
        self._settings = settings
        self._room: Room = settings.room
        self._handle = 0  # of the library's ws_conn; 0: none, before and after the messages
        self._state = CONNECTING
        self._deflate: Deflate | None = None
        self._subprotocol: str | None = None
        self._request: Any = None
        self._timer: asyncio.TimerHandle | None = None  # of the opening, then of the closing

        # Receiving
        self._queue: list[Any] | None = None  # the next message is the last; None: empty
        self._later: Any = None  # the messages after those of the queue: a Later, or None
        self._waiter: asyncio.Future[None] | None = None  # of recv()
        self._rest: bytearray | None = None  # input that waits; None: it is handled as it comes
        self._is_read_paused = False
        self._heard = -1  # room.tick when something was received; -1: was never open
        self._slot = -1  # in the keepalive; -1: not there

        # Sending
        self._engine_from = 0 if self.side else NEVER  # frames that the library writes
        self._out: Frame | list[Frame] | None = None  # what waits for more
        self._out_size = 0  # bytes in the list
        self._joins = AT_ONCE  # how long frames wait
        self._is_write_paused = False
        self._sending: asyncio.Future[None] | None = None  # a message in fragments
        self.latency = 0.0

    # Facts

    @property
    def _was_open(self) -> bool:
        return self._heard >= 0

    @property
    def local_address(self) -> Any:
        """Our address, as socket.getsockname() gives it; None if there is none."""
        return self._extra_info("sockname")

    @property
    def remote_address(self) -> Any:
        """The peer's address, as socket.getpeername() gives it; None if there is none."""
        return self._extra_info("peername")

    def _extra_info(self, name: str) -> Any:
        return None if self.transport is None else self.transport.get_extra_info(name)

    @property
    def id(self) -> uuid.UUID:
        """A random identifier of the connection, for logs."""
        if self._id is None:
            self._id = uuid.uuid4()
        return self._id

    @property
    def logger(self) -> Logger:
        """The logger of the server or client. It can be set, for this connection."""
        return self._logger or self._settings.logger

    @logger.setter
    def logger(self, logger: Logger) -> None:
        self._logger = logger

    # Output

    def _put(self, opcode: int, payload: bytes) -> None:
        """Writes a message, ping or pong."""
        if len(payload) >= self._engine_from:
            self._put_frame(self._encoded(opcode, 0, payload))
        else:
            self._put_frame(server_frame(opcode, payload))

    def _put_frame(self, frame: Frame) -> None:
        """Writes a frame, together with those that wait, or lets it wait for more."""
        self._room.burst -= len(frame) + FRAME_COST
        out, joins = self._out, self._joins
        if out is None:
            if joins is AT_ONCE:
                self.transport.write(frame)
                return
            self._out = frame
            if joins is SOON:
                self._settings.loop.call_soon(self._flush)
            return
        if not isinstance(out, list):
            self._out_size = len(out)
            self._out = out = [out]
        out.append(frame)
        self._out_size += len(frame)
        if joins is AT_ONCE or self._out_size >= WRITE_AT:
            self._flush()

    def _flush(self) -> None:
        """Writes what has waited."""
        out, self._out = self._out, None
        if out is not None:
            self.transport.write(b"".join(out) if isinstance(out, list) else out)

    def _encoded(self, opcode: int, flags: int, payload: bytes) -> Frame:
        """A frame that the library writes: compressed, masked or a fragment."""
        if not self._handle:
            return self._encoded_last(opcode, flags, payload)
        room, size = self._room, len(payload)
        room.handle.value = self._handle
        bound = size + _ffi.MAX_HEADER
        if self._deflate is not None:
            bound = send_bound(room.handle, c_size_t(size))
            room.burst -= size
        send = send_long if bound > WRITE_AT or self._deflate else send_short
        if bound <= SEND:
            room.send_size.value = size
            written = send(room.handle, opcode, flags, payload, *room.send_args)
            return room.sent[: check(written)]
        out = bytearray(bound)
        start = c_void_p(addressof(c_char.from_buffer(out)))
        size_, bound_ = c_size_t(size), c_size_t(bound)
        written = send(room.handle, opcode, flags, payload, size_, start, bound_)
        del out[check(written) :]
        return out

    def _encoded_last(self, opcode: int, flags: int, payload: bytes) -> bytes:
        """A frame in the last turns of a handler; see Closing._end_with()."""
        if flags:
            raise self._exception()
        return frame_encode(opcode, payload, mask_key=os.urandom(4) if self.side else None)

    def _exception(self) -> ConnectionClosed:
        """What recv() and send() raise."""
        raise NotImplementedError
