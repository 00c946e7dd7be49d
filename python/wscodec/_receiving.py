"""The half of a connection that receives: from bytes to events.

What waits, and why:

- Input waits until an iterator asks for an event, or data_to_send() looks ahead. It is copied
  to a room and processed there, since the library unmasks in place. What one call leaves of it
  is copied once more, to memory of its own, in which later calls continue.
- Events wait if one call reports several, or if data_to_send() has found them.
- Frames that the library sends of its own accord wait while a message before them was not
  taken, or may still be handled: until an iterator is asked for more. So data_to_send() does
  not look past a message.
"""

from __future__ import annotations

from codecs import utf_8_decode
from collections import deque
from collections.abc import Iterator
from ctypes import addressof, c_char

from . import _fast_calls, _ffi
from ._buffers import Data, readable
from ._room import FIRST, LONG, LONG_INFLATE, SIZE, Room, kind_of, rooms, take
from ._sending import Sender
from .deflate import Deflate
from .errors import InvalidState, error_for
from .events import Event, Message, MessagePart, Ping, Pong
from .frame import OPCODES, RSV1, RSV2, RSV3, Opcode
from .text import Close

_RSV = RSV1 | RSV2 | RSV3
_COLLECTED = _ffi.EVENT_COLLECTED
_WHOLE = _ffi.EVENT_FIRST | _ffi.EVENT_LAST | _ffi.EVENT_FRAME_END
_TEXT_MESSAGE = kind_of(_ffi.OPCODE_TEXT, _WHOLE)
_BINARY_MESSAGE = kind_of(_ffi.OPCODE_BINARY, _WHOLE)
_TEXT, _BINARY = Opcode.TEXT, Opcode.BINARY
_TEXT_CODE, _CLOSE = _ffi.OPCODE_TEXT, _ffi.OPCODE_CLOSE
_PING, _PONG = _ffi.OPCODE_PING, _ffi.OPCODE_PONG

_new = tuple.__new__
"""Faster than calling Message, which counts its arguments first."""

_read_first = FIRST.unpack_from

_recv_short, _recv_long = _fast_calls.short("ws_conn_recv"), _fast_calls.long("ws_conn_recv")
_finish = _fast_calls.declared("ws_conn_finish")

_NO_EVENTS: deque[Event] = deque()
"""Shared by all connections without events that wait, and never filled."""


class _Rest:
    """Input that is processed in its own memory, in several calls."""

    __slots__ = ("_kept", "at", "view")

    def __init__(self, data: Data) -> None:
        self.view = memoryview(bytearray(data))
        self._kept = c_char.from_buffer(self.view)
        self.at = addressof(self._kept)

    def drop(self, size: int) -> None:
        """Drops the first bytes."""
        self.view = self.view[size:]
        self.at += size


