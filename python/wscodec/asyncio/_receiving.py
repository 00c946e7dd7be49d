"""Receiving: from the bytes of one read to the messages of recv() or on_message.

buffer_updated()   one read: one call of the library, which reports events
_receive_events()  whatever is not simply one whole message
_deliver()         messages, to the queue or to on_message
recv()             takes from the queue
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator, Iterable
from ctypes import c_size_t, c_void_p, string_at
from struct import Struct
from sys import getsizeof
from time import monotonic
from typing import Any, Literal, NamedTuple, cast, overload

from .. import _ffi
from ..exceptions import ConcurrencyError, ConnectionClosedOK, InvalidState
from ..text import Close, CloseCode
from ._base import AT_END, AT_ONCE, CLOSED, CONNECTING, OPEN, SOON
from ._closing import LAST_TURNS
from ._room import ENTRY, KIND, PLACE_AND_KIND, READ, event_data, recv_long, recv_short
from ._sending import Sending

_TEXT, _BINARY, _PONG = _ffi.OPCODE_TEXT, _ffi.OPCODE_BINARY, _ffi.OPCODE_PONG
_CLOSE = _ffi.OPCODE_CLOSE
_COLLECTED = _ffi.EVENT_COLLECTED
_ENTRY_START = Struct(_ffi.EVENT[:-2]).unpack_from
"""Without the code of a close frame."""


TURN = 0.002
"""Seconds after which the loop gets a turn while the bytes of one read are handled."""

PIECE = 1 << 14
"""How many of the bytes that have waited are handled at once."""


class Part(NamedTuple):
    """A part of a message, with `stream`."""

    data: bytes
    is_text: bool
    first: bool
    last: bool


def memory_of(messages: Iterable[Any]) -> int:
    """The bytes of memory that they take."""
    return sum(getsizeof(each.data if isinstance(each, Part) else each) for each in messages)


class Later(list[Any]):
    """Messages that have arrived while others were waiting in the queue."""

    __slots__ = ("size",)

    def __init__(self, queue: list[Any]) -> None:
        super().__init__()
        self.size = memory_of(queue)
        """Bytes of memory, with those of the queue, also of those that were taken since."""

    def add(self, messages: list[Any]) -> None:
        self += messages
        self.size += memory_of(messages)


class Receiving(Sending):
    """What a connection receives."""

    __slots__ = ()

    # Bytes

    def get_buffer(self, sizehint: int) -> memoryview:
        """For asyncio: where to read to. Every connection of the loop reads to the same place:
        the bytes were handled when buffer_updated() returns."""
        return self._room.view

    def buffer_updated(self, nbytes: int) -> None:
        """For asyncio: so many bytes were read."""
        handle = self._handle
        if not handle or self._rest is not None:
            self._receive_outside(nbytes)
            return
        room, settings = self._room, self._settings
        self._heard = room.tick
        room.handle.value = handle
        room.size.value = nbytes
        count = (recv_short if self._deflate is None else recv_long)(*room.recv_args)
        if count == 1:
            start, size, opcode, flags = _ENTRY_START(room.entries)
            end = start + size
            if end == nbytes and opcode <= _BINARY and flags == settings.whole:
                data = room.view[start:end]
                if opcode == _TEXT and settings.decode_text:
                    self._deliver_one(str(data, "utf-8"))
                else:
                    self._deliver_one(data.tobytes())
                return
        self._receive_events(count, nbytes)

    def _receive_outside(self, nbytes: int) -> None:
        """Bytes before the opening handshake is complete, or while earlier ones wait; those
        after the end are ignored."""
        if self._state is CONNECTING:
            self._head_received(self._room.view[:nbytes].tobytes())
        elif self._rest is not None:
            self._rest += self._room.view[:nbytes]

    def _receive(self, data: bytes | bytearray) -> None:
        """Bytes that were read before, but not handled. What is in the room is put back: it may
        be bytes of another connection, whose callback has led here."""
        view = self._room.view
        while data:
            now, data = data[:READ], data[READ:]
            kept = view[: len(now)].tobytes()
            view[: len(now)] = now
            try:
                self.buffer_updated(len(now))
            finally:
                view[: len(kept)] = kept

    def _receive_events(self, count: int, nbytes: int) -> None:
        """Handles the `count` events of a call, or the error; then calls for those after them.
        All that is sent meanwhile is written together."""
        room, done, until = self._room, 0, 0.0
        self._joins = AT_END
        try:
            while True:
                if count < 0:
                    self._on_error(count)
                    return
                used = room.consumed.value
                if count:
                    self._handle_events(count, done, used)
                done += used
                if done == nbytes or not self._handle:
                    return
                if self._rest is not None:  # reading was stopped meanwhile
                    self._rest += room.view[done:nbytes]
                    return
                now = monotonic()
                until = until or now + TURN
                if now > until:
                    self._rest = bytearray(room.view[done:nbytes])
                    self._receive_later()
                    return
                count = self._recv(done, nbytes)
        finally:
            self._joins = AT_ONCE
            self._flush()

    def _recv(self, done: int, nbytes: int) -> int:
        """Calls the library for the bytes of the room after the first `done`."""
        room = self._room
        room.handle.value = self._handle
        handle, _, _, *rest = room.recv_args
        at, size = c_void_p(room.start_at + done), c_size_t(nbytes - done)
        return (recv_short if self._deflate is None else recv_long)(handle, at, size, *rest)

    # Events

    def _handle_events(self, count: int, done: int, used: int) -> None:
        """Handles the events in `used` bytes of the room after the first `done`."""
        messages = self._whole_messages(count, done, used)
        if messages is None:
            self._handle_each(count, done, used)
        else:
            self._deliver(messages)

    def _whole_messages(self, count: int, done: int, used: int) -> list[Any] | None:
        """The messages, if all events are whole messages of one kind; else None. It does what
        _handle_each() does, faster."""
        room, settings = self._room, self._settings
        _, _, opcode, flags = _ENTRY_START(room.entries)
        if opcode > _BINARY or flags != settings.whole:
            return None
        (kind,) = KIND(room.entries)
        data = room.view[done : done + used].tobytes()
        entries = PLACE_AND_KIND.iter_unpack(room.entries[: count * ENTRY.size])
        messages = [data[at : at + size] for at, size, each in entries if each == kind]
        if len(messages) < count:
            return None
        if opcode == _TEXT and settings.decode_text:
            return [message.decode() for message in messages]
        return messages

    def _handle_each(self, count: int, done: int, used: int) -> None:
        """Handles events of any kind."""
        room, settings = self._room, self._settings
        entries = list(ENTRY.iter_unpack(room.entries[: count * ENTRY.size]))
        data = b""
        if count > 1 or not entries[0][3] & _COLLECTED:
            data = room.view[done : done + used].tobytes()
        messages: list[Any] = []
        opcode, payload = _TEXT, data
        for start, size, opcode, flags, _, _ in entries:
            if flags & _COLLECTED:  # only the last one can be
                payload = self._collected(count, size)
            else:
                payload = data[start : start + size]
            if opcode <= _BINARY:
                is_text = opcode == _TEXT
                if settings.stream:
                    first = bool(flags & _ffi.EVENT_FIRST)
                    last = bool(flags & _ffi.EVENT_LAST)
                    messages.append(Part(payload, is_text, first, last))
                elif is_text and settings.decode_text:
                    messages.append(payload.decode())
                else:
                    messages.append(payload)
            elif opcode == _PONG:
                self._on_pong(payload)
        if messages:
            self._deliver(messages)
        # A ping or close is the last event of a call: our reply follows those to the messages.
        if opcode == _CLOSE:
            self._on_close(Close(entries[-1][4], payload.decode()), self._output())
        elif opcode > _BINARY and not self._is_write_paused:
            self._put_output()

    def _collected(self, count: int, size: int) -> bytes:
        """The data of the last of `count` events, which is in the library's memory."""
        room = self._room
        entry = c_void_p(room.entries_at + (count - 1) * ENTRY.size)
        room.handle.value = self._handle
        return string_at(event_data(room.handle, None, entry), size) if size else b""

    # Messages

    def _deliver_one(self, message: Any) -> None:
        """Does what _deliver() does for one message, the only one of a read."""
        on_message = self._settings.on_message
        if on_message is None:
            self._enqueue([message])
        elif self._state is OPEN:
            self._joins = AT_END
            try:
                on_message(self, message)
            except Exception as error:
                self._callback_failed(error)
            finally:
                self._joins = AT_ONCE
                if self._out is not None:
                    self._flush()

    def _deliver(self, messages: list[Any]) -> None:
        if self._settings.on_message is None:
            self._enqueue(messages)
        else:
            self._call_back(messages)

    def _enqueue(self, messages: list[Any]) -> None:
        if self._is_read_paused and self._state is not OPEN:
            return  # see _read_to_the_end()
        count = len(messages)
        if self._queue is None:
            messages.reverse()
            self._queue = messages
        else:
            if self._later is None:
                self._later = Later(self._queue)
            self._later.add(messages)
            count = self._queued()
            if self._later.size > self._settings.max_queued:
                self._stop_reading()
        if count > self._settings.high:
            self._stop_reading()
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    def _queued(self) -> int:
        """How many messages wait for recv(), or for on_message."""
        return len(self._queue or ()) + len(self._later or ())

    def _has_room(self) -> bool:
        """Whether so few messages wait that reading goes on."""
        settings = self._settings
        if self._queued() > settings.low:
            return False
        size = memory_of(self._queue or ()) + memory_of(self._later or ())
        return size <= settings.max_queued / 4

    def _call_back(self, messages: list[Any]) -> None:
        """Passes messages to on_message. Those that follow when the peer does not read the
        replies any more wait in the queue."""
        on_message = self._settings.on_message
        assert on_message is not None
        left = iter(messages)
        try:
            for message in left:
                if self._state is not OPEN:
                    return
                on_message(self, message)
                if self._is_write_paused:
                    self._queue = list(left) or None
        except Exception as error:
            self._callback_failed(error)

    def _call_back_again(self) -> None:
        """Passes on the messages that have waited."""
        messages, self._queue = self._queue, None
        if messages is not None:
            self._joins = AT_END
            try:
                self._call_back(messages)
            finally:
                self._joins = AT_ONCE
                self._flush()

    def _callback_failed(self, error: Exception) -> None:
        self.logger.error("connection callback failed", exc_info=True)
        self._fail(CloseCode.INTERNAL_ERROR, "", error)

    # Back-pressure

    def _stop_reading(self) -> None:
        """Handles nothing more, until _read_on() or _read_to_the_end() is called. What has been
        read already, or is read by TLS, waits."""
        self._is_read_paused = True
        if self._state is OPEN:
            self.transport.pause_reading()
            if self._rest is None:
                self._rest = bytearray()

    def _read_on(self) -> None:
        """There is room for messages again."""
        if not self._is_read_paused or self._state is not OPEN or not self._handle:
            return
        self._is_read_paused = False
        self._heard = self._room.tick  # the peer was not silent, we did not listen
        self._receive_rest()

    def _read_to_the_end(self) -> None:
        """Reads on while closing. If the queue is full, further messages are ignored."""
        if self._is_read_paused:
            self._receive_rest()

    def _receive_rest(self) -> None:
        """Handles a piece of the bytes that wait. Reads on if no bytes are left."""
        rest, self._rest = self._rest, None
        if rest and self._handle:
            piece = rest[:PIECE]
            del rest[:PIECE]
            self._receive(piece)
            if self._rest is not None:  # it was stopped again
                self._rest += rest
            elif rest:
                self._rest = rest
                self._receive_later()
        if self._rest is None and not self.transport.is_closing():
            self.transport.resume_reading()

    def _receive_later(self) -> None:
        """Gives the other connections a turn before the bytes that wait are handled."""
        self.transport.pause_reading()
        self._settings.loop.call_soon(self._on_turn, self._rest)

    def _on_turn(self, rest: bytearray | None) -> None:
        """The other connections had a turn. If reading was stopped meanwhile, it is not for us
        to go on; if the bytes are others by now, that has happened."""
        if self._rest is rest and not (self._is_read_paused and self._state is OPEN):
            self._receive_rest()

    def pause_writing(self) -> None:
        """For asyncio: the peer does not read. Callbacks cannot wait for it, so nothing is read
        from it either."""
        super().pause_writing()
        if self._settings.on_message is not None and self._state is OPEN:
            self._stop_reading()

    def resume_writing(self) -> None:
        """For asyncio: the peer has read."""
        super().resume_writing()
        if self._settings.on_message is not None:
            self._call_back_again()
            if not self._is_write_paused:
                self._read_on()
        if self._is_ending:
            self._give_turns(LAST_TURNS, self._queued())

    # Taking messages

    @overload
    async def recv(self, decode: Literal[True]) -> str: ...
    @overload
    async def recv(self, decode: Literal[False]) -> bytes: ...
    @overload
    async def recv(self, decode: bool | None = None) -> str | bytes: ...
    async def recv(self, decode: bool | None = None) -> str | bytes:
        """The next message: a str for a text (bytes if decode_text is off), bytes for a binary
        message. Waits until there is one.

        decode  True: as a str, also a binary message. False: as bytes, also a text.

        To cancel recv() is safe: no message is lost.

        Raises ConnectionClosed once the connection is closed and all messages were taken;
        ConcurrencyError if another task waits in recv(), and inside a message that
        recv_streaming() has begun; InvalidState if the connection has an on_message. A binary
        message that cannot be decoded closes the connection with 1007.
        """
        while self._queue is None:
            await self._arrival()
        message: str | bytes = self._take()
        if self._settings.stream:
            message = await self._assembled(cast(Part, message))
        if decode is None:
            return message
        if isinstance(message, str):
            return message if decode else message.encode()
        return await self._decoded(message) if decode else message

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        """Iterates over the messages, as recv() returns them. Ends when the connection was
        closed normally; otherwise raises ConnectionClosedError."""
        return self

    async def __anext__(self) -> str | bytes:
        try:
            while self._queue is None:
                await self._arrival()
            message: str | bytes = self._take()
            if self._settings.stream:
                message = await self._assembled(cast(Part, message))
        except ConnectionClosedOK:
            raise StopAsyncIteration from None
        return message

    @overload
    def recv_streaming(self, decode: Literal[True]) -> AsyncIterator[str]: ...
    @overload
    def recv_streaming(self, decode: Literal[False]) -> AsyncIterator[bytes]: ...
    @overload
    def recv_streaming(self, decode: bool | None = None) -> AsyncIterator[str | bytes]: ...
    async def recv_streaming(self, decode: bool | None = None) -> AsyncIterator[str | bytes]:
        """Iterates over the parts of the next message, in the order in which they arrive. With
        `stream`, a part is there as soon as its bytes are, in the types of recv(), and a str
        ends on a character boundary; attach no meaning to where a message is split. Without
        `stream`, there is one part, the whole message.

        Iterate to the end. Otherwise recv() and recv_streaming() raise ConcurrencyError from
        then on.

        decode  As for recv().

        Raises as recv() does.
        """
        if not self._settings.stream:
            yield await self.recv(decode)
            return
        part = await self._part(first=True)
        is_str = decode if decode is not None else part.is_text and self._settings.decode_text
        decoder = codecs.getincrementaldecoder("utf-8")()
        is_empty = True
        while True:
            data: str | bytes = part.data
            if is_str:
                data = await self._decoded(part.data, decoder, part.last)
            if data or (part.last and is_empty):
                is_empty = False
                yield data
            if part.last:
                return
            part = await self._part(first=False)

    def _arrival(self) -> asyncio.Future[None]:
        """To be awaited while the queue is empty."""
        if self._waiter is not None and not self._waiter.done():
            raise ConcurrencyError("another task is waiting in recv()")
        if self._settings.on_message is not None:
            raise InvalidState("the messages are passed to on_message")
        self._check_opening()
        if self._state is CLOSED:
            raise self._exception()
        if self._out is not None:
            self._flush()
        self._waiter = waiter = self._settings.loop.create_future()
        return waiter

    def _take(self) -> Any:
        """Takes from the queue, which is not empty."""
        queue = self._queue
        assert queue is not None
        message = queue.pop()
        if not queue:
            queue, self._later = self._later, None
            if queue is not None:
                queue.reverse()
            self._queue = queue
        # An answer can wait for those to the other messages.
        self._joins = AT_ONCE if queue is None else SOON
        if self._is_read_paused and self._has_room():
            self._read_on()
        return message

    async def _part(self, *, first: bool) -> Part:
        """The next part of a message, with `stream`."""
        while self._queue is None:
            await self._arrival()
        if first:
            self._check_first(self._queue[-1])
        part: Part = self._take()
        return part

    async def _assembled(self, part: Part) -> str | bytes:
        """The whole message that begins with this part, which was taken."""
        parts = [part.data]
        try:
            self._check_first(part)
            while not part.last:
                part = await self._part(first=False)
                parts.append(part.data)
        except BaseException:
            if self._queue is None:
                self._queue = []
            is_first = part.first or len(parts) > 1
            self._queue.append(part._replace(data=b"".join(parts), first=is_first))
            raise
        data = b"".join(parts)
        return data.decode() if part.is_text and self._settings.decode_text else data

    def _check_first(self, part: Part) -> None:
        if not part.first:
            raise ConcurrencyError("recv_streaming() has taken only a part of a message")

    async def _decoded(
        self, data: bytes, decoder: codecs.IncrementalDecoder | None = None, last: bool = True
    ) -> str:
        """The text. Closes the connection if it is not UTF-8: the peer has sent it as a binary
        message, but decode=True expects text."""
        try:
            return data.decode() if decoder is None else decoder.decode(data, last)
        except UnicodeDecodeError as error:
            self._fail(CloseCode.INVALID_DATA, "invalid UTF-8", error)
            cause = error
        await self.wait_closed()
        raise self._exception() from cause

    # For the classes below

    def _head_received(self, data: bytes) -> None:
        """Bytes of the opening handshake have arrived."""
        raise NotImplementedError
