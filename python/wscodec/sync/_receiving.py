"""Receiving messages, in the thread that wants them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, overload

from .._ending import State
from ..errors import InvalidState
from ..events import MessagePart
from ..exceptions import ConcurrencyError, ConnectionClosed, ConnectionClosedOK
from ..text import CloseCode
from ._reading import Reader

if TYPE_CHECKING:
    from typing import Literal


class Receiver(Reader):
    """recv() and recv_streaming()."""

    def __iter__(self) -> Iterator[str | bytes]:
        recv = self.recv
        try:
            while True:
                yield recv()
        except ConnectionClosedOK:
            return

    @overload
    def recv(self, timeout: float | None, decode: Literal[True]) -> str: ...
    @overload
    def recv(self, timeout: float | None, decode: Literal[False]) -> bytes: ...
    @overload
    def recv(self, timeout: float | None = None, *, decode: Literal[True]) -> str: ...
    @overload
    def recv(self, timeout: float | None = None, *, decode: Literal[False]) -> bytes: ...
    @overload
    def recv(self, timeout: float | None = None, decode: bool | None = None) -> str | bytes: ...
    def recv(self, timeout: float | None = None, decode: bool | None = None) -> str | bytes:
        """Waits for the next message and returns it: str for a text (bytes with
        decode_text=False), bytes for a binary message.

        timeout  Seconds to wait at most; None for no limit. With 0 or less, only a message that
                 has arrived is returned. Nothing is lost after a TimeoutError.
        decode   True: a str in any case. False: bytes in any case.

        Raises ConnectionClosed after the last message; TimeoutError; ConcurrencyError if
        another thread is receiving; InvalidState during the opening handshake. If `decode` is
        True and a binary message is not UTF-8, the connection is closed with the code 1007.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._receiver.acquire(False):
            raise ConcurrencyError("another thread is already receiving")
        try:
            message = self._take(deadline)
            if message.__class__ is MessagePart:
                message = self._joined(message, deadline)
        finally:
            self._receiver.release()
        return message if decode is None else self._converted(message, decode)

    @overload
    def recv_streaming(self, decode: Literal[True]) -> Iterator[str]: ...
    @overload
    def recv_streaming(self, decode: Literal[False]) -> Iterator[bytes]: ...
    @overload
    def recv_streaming(self, decode: bool | None = None) -> Iterator[str | bytes]: ...
    def recv_streaming(self, decode: bool | None = None) -> Iterator[str | bytes]:
        """Waits for the next message, and yields its parts: with stream=True as they arrive,
        else the whole message as one part. The parts of a text are str, cut between characters.

        The iterator must be used up: before that, recv() and other iterators raise
        ConcurrencyError.

        The argument and the exceptions are those of recv().
        """
        if not self._receiver.acquire(False):
            raise ConcurrencyError("another thread is already receiving")
        has_begun, is_last = False, False
        while not is_last:
            try:
                part = self._take(None)
            except BaseException as error:
                if isinstance(error, ConnectionClosed) or not has_begun:
                    self._receiver.release()
                raise
            is_last = part.__class__ is not MessagePart or part.last
            has_begun = True
            if is_last:
                self._receiver.release()
            data = part.data if part.__class__ is MessagePart else part
            yield data if decode is None else self._converted(data, decode)

    def _joined(self, part: MessagePart, deadline: float | None) -> str | bytes:
        """The message that this part belongs to. If the time is up, its parts are kept."""
        parts = self._parts
        parts.append(part.data)
        while not part.last:
            part = self._take(deadline)
            parts.append(part.data)
        whole: Any = parts[0][:0].join(parts)
        parts.clear()
        return whole  # type: ignore[no-any-return]

    def _converted(self, message: str | bytes, decode: bool) -> str | bytes:
        if isinstance(message, str):
            return message if decode else message.encode()
        if not decode:
            return message
        try:
            return message.decode()
        except UnicodeDecodeError as error:
            with self._lock:
                self._fail(CloseCode.INVALID_DATA, f"{error.reason} at {error.start}", error)
            self._flush()
            raise self._await_end() from error

    def _take(self, deadline: float | None) -> Any:
        """The next message or part. For the thread that holds _receiver."""
        queue = self._queue
        mine = has_read = is_late = False
        try:
            while True:
                with self._lock:
                    must_flush = False
                    if mine:
                        mine = self._is_reading = False
                        must_flush = self._handle_inbox(0)
                    elif self._has_more and not queue:
                        self.turns += 1
                        must_flush = self._process(0)
                    if queue:
                        item = queue.popleft()
                        if self._is_paused and len(queue) <= self._low:
                            self._resume()
                        break
                    if self._ends_later:
                        self._end()
                    self._check_receiving(is_late)
                    if not must_flush:
                        if self._is_reading or self._is_ended:
                            is_late = not self._wait_for_news(deadline)
                            continue
                        mine = has_read = self._is_reading = True
                        self.turns += 1
                if must_flush:
                    self._flush()
                else:
                    is_late = not self._read(deadline)
        finally:
            if mine:
                self._stop_reading()
        if must_flush:
            self._flush()
        if has_read and not self._watcher.is_ticking:
            self._watcher.tick()
        return item

    def _check_receiving(self, is_late: bool) -> None:
        """Raises what recv() raises now that the queue is empty. Needs the lock."""
        if self._state is not State.OPEN:
            if self._state is State.CONNECTING:
                raise InvalidState("the opening handshake is not complete")
            if self._state is State.CLOSED or (is_late and self._is_over):
                raise self._ending.exception()
        if is_late:
            raise TimeoutError("timed out while waiting for a message")
