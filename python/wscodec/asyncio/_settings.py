"""The settings that the connections of a server, or the attempts of a client, share."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any, Union

from .. import _ffi
from .._limits import (
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
from ._room import room_of

Logger = Union[logging.Logger, "logging.LoggerAdapter[logging.Logger]"]
OnMessage = Callable[[Any, Any], object]
OnConnection = Callable[[Any], object]
WriteLimit = MaxQueue
"""The argument `write_limit`: marks like those of `max_queue`, in bytes."""

WRITE_LIMIT = 1 << 15
"""Default of write_limit."""

WHOLE = _ffi.EVENT_FIRST | _ffi.EVENT_LAST | _ffi.EVENT_FRAME_END
"""The flags of a whole message in the read buffer."""


class Settings:
    """What serve() and connect() were given, checked. It is for the running event loop.

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
        "on_connect",
        "on_disconnect",
        "on_message",
        "open_timeout",
        "room",
        "stream",
        "whole",
        "write_high",
        "write_low",
    )

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
        _check_callback("on_message", on_message)
        _check_callback("on_connect", on_connect)
        _check_callback("on_disconnect", on_disconnect)
        self.on_message, self.on_connect = on_message, on_connect
        self.on_disconnect = on_disconnect
        self.loop = asyncio.get_running_loop()
        self.room = room_of(self.loop)
        self.logger = logger
        self.deflate = deflate_for(compression)
        self.compress_from = at_least("compress_from", compress_from, 0)
        self.open_timeout = seconds("open_timeout", open_timeout)
        self.close_timeout = seconds("close_timeout", close_timeout)
        self.max_message, self.max_fragment = sizes(max_size)
        self.high, self.low = queue_marks(max_queue)
        self.write_high: int | None
        self.write_low: int | None
        self.write_high, self.write_low = marks("write_limit", write_limit, 0) or (None, None)
        self.decode_text, self.stream = bool(decode_text), bool(stream)
        self.whole = -1 if stream else WHOLE  # with `stream`, no message is handled as a whole
        interval = seconds("ping_interval", ping_interval)
        timeout = seconds("ping_timeout", ping_timeout)
        self.keepalive: Keepalive | None = None
        if interval is not None:
            self.keepalive = Keepalive(self.loop, self.room, interval, timeout)

    def options(self) -> Options:
        """The options of the sans-I/O connection (see wscodec.Connection)."""
        return {
            "max_message": self.max_message,
            "max_frame": self.max_fragment,
            "compress_from": self.compress_from,
            "stream": self.stream,
        }


def _check_callback(name: str, function: object) -> None:
    if function is not None and not callable(function):
        raise TypeError(f"{name} cannot be called: {function!r}")
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"{name} is a plain function, not a coroutine function: {function!r}")
