"""The options of serve() and connect() for their connections."""

from __future__ import annotations

from typing import Any

from .._limits import MaxQueue, MaxSize, at_least, queue_marks, seconds, sizes
from ..options import Options

__all__ = ["connection_options", "engine_options"]


def engine_options(
    max_size: MaxSize, compress_from: int, decode_text: bool, stream: bool
) -> Options:
    """The options of the sans-I/O connection. Raises InvalidArgument."""
    max_message, max_frame = sizes(max_size)
    return {
        "max_message": max_message,
        "max_frame": max_frame,
        "compress_from": at_least("compress_from", compress_from, 0),
        "decode_text": bool(decode_text),
        "stream": bool(stream),
    }


def connection_options(
    ping_interval: float | None,
    ping_timeout: float | None,
    close_timeout: float | None,
    max_queue: MaxQueue,
    max_size: MaxSize,
) -> dict[str, Any]:
    """The options of Connection. Raises InvalidArgument."""
    queue_marks(max_queue)
    return {
        "ping_interval": seconds("ping_interval", ping_interval),
        "ping_timeout": seconds("ping_timeout", ping_timeout),
        "close_timeout": seconds("close_timeout", close_timeout),
        "max_queue": max_queue,
        "max_size": max_size,
    }
