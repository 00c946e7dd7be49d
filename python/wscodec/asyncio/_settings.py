"""The settings that the connections of a server, or the attempts of a client, share."""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
from collections.abc import Callable
from typing import Any, Optional, Union

from .. import _ffi
from .._limits import at_least, deflate_for, marks, queue_marks, seconds, sizes
from ..deflate import Deflate
from ..errors import InvalidArgument
from ..options import COMPRESS_FROM, Options
from ._keepalive import Keepalive
from ._room import READ, room_of

Logger = Union[logging.Logger, "logging.LoggerAdapter[logging.Logger]"]
OnMessage = Callable[[Any, Any], object]
OnConnection = Callable[[Any], object]
Limit = Union[int, tuple[int, Optional[int]], None]
"""A number, or the high and the low one."""

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
        "max_queued",
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
        on_message: OnMessage | None = None,
        on_connect: OnConnection | None = None,
        on_disconnect: OnConnection | None = None,
        compression: str | Deflate | None = "deflate",
        compress_from: int = COMPRESS_FROM,
        open_timeout: float | None = 10,
        ping_interval: float | None = 20,
        ping_timeout: float | None = 20,
        close_timeout: float | None = 10,
        max_size: int | None | tuple[int | None, int | None] = 2**20,
        max_queue: Limit = 16,
        write_limit: Limit = 2**15,
        decode_text: bool = True,
        stream: bool = False,
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
        self.max_queued: float = math.inf  # bytes of memory of all messages in the queue
        if max_queue is not None and self.max_message:
            self.max_queued = max(self.max_message, READ)
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
