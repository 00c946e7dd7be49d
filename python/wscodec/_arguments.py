"""The types of the arguments that wscodec.asyncio and wscodec.sync have in common, for type
checkers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypedDict

from ._callbacks import LoggerLike
from ._checks import MaxQueue, MaxSize
from ._server_opening import Origin
from .datastructures import HeadersLike
from .deflate import Deflate
from .proxy import ProxyLike

__all__ = ["ConnectArguments", "ServeArguments"]


class _Arguments(TypedDict, total=False):
    """Of serve() and connect()."""

    subprotocols: Sequence[str] | None
    compression: str | Deflate | None
    compress_from: int
    open_timeout: float | None
    ping_interval: float | None
    ping_timeout: float | None
    close_timeout: float | None
    max_size: MaxSize
    max_queue: MaxQueue
    decode_text: bool
    stream: bool
    logger: LoggerLike | None


class ServeArguments(_Arguments, total=False):
    """Of serve()."""

    origins: Sequence[Origin] | None
    headers: HeadersLike
    server_header: str | None


class ConnectArguments(_Arguments, total=False):
    """Of connect()."""

    origin: str | None
    additional_headers: HeadersLike | None
    user_agent_header: str | None
    proxy: ProxyLike
    process_exception: Callable[[Exception], Exception | None]
    reconnect_delays: Callable[[], Iterator[float]]
