"""For wscodec.asyncio.testing and wscodec.sync.testing: what handlers and callbacks raise in a
test is raised again at the end of the test."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

from ._ending import State
from .exceptions import ConnectionClosed, WebSocketException

__all__ = ["Failures"]


class Failures:
    """The exceptions of one test.

    ignored  Classes of exceptions that are no failure.
    """

    def __init__(self, *ignored: type[BaseException]) -> None:
        self._ignored = ignored
        self._noted: list[BaseException] = []

    @contextlib.contextmanager
    def noting(self, connection: Any) -> Iterator[None]:
        """Notes what leaves the block, unless it is only the end of this connection."""
        try:
            yield
        except BaseException as error:
            is_open = connection.state is State.OPEN
            if not isinstance(error, self._ignored) and (
                is_open or not isinstance(error, ConnectionClosed)
            ):
                self._noted.append(error)
            raise

    def watched(self, function: Any) -> Any:
        """The function, whose first argument is a connection, noting what it raises. None stays
        None."""
        if function is None:
            return None

        @functools.wraps(function)
        def call(connection: Any, *others: Any) -> Any:
            with self.noting(connection):
                return function(connection, *others)

        return call

    def raise_first(self, error: BaseException | None) -> None:
        """Raises the first one again, if there is one.

        error  What the test itself has raised. A WebSocketException may be a consequence;
               everything else has precedence.
        """
        if self._noted and (error is None or isinstance(error, WebSocketException)):
            raise self._noted[0] from error
