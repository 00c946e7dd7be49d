"""The settings that the connections of a server, or the attempts of a client, share."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from copy import copy
from typing import Any

from .. import _ffi
from .._callbacks import LoggerLike, check_plain
from .._checks import (
    MaxQueue,
    MaxSize,
    at_least,
    deflate_for,
    marks,
    queue_marks,
    seconds,
    sizes,
)
from ..deflate import Deflate
from ..errors import InvalidArgument
from ..options import Options
from ._keepalive import Keepalive
from ._room import READ, Room, room_of

Logger = LoggerLike
OnMessage = Callable[[Any, Any], object]
OnConnection = Callable[[Any], object]
WriteLimit = MaxQueue
"""The argument `write_limit`: marks like those of `max_queue`, in bytes."""

WRITE_LIMIT = 1 << 15
"""Default of write_limit."""

WHOLE = _ffi.EVENT_FIRST | _ffi.EVENT_LAST | _ffi.EVENT_FRAME_END
"""The flags of a whole message in the read buffer."""


class Settings:
    """What serve() and connect() were given, checked.

    Raises InvalidArgument for values out of range, TypeError for those that cannot be called.
    """

    __slots__ = (
        "close_timeout",
        "compress_from",
        "decode_text",
        "deflate",
        "high",
        "keepalive",
        "logger",
        "loop",
        "low",
        "max_fragment",
        "max_message",
        "max_queued",
        "on_connect",
        "on_disconnect",
        "on_message",
        "open_timeout",
        "ping_interval",
        "ping_timeout",
        "room",
        "stream",
        "whole",
        "write_high",
        "write_low",
    )

    loop: asyncio.AbstractEventLoop
    room: Room
    keepalive: Keepalive | None

    def __init__(
        self,
        *,
        logger: Logger,
        on_message: OnMessage | None,
        on_connect: OnConnection | None,
        on_disconnect: OnConnection | None,
        compression: str | Deflate | None,
        compress_from: int,
        open_timeout: float | None,
        ping_interval: float | None,
        ping_timeout: float | None,
        close_timeout: float | None,
        max_size: MaxSize,
        max_queue: MaxQueue,
        write_limit: WriteLimit,
        decode_text: bool,
        stream: bool,
    ) -> None:
        if on_message is None and (on_connect or on_disconnect):
            raise InvalidArgument("on_connect and on_disconnect need on_message")
        if on_message is not None and stream:
            raise InvalidArgument("stream needs recv_streaming(), so it excludes on_message")
        check_plain("on_message", on_message, "connection", "message")
        check_plain("on_connect", on_connect, "connection")
        check_plain("on_disconnect", on_disconnect, "connection")
        self.on_message, self.on_connect = on_message, on_connect
        self.on_disconnect = on_disconnect
        self.logger = logger
        self.deflate = deflate_for(compression)
        self.compress_from = at_least("compress_from", compress_from, 0)
        self.open_timeout = seconds("open_timeout", open_timeout)
        self.close_timeout = seconds("close_timeout", close_timeout)
        self.max_message, self.max_fragment = sizes(max_size)
        self.high, self.low = queue_marks(max_queue)
        self.max_queued: float = math.inf  # bytes of memory of all messages in the queue
        if max_queue is not None and self.max_message:
            self.max_queued = max(self.max_message, READ)
        self.write_high: int | None
        self.write_low: int | None
        self.write_high, self.write_low = marks("write_limit", write_limit, 0) or (None, None)
        self.decode_text, self.stream = bool(decode_text), bool(stream)
        self.whole = -1 if stream else WHOLE  # with `stream`, no message is handled as a whole
        self.ping_interval = seconds("ping_interval", ping_interval)
        self.ping_timeout = seconds("ping_timeout", ping_timeout)

    def on_this_loop(self) -> Settings:
        """A copy for connections of the running event loop: those of one server, or one of a
        client."""
        bound = copy(self)
        bound.loop = loop = asyncio.get_running_loop()
        bound.room = room = room_of(loop)
        bound.keepalive = None
        if self.ping_interval is not None:
            bound.keepalive = Keepalive(loop, room, self.ping_interval, self.ping_timeout)
        return bound

    def options(self) -> Options:
        """The options of the sans-I/O connection (see wscodec.Connection)."""
        return {
            "max_message": self.max_message,
            "max_frame": self.max_fragment,
            "compress_from": self.compress_from,
            "stream": self.stream,
        }
