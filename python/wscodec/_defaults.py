"""The defaults of the options that wscodec.asyncio and wscodec.sync have in common."""

from __future__ import annotations

from .options import COMPRESS_FROM
from .options import MAX_MESSAGE as MAX_SIZE

__all__ = [
    "CLOSE_TIMEOUT",
    "COMPRESSION",
    "COMPRESS_FROM",
    "MAX_QUEUE",
    "MAX_SIZE",
    "OPEN_TIMEOUT",
    "PING_INTERVAL",
    "PING_TIMEOUT",
]

COMPRESSION = "deflate"
OPEN_TIMEOUT = 10
PING_INTERVAL = 20
PING_TIMEOUT = 20
CLOSE_TIMEOUT = 10
MAX_QUEUE = 16
