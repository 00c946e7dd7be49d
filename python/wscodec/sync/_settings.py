"""The settings that the connections of a server, or the attempts of a client, share."""

from __future__ import annotations

from typing import Any

from .._callbacks import LoggerLike
from .._checks import MaxQueue, MaxSize, at_least, queue_marks, seconds, sizes
from ..options import Options

__all__ = ["Settings"]


class Settings:
    """What serve() and connect() were given, checked. Raises InvalidArgument."""

    def __init__(
        self,
        *,
        logger: LoggerLike,
        compress_from: int,
        open_timeout: float | None,
        ping_interval: float | None,
        ping_timeout: float | None,
        close_timeout: float | None,
        max_size: MaxSize,
        max_queue: MaxQueue,
        decode_text: bool,
        stream: bool,
    ) -> None:
        max_message, max_frame = sizes(max_size)
        queue_marks(max_queue)
        self.logger = logger
        self.open_timeout = seconds("open_timeout", open_timeout)
        self.close_timeout = seconds("close_timeout", close_timeout)
        self.of_engine: Options = {
            "max_message": max_message,
            "max_frame": max_frame,
            "compress_from": at_least("compress_from", compress_from, 0),
            "decode_text": bool(decode_text),
            "stream": bool(stream),
        }
        """The options of the sans-I/O connection."""
        self.of_connection: dict[str, Any] = {
            "ping_interval": seconds("ping_interval", ping_interval),
            "ping_timeout": seconds("ping_timeout", ping_timeout),
            "close_timeout": self.close_timeout,
            "max_queue": max_queue,
            "max_size": max_size,
            "logger": logger,
        }
        """The options of Connection."""