class Receiver(Sender):
    """Processes input, and keeps what waits."""

    __slots__ = (
        "_cut",
        "_decodes",
        "_error",
        "_events",
        "_fits",
        "_input",
        "_is_over",
        "_later",
        "_long_from",
        "_owes_replies",
    )

    def _start_receiving(self) -> None:
        self._input: bytes | _Rest | None = None
        self._later: deque[bytes] | None = None  # input that follows
        self._events = _NO_EVENTS
        # Whether texts are yielded as str: messages, or with `stream` the parts.
        by_default = self._decode_text is None and not self._stream
        self._decodes = self._check_utf8 and (by_default or self._decode_text is True)
        self._fits = SIZE  # most bytes of input that are copied to a room
        self._long_from = LONG  # bytes of input from which the call gives up the GIL
        self._cut = b""  # the start of a character, from the last part of a text
        self._error = 0  # the final one, or 0
        self._is_over = False  # input is ignored: a close was found, or an error
        # A message was found, and no iterator has ended since: replies to it may follow.
        self._owes_replies = False

    def free(self) -> None:
        super().free()
        self._drop_input()
        self._events = _NO_EVENTS
        self._error, self._is_over = 0, True

    def _agree(self, deflate: Deflate | None) -> None:
        super()._agree(deflate)
        if deflate is not None:
            self._fits, self._long_from = LONG_INFLATE - 1, LONG_INFLATE

    def _drop_input(self) -> None:
        self._input = self._later = None

    def receive_data(self, data: Data) -> Iterator[Event]:
        """Accepts bytes from the peer; the iterator yields the events in them.

        The input is processed while you iterate, so that a message you send for an event
        precedes the pong to a later ping and the reply to a later close. So iterate, and send
        while you do. If you stop early, the next call's iterator yields the remaining events
        first: nothing is lost. `data` is copied.

        After a Close, all input is ignored.

        The iterator raises an error after the events before it: ProtocolError, or NoMemory.
        data_to_send() then returns the close frame that reports it; you may call close() with a
        reason of your own instead. Every later iterator raises the same error. (NoRandomness,
        of a client that cannot mask a pong, changes nothing: the next iterator continues.)

        Raises TypeError for anything but a bytes-like object.
        """
        if type(data) is not bytes:
            data = readable(data)
        if data and not self._is_over:
            if self._input is None:
                self._input = data
            elif self._later is None:
                self._later = deque((data,))
            else:
                self._later.append(data)
        elif not self._handle:
            self._freed()
        return self._hand_out()

    def events(self) -> Iterator[Event]:
        """The events that no iterator has yielded yet, like the result of receive_data(): for
        programs that receive in one place and handle events in another."""
        if not self._handle:
            self._freed()
        return self._hand_out()

    @property
    def _is_drained(self) -> bool:
        """Whether nothing is left for an iterator: neither events, nor input, nor an error."""
        return self._input is None and not self._events and not self._error

    def _hand_out(self) -> Iterator[Event]:
        while True:
            if self._events:  # shared by all iterators
                yield self._events.popleft()
            elif self._input is not None:
                if self._may_speak:
                    self._collect()
                event = self._process()
                if event is not None:
                    yield event
            else:
                break
        if self._events is not _NO_EVENTS:
            self._events = _NO_EVENTS
        self._owes_replies = False
        if self._may_speak or not self._is_open:
            self._end_of_events()

    def _end_of_events(self) -> None:
        """Raises the final error, if there is one. Collects the pong to a last ping. The reply
        to a close waits for data_to_send(), since messages may be sent before it."""
        if self._error:
            raise error_for(self._error)
        if not self._handle:
            self._freed()
        if self._may_speak and not self._is_over:
            self._collect()

    def _look_ahead(self) -> None:
        """Collects the frames that are due. Processes input over which nobody has iterated, as
        far as no message is found to which replies may follow."""
        while True:
            if self._may_speak and not (self._owes_replies and self._events):
                self._collect()
            if self._owes_replies or self._input is None:
                return
            event = self._process()
            if event is not None:
                self._keep([event])

    def _keep(self, events: list[Event]) -> None:
        """Keeps events for an iterator."""
        if self._events is _NO_EVENTS:
            self._events = deque(events)
        else:
            self._events.extend(events)

    def _process(self) -> Event | None:
        """Processes input by one call of the library. Returns the event if it is the only one,
        and keeps several; keeps the error."""
        data = self._input
        if type(data) is not bytes or len(data) > self._fits:
            return self._process_in_place()
        size = len(data)
        try:
            room = rooms.pop()
        except IndexError:
            room = Room()
        try:
            view = room.view
            view[:size] = data
            room.handle.value = self._handle
            room.len.value = size
            count = _recv_short(*room.recv_args)
            used, off, length, kind = _read_first(room.entries)
            if count == 1 and used == size:
                self._input = None if self._later is None else self._next_input()
                if kind == _BINARY_MESSAGE and not self._stream:
                    self._owes_replies = True
                    payload = view[off : off + length].tobytes()
                    return _new(Message, (payload, _BINARY, 0))
                if kind == _TEXT_MESSAGE and self._decodes and not self._stream:
                    self._owes_replies = True
                    text = str(view[off : off + length], "utf-8")
                    return _new(Message, (text, _TEXT, 0))
            elif count < 0:
                self._fail(count)
                return None
            elif used == size:
                self._input = self._next_input()
            else:
                self._input = _Rest(view[used:size])
            return self._take(room, view, count)
        finally:
            rooms.append(room)

    def _process_in_place(self) -> Event | None:
        """The same for input that is long, or of which a call has left a rest."""
        rest = self._input
        if not isinstance(rest, _Rest):
            self._input = rest = _Rest(rest or b"")
        view, size = rest.view, len(rest.view)
        room = take()
        try:
            room.handle.value, room.len.value = self._handle, size
            recv = _recv_short if size < self._long_from else _recv_long
            count = recv(*room.in_place(rest.at))
            if count < 0:
                self._fail(count)
                return None
            used = room.used
            if used == size:
                self._input = self._next_input()
            else:
                rest.drop(used)
            return self._take(room, view, count)
        finally:
            rooms.append(room)

    def _next_input(self) -> bytes | None:
        return self._later.popleft() if self._later else None

    def _fail(self, error: int) -> None:
        self._error = error
        self._end_input()

    def _take(self, room: Room, view: memoryview, count: int) -> Event | None:
        """Returns the event of a call if it is the only one, and keeps several."""
        if count < 2:
            for off, size, opcode, flags, code in room.events(count):
                if flags & _COLLECTED:
                    content = room.collected(1, size)
                else:
                    content = view[off : off + size].tobytes()
                return self._event(content, opcode, flags, code)
            return None
        events: list[Event] = []
        data = view[: room.used].tobytes()
        has_messages, decodes = not self._stream, self._decodes
        for off, size, opcode, flags, code in room.events(count):
            content = data[off : off + size]
            if flags == _WHOLE and opcode < _CLOSE and has_messages:
                self._owes_replies = True
                decoded = content.decode() if opcode == _TEXT_CODE and decodes else content
                events.append(_new(Message, (decoded, OPCODES[opcode], 0)))
                continue
            if flags & _COLLECTED:  # only the last event can be
                content = room.collected(count, size)
            events.append(self._event(content, opcode, flags, code))
        self._keep(events)
        return None

    def _event(self, data: bytes, opcode: int, flags: int, code: int) -> Event:
        if opcode < _CLOSE:
            self._owes_replies = True
            if self._stream:
                return self._part(data, opcode, flags)
            rsv = flags & _RSV
            is_text = opcode == _TEXT_CODE and self._decodes and not rsv
            return _new(Message, (data.decode() if is_text else data, OPCODES[opcode], rsv))
        if opcode == _PONG:
            return Pong(data)
        if opcode == _PING:
            self._may_speak = True
            return Ping(data)
        self._end_input()
        return Close(code, data.decode())

    def _part(self, data: bytes, opcode: int, flags: int) -> MessagePart:
        content: str | bytes = data
        last, rsv = bool(flags & _ffi.EVENT_LAST), flags & _RSV
        if opcode == _TEXT_CODE and self._decodes and not rsv:
            content = self._decode_part(data, last)
        first, frame_end = bool(flags & _ffi.EVENT_FIRST), bool(flags & _ffi.EVENT_FRAME_END)
        kind = OPCODES[opcode]
        assert kind is not None
        return MessagePart(content, kind, first, last, frame_end, rsv)

    def _decode_part(self, data: bytes, last: bool) -> str:
        """The whole characters. Keeps the start of the one that the part cuts."""
        data = self._cut + data
        content, used = utf_8_decode(data, "strict", last)
        self._cut = data[used:]
        return content

    def _end_input(self) -> None:
        """A close was found, or an error: what follows is ignored."""
        self._is_over = self._may_speak = True
        self._drop_input()
        self._is_ending()

    def finish(self) -> None:
        """Tells the connection that the peer's stream has ended. Bytes that are already in
        data_to_send() stay there.

        Raises UnexpectedEof if no close has arrived; the error that was raised before, if any;
        InvalidState if there is input that you did not iterate over.
        """
        handle = self._handle or self._freed()
        if self._events or self._input is not None:
            raise InvalidState("there are events left: iterate over receive_data() first")
        result = _finish(handle)
        self._is_ending()
        if result < 0:
            self._error, self._is_over = result, True
            raise error_for(result)
