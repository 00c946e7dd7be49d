"""When a client tries again. It does no I/O: wscodec.asyncio and wscodec.sync share it."""

from __future__ import annotations

import logging
import random
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from email.utils import parsedate_to_datetime

from .exceptions import InvalidMessage, InvalidProxyMessage, InvalidProxyStatus, InvalidStatus

__all__ = ["MAX_RETRY_AFTER", "Retries", "backoff", "process_exception", "retry_after"]

MAX_RETRY_AFTER = 300.0
"""Longest delay in seconds that a server can ask for with Retry-After."""

_TRANSIENT = (500, 502, 503, 504)


def backoff(
    initial_delay: float = 5,
    min_delay: float = 3.1,
    max_delay: float = 90,
    factor: float = 1.618,
) -> Generator[float, None, None]:
    """The delays in seconds between attempts to connect: first a random one, so that the
    clients of a server that was restarted do not all come back at once (RFC 6455, 7.2.3), then
    ones that grow.

    initial_delay  The first is random, from 0 to this.
    min_delay      The second.
    max_delay      None of the others is longer.
    factor         What each is to the one before.
    """
    yield random.random() * initial_delay
    delay = min_delay
    while delay < max_delay:
        yield delay
        delay *= factor
    while True:
        yield max_delay


def process_exception(error: Exception) -> Exception | None:
    """Whether a connection that failed is tried again: returns None if so, else the exception
    to raise.

    These are transient: OSError, which includes TimeoutError; EOFError, also as the cause of an
    InvalidMessage or InvalidProxyMessage; and a status of 500, 502, 503 or 504, of the server
    or a proxy.
    """
    if isinstance(error, InvalidProxyStatus):
        return None if error.status in _TRANSIENT else error
    if isinstance(error, (InvalidMessage, InvalidProxyMessage)):
        return None if isinstance(error.__cause__, EOFError) else error
    if isinstance(error, (OSError, EOFError)):
        return None
    if isinstance(error, InvalidStatus) and error.response.status in _TRANSIENT:
        return None
    return error


class Retries:
    """The attempts to connect after the first one."""

    def __init__(
        self,
        process_exception: Callable[[Exception], Exception | None],
        delays: Callable[[], Iterable[float]],
        logger: logging.Logger | logging.LoggerAdapter[logging.Logger],
    ) -> None:
        self._process_exception, self._delays, self._logger = process_exception, delays, logger
        self._left: Iterator[float] | None = None

    def restart(self) -> None:
        """A connection was open: the delays start anew."""
        self._left = None

    def delay(self, error: Exception) -> float | None:
        """The seconds until the next attempt, after one that ended with this error. None: there
        is none, raise the error.

        Raises another exception if process_exception() returns or raises one.
        """
        fatal = self._judge(error)
        if fatal is error:
            return None
        if fatal is not None:
            raise fatal from error
        self._left = self._left or iter(self._delays())
        delay = next(self._left, None)
        if delay is None:
            return None
        delay = max(delay, retry_after(error))
        self._logger.info(
            "connect failed; reconnecting in %.1f seconds: %s",
            delay,
            traceback.format_exception_only(type(error), error)[0].strip(),
        )
        return delay

    def _judge(self, error: Exception) -> Exception | None:
        """The exception to raise; None for a new attempt."""
        try:
            return self._process_exception(error)
        except Exception as raised:
            return raised


def retry_after(error: Exception) -> float:
    """The delay in seconds that the server asks for with Retry-After (RFC 9110, 10.2.3), at
    most MAX_RETRY_AFTER; 0 if it asks for none, or the value makes no sense."""
    values = (
        error.response.headers.get_all("Retry-After")
        if isinstance(error, InvalidStatus) and error.response.head
        else []
    )
    if len(values) != 1:
        return 0
    if values[0].isascii() and values[0].isdigit():
        return min(float(values[0][:10]), MAX_RETRY_AFTER)
    try:
        delay = parsedate_to_datetime(values[0]).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        return 0
    return min(max(delay, 0), MAX_RETRY_AFTER)
