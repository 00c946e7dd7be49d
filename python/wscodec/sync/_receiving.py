"""Receiving messages, in the thread that wants them."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, overload

from .._ending import State
from ..errors import InvalidState
from ..events import MessagePart
from ..exceptions import ConcurrencyError, ConnectionClosed, ConnectionClosedOK
from ..text import CloseCode
from ._io import deadline_after
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
        another thread is receiving; InvalidState during the opening handshake; TypeError for a
        timeout that is no number, InvalidArgument for NaN. If `decode` is True and a binary
        message is not UTF-8, the connection is closed with the code 1007.
        """
        deadline = deadline_after(timeout)
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
        decoder = codecs.getincrementaldecoder("utf-8")()
        is_last = has_begun = has_yielded = False
        while not is_last:
            try:
                data, is_last = self._part()
                has_begun = True
                if decode is not None:
                    data = self._converted(data, decode, decoder, is_last)
            except BaseException as error:
                if isinstance(error, ConnectionClosed) or not has_begun:
                    self._receiver.release()
                raise
            if is_last:
                self._receiver.release()
            if data or (is_last and not has_yielded):
                has_yielded = True
                yield data

    def _part(self) -> tuple[str | bytes, bool]:
        """The next part of a message, and whether it is the last. What recv() has kept comes
        first."""
        parts = self._parts
        if parts:
            kept: str | bytes = parts[0][:0].join(parts)
            parts.clear()
            return kept, False
        part = self._take(None)
        return (part.data, part.last) if part.__class__ is MessagePart else (part, True)

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

    def _converted(
        self,
        data: str | bytes,
        decode: bool,
        decoder: codecs.IncrementalDecoder | None = None,
        is_last: bool = True,
    ) -> str | bytes:
        """A message, or with a decoder a part of one, as str or as bytes."""
        if isinstance(data, str):
            return data if decode else data.encode()
        if not decode:
            return data
        try:
            return data.decode() if decoder is None else decoder.decode(data, is_last)
        except UnicodeDecodeError as error:
            with self._lock:
                self._fail(CloseCode.INVALID_DATA, "invalid UTF-8", error)
            self._flush()
            raise self._await_end() from error

    def _take(self, deadline: float | None) -> Any:
        """The next message or part. For the thread that holds _receiver."""
        queue, watcher = self._queue, None
        mine = is_late = False
        try:
            while True:
                with self._lock:
                    must_flush = False
                    if mine:
                        mine = self._is_reading = False
                        must_flush = self._handle_inbox(0)
                    elif self._has_more and not queue:
                        self._turns += 1
                        must_flush = self._process(0)
                    if queue:
                        item = self._pop()
                        break
                    if self._last_frames is not None:
                        self._send_last_frames()
                        self._watcher.tick()
                        must_flush = True
                    else:
                        if self._ends_later:
                            self._end()
                        self._check_receiving(is_late)
                    if not must_flush:
                        if self._is_reading or self._is_ended:
                            is_late = not self._wait_for_news(deadline)
                            continue
                        mine = self._is_reading = True
                        self._turns += 1
                        watcher = self._watcher
                if must_flush:
                    self._flush()
                else:
                    is_late = not self._read(deadline)
        finally:
            if mine:
                self._stop_reading()
            elif watcher is not None and not watcher.is_ticking:
                watcher.tick()
        if must_flush:
            self._flush()
        return item

    def _pop(self) -> Any:
        """Takes from the queue. Needs the lock."""
        queue = self._queue
        item = queue.popleft()
        self._queued -= len(item.data if item.__class__ is MessagePart else item)
        if self._is_paused and len(queue) <= self._low and self._queued <= self._most / 4:
            self._resume()
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
