"""asyncio.timeout(), also before Python 3.11."""

from __future__ import annotations

import sys

__all__ = ["timeout"]

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    import asyncio
    from types import TracebackType

    class timeout:
        """Cancels what the block awaits after `delay` seconds; the block then ends with a
        TimeoutError. None: never."""

        def __init__(self, delay: float | None) -> None:
            self._delay = delay
            self._timer: asyncio.TimerHandle | None = None
            self._is_expired = False

        async def __aenter__(self) -> timeout:
            self._task = asyncio.current_task()
            if self._delay is not None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(self._delay, self._expire)
            return self

        def expired(self) -> bool:
            """Whether the time has run out."""
            return self._is_expired

        def _expire(self) -> None:
            assert self._task is not None
            self._is_expired = True
            self._task.cancel(self)

        async def __aexit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            _: TracebackType | None,
        ) -> None:
            if self._timer is not None:
                self._timer.cancel()
            if isinstance(error, asyncio.CancelledError) and error.args == (self,):
                raise TimeoutError from error
