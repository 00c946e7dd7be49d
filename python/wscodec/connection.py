"""A connection after its opening handshake: messages, pings, the closing handshake, limits,
compression.

Bytes come in with receive_data(), which hands out events; what is said in return, by you or by
the connection itself, comes out of data_to_send(), in the order of the wire:

    for event in conn.receive_data(data):
        if isinstance(event, Message):
            conn.send(event.opcode, event.data)
    socket.sendall(conn.data_to_send())
"""

from __future__ import annotations

import enum
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from ctypes import (
    addressof,
    byref,
    c_char,
    c_size_t,
    c_uint64,
    c_void_p,
    create_string_buffer,
    pointer,
    sizeof,
    string_at,
)
from struct import Struct
from typing import NamedTuple, NoReturn, Union

from . import _ffi
from ._buffers import Data, in_range, readable, text
from ._ffi import lib
from .deflate import Deflate, deflate_of, pmd_params
from .errors import InvalidArgument, InvalidState, NoMemory, check, error_for
from .frame import OPCODES, Opcode, Side
from .handshake import Headers, header_lines, select_protocol
from .text import Close, CloseCode

MAX_MESSAGE = 1 << 20
"""Longest message, in bytes, unless it is said otherwise."""

COMPRESS_FROM = 1024
"""Shortest message, in bytes, that is compressed, unless it is said otherwise."""


class Message(NamedTuple):
    """A whole message."""

    data: str | bytes
    """str for a text, bytes for a binary; bytes for both if check_utf8 is off."""
    opcode: Opcode
    """Opcode.TEXT or Opcode.BINARY: conn.send(message.opcode, message.data) is an echo."""


class MessagePart(NamedTuple):
    """A piece of a message, with `stream`. How a message falls into pieces means nothing."""

    data: bytes
    """Its bytes, of a text too: a piece may end inside a character. May be empty."""
    opcode: Opcode
    """Opcode.TEXT or Opcode.BINARY, the same for all pieces of a message."""
    first: bool
    """Whether the message starts with this piece."""
    last: bool
    """Whether the message ends with this piece."""


class Ping(NamedTuple):
    """A ping. Its pong is on its way, unless auto_pong is off or a close was sent."""

    data: bytes
    """At most 125 bytes."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ping) and self.data == other.data

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((Ping, self.data))


class Pong(NamedTuple):
    """A pong, asked for or not."""

    data: bytes
    """At most 125 bytes."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pong) and self.data == other.data

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((Pong, self.data))


Event = Union[Message, MessagePart, Ping, Pong, Close]
"""What receive_data() hands out. A Close is the last."""


class State(enum.IntEnum):
    """How far a connection has come, as far as its events were handed out.

    CLOSED or FAILED: send what data_to_send() gives; then shut down your sending side, read
    and discard until the peer hangs up or your timer fires, and close the socket (RFC 6455,
    7.1.1). Closing it at once can destroy the close frame on its way. A client gives the
    server a moment to close first.
    """

    OPEN = _ffi.STATE_OPEN
    """Messages go both ways."""
    CLOSING = _ffi.STATE_CLOSING
    """A close was sent, or has arrived."""
    CLOSED = _ffi.STATE_CLOSED
    """A close has arrived, and data_to_send() has given ours."""
    FAILED = _ffi.STATE_FAILED
    """An error was raised."""


_ENTRIES = 256
_ENTRY = Struct(_ffi.EVENT)

# Without declared arguments, like the decoder's: ctypes then takes C objects as they are.
_recv = lib["ws_conn_recv"]
_recv.restype = _ffi.c_result
_output = lib["ws_conn_output"]
_output.restype = _ffi.c_result


class _Room:
    """Memory for one call of the library: its arguments and what it fills."""

    def __init__(self) -> None:
        self.entries = memoryview(bytearray(_ENTRIES * _ENTRY.size))
        self.kept = c_char.from_buffer(self.entries)
        self.handle = c_void_p()
        self.at = c_void_p()
        self.len = c_size_t()
        self.entries_at = c_void_p(addressof(self.kept))
        self.entries_len = c_size_t(_ENTRIES)
        self.consumed = c_size_t()
        self.consumed_at = byref(self.consumed)
        self.output = bytearray(_ffi.MAX_OUTPUT)
        self.output_kept = c_char.from_buffer(self.output)
        self.output_at = c_void_p(addressof(self.output_kept))
        self.output_len = c_size_t(_ffi.MAX_OUTPUT)


# Who calls takes one, or makes it, and brings it back, as with the decoder's.
_rooms: list[_Room] = []


def _room() -> _Room:
    try:
        return _rooms.pop()
    except IndexError:
        return _Room()


class Connection:
    """One connection, of either side. One thread at a time.

    The library's memory for it is given back when the object is collected, or at once by
    free() or the end of a `with`; then everything raises InvalidState.
    """

    __slots__ = (
        "__weakref__",
        "_check_utf8",
        "_compress_from",
        "_deflate",
        "_done",
        "_events",
        "_finalizer",
        "_handle",
        "_input",
        "_input_len",
        "_is_over",
        "_out",
        "_protocol",
        "_stream",
    )

    def __init__(
        self,
        side: Side,
        *,
        deflate: Deflate | None = None,
        compress_from: int = COMPRESS_FROM,
        max_message: int = MAX_MESSAGE,
        stream: bool = False,
        auto_pong: bool = True,
        check_utf8: bool = True,
        keep_buffer: int = 0,
    ) -> None:
        """
        side           The side that you are.
        deflate        The compression that was agreed on, from deflate_confirm() or
                       deflate_accept(); None for none.
        compress_from  Messages of fewer bytes than these (1024) are sent uncompressed. What
                       is sent in pieces is compressed, however long it gets.
        max_message    Messages of more bytes, decompressed, are TooBig; 0 for no limit.
        stream         Hand out a MessagePart as it arrives, collect nothing.
        auto_pong      Answer pings.
        check_utf8     Incoming text must be UTF-8: InvalidUtf8 at the first wrong byte.
        keep_buffer    Bytes of memory to keep between messages that come in pieces.

        Raises InvalidArgument for another side, and for numbers that are not in
        0 ... 2**64 - 1; Unsupported for `deflate` if the library cannot compress; NoMemory.
        """
        if side not in (Side.SERVER, Side.CLIENT):
            raise InvalidArgument(f"{side!r} is no side")
        handle = lib.ws_conn_new(side, None)
        if handle is None:
            raise NoMemory()
        self._take(
            handle, compress_from, max_message, stream, auto_pong, check_utf8, keep_buffer
        )
        if deflate is not None:
            check(lib.ws_conn_set_pmd(handle, byref(pmd_params(deflate))))
        self._deflate = deflate

    @classmethod
    def accept(
        cls,
        head: Data,
        *,
        protocols: str | Iterable[str] = (),
        headers: Headers = (),
        deflate: Deflate | None = None,
        compress_from: int = COMPRESS_FROM,
        max_message: int = MAX_MESSAGE,
        stream: bool = False,
        auto_pong: bool = True,
        check_utf8: bool = True,
        keep_buffer: int = 0,
    ) -> tuple[Connection | None, bytes]:
        """Server: answers a request. Returns a connection, and the bytes to send first; what
        follows the head in what you read is for its receive_data().

        (None, b"")    The head is not complete; come again with more.
        (None, reply)  It is not acceptable: send the reply, then close.

        head       It may be followed by other bytes.
        protocols  The subprotocols that you speak, in your order of preference, one by one
                   or as "chat, superchat". conn.protocol says which was chosen.
        headers    Further fields of the answer.
        deflate    How you are willing to compress: see deflate_accept(). None: not at all.
                   conn.deflate says what was agreed on.

        The others are those of Connection(). An ordinary request (it is refused here) and the
        Origin are for you to look at before: see parse_handshake() and origin_allowed().

        Raises InvalidArgument as build_response() does and for `protocols` that are no
        tokens; Unsupported and NoMemory as Connection() does.
        """
        head, lines = readable(head), header_lines(headers)
        if not isinstance(protocols, str):
            protocols = ", ".join(protocols)
        list_ = text(protocols)
        spec = _ffi.AcceptSpec(_ffi.Bytes(list_, len(list_)), _ffi.Bytes(lines, len(lines)))
        if deflate is not None:
            spec.pmd = pointer(pmd_params(deflate))
        handle = c_void_p()
        out = create_string_buffer(_ffi.MAX_REPLY + len(list_) + len(lines))
        size = check(
            lib.ws_conn_accept(
                head, len(head), byref(spec), sizeof(spec), byref(handle), out, sizeof(out)
            )
        )
        if handle.value is None:
            return None, out.raw[:size]
        conn = cls.__new__(cls)
        conn._take(
            handle.value, compress_from, max_message, stream, auto_pong, check_utf8, keep_buffer
        )
        conn._deflate = None if deflate is None else _agreed(handle.value)
        if protocols:
            conn._protocol = select_protocol(head, protocols)
        return conn, out.raw[:size]

    def _take(
        self,
        handle: int,
        compress_from: int,
        max_message: int,
        stream: bool,
        auto_pong: bool,
        check_utf8: bool,
        keep_buffer: int,
    ) -> None:
        """Begins, as the owner of a fresh handle."""
        self._handle = handle
        self._finalizer = weakref.finalize(self, lib.ws_conn_free, handle)
        self._input: c_char | None = None  # where what is left of the input starts
        self._input_len = 0
        self._done = 0  # bytes of the input
        self._events: deque[Event] = deque()  # that were not handed out yet
        self._is_over = False  # a Close is, or was, the last of the events
        self._out: list[bytes | bytearray] = []
        self._protocol: str | None = None
        self._stream, self._check_utf8 = bool(stream), bool(check_utf8)
        self._set(_ffi.OPT_STREAM, self._stream)
        self._set(_ffi.OPT_CHECK_UTF8, self._check_utf8)
        self.compress_from = compress_from
        self.max_message = max_message
        self.auto_pong = auto_pong
        self.keep_buffer = keep_buffer

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a connection cannot be copied")

    def free(self) -> None:
        """Gives the library's memory back. May be called again."""
        self._handle, self._input = 0, None
        self._events.clear()
        self._out.clear()
        self._finalizer()

    def _freed(self) -> NoReturn:
        raise InvalidState("the connection was freed")

    # What it is

    @property
    def state(self) -> State:
        """How far it has come. FAILED once an error was raised, CLOSED only after
        data_to_send()."""
        state = lib.ws_conn_state(self._handle or self._freed())
        if self._events and self._is_over:  # the library is ahead of us by a Close
            state -= 1
        return State(state)

    @property
    def protocol(self) -> str | None:
        """The subprotocol that accept() chose; None if it chose none."""
        return self._protocol

    @property
    def deflate(self) -> Deflate | None:
        """The compression that was agreed on; None if there is none."""
        return self._deflate

    @property
    def compress_from(self) -> int:
        """Messages of fewer bytes are sent uncompressed. May be set."""
        return self._compress_from

    @compress_from.setter
    def compress_from(self, value: int) -> None:
        self._compress_from = in_range("compress_from", value, 2**64)

    @property
    def stream(self) -> bool:
        """Whether messages are handed out in parts."""
        return self._stream

    @property
    def check_utf8(self) -> bool:
        """Whether incoming text must be UTF-8."""
        return self._check_utf8

    @property
    def max_message(self) -> int:
        """Messages of more bytes, decompressed, are TooBig; 0 for no limit. May be set."""
        return self._get(_ffi.OPT_MAX_MESSAGE)

    @max_message.setter
    def max_message(self, value: int) -> None:
        self._set(_ffi.OPT_MAX_MESSAGE, in_range("max_message", value, 2**64))

    @property
    def auto_pong(self) -> bool:
        """Whether pings are answered. May be set."""
        return bool(self._get(_ffi.OPT_AUTO_PONG))

    @auto_pong.setter
    def auto_pong(self, value: bool) -> None:
        self._set(_ffi.OPT_AUTO_PONG, bool(value))

    @property
    def keep_buffer(self) -> int:
        """Bytes of memory to keep between messages that come in pieces. May be set."""
        return self._get(_ffi.OPT_KEEP_BUFFER)

    @keep_buffer.setter
    def keep_buffer(self, value: int) -> None:
        self._set(_ffi.OPT_KEEP_BUFFER, in_range("keep_buffer", value, 2**64))

    def _get(self, option: int) -> int:
        value = c_uint64()
        check(lib.ws_conn_get(self._handle or self._freed(), option, byref(value)))
        return value.value

    def _set(self, option: int, value: int) -> None:
        check(lib.ws_conn_set(self._handle or self._freed(), option, value))

    # What comes

    def receive_data(self, data: Data) -> Iterator[Event]:
        """Takes what came from the peer; the iterator hands out the events in it.

        The input is worked off while you iterate, so that what you send for an event comes
        before the pong to a later ping and before the answer to a later close. So do iterate,
        and send as you do. What you leave, the next call's iterator hands out first: nothing
        is lost if you stop. `data` is copied.

        After a Close, whatever comes is ignored.

        The iterator raises an error where it stands in the stream, after the events before
        it: ProtocolError, or NoMemory. The close frame that tells the peer waits in
        data_to_send(); instead of it you may close() with words of your own. From then on
        every iterator raises the same error.
        """
        if not self._handle:
            self._freed()
        view = memoryview(data)
        if not self._is_over and view.nbytes:
            if self._input is None:
                buffer = bytearray(view)
            else:
                buffer = bytearray(string_at(addressof(self._input) + self._done, self._left))
                buffer += view.tobytes()
            self._input = c_char.from_buffer(buffer)
            self._input_len, self._done = len(buffer), 0
        return self._hand_out()

    def events(self) -> Iterator[Event]:
        """The events that no iterator has handed out yet: what receive_data() returns, for
        who keeps receiving and handling apart."""
        if not self._handle:
            self._freed()
        return self._hand_out()

    @property
    def _left(self) -> int:
        return self._input_len - self._done

    def _hand_out(self) -> Iterator[Event]:
        events = self._events  # which others may take from, too
        while True:
            while events:
                yield events.popleft()
            if not self._fetch():
                return

    def _fetch(self) -> bool:
        """Works off more of the input. Whether there are events."""
        if not self._handle:
            self._freed()
        if self._is_over:
            return False
        self._collect()
        room = _room()
        room.handle.value = self._handle
        room.at.value = None if self._input is None else addressof(self._input) + self._done
        room.len.value = self._left
        count = _recv(
            room.handle,
            room.at,
            room.len,
            room.entries_at,
            room.entries_len,
            room.consumed_at,
        )
        for at, length, opcode, flags, code, _ in _ENTRY.iter_unpack(
            room.entries[: max(count, 0) * _ENTRY.size]
        ):
            data = string_at(at, length) if length else b""
            self._events.append(self._event(data, opcode, flags, code))
        self._done += room.consumed.value
        _rooms.append(room)
        if count <= 0 or self._is_over:
            self._input, self._input_len, self._done = None, 0, 0
        if count < 0:
            raise error_for(count)
        return bool(count)

    def _event(self, data: bytes, opcode: int, flags: int, code: int) -> Event:
        if opcode == _ffi.OPCODE_PING:
            return Ping(data)
        if opcode == _ffi.OPCODE_PONG:
            return Pong(data)
        if opcode == _ffi.OPCODE_CLOSE:
            self._is_over = True
            return Close(code, data.decode())
        kind = OPCODES[opcode]
        assert kind is not None
        if self._stream:
            first, last = bool(flags & _ffi.EVENT_FIRST), bool(flags & _ffi.EVENT_LAST)
            return MessagePart(data, kind, first, last)
        is_text = self._check_utf8 and opcode == _ffi.OPCODE_TEXT
        return Message(data.decode() if is_text else data, kind)

    def finish(self) -> None:
        """Tells it that the peer will send nothing more. What is in data_to_send() already
        stays there.

        Raises UnexpectedEof if no close has come; the error that was raised before, if there
        was one; InvalidState if there is input that you did not iterate over.
        """
        handle = self._handle or self._freed()
        if self._events or self._input is not None:
            raise InvalidState("there are events left: iterate over receive_data() first")
        check(lib.ws_conn_finish(handle))

    # What goes

    def data_to_send(self) -> bytes:
        """All bytes that wait to be sent, in their order; b"" if there are none. They are
        yours then."""
        if not self._handle:
            self._freed()
        if not self._events:  # else it has spoken of events that you have not seen
            self._collect()
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def _collect(self) -> None:
        """What the connection itself has to say."""
        room = _room()
        room.handle.value = self._handle or self._freed()
        size = _output(room.handle, room.output_at, room.output_len)
        if size > 0:
            self._out.append(room.output[:size])
        _rooms.append(room)
        check(size)

    def send_text(
        self, text: str | Data, *, more: bool = False, compress: bool | None = None
    ) -> None:
        """Sends a text message, or a piece of one. Bytes must be UTF-8, which is not checked.

        more      Further pieces of this message follow.
        compress  Whether to compress the message, if compression was agreed on; said with
                  its first piece. None: as compress_from has it.

        Raises InvalidState after a close, and inside a message of the other kind;
        InvalidArgument for a str that cannot be UTF-8.
        """
        self.send(Opcode.TEXT, text, more=more, compress=compress)

    def send_bytes(
        self, data: Data, *, more: bool = False, compress: bool | None = None
    ) -> None:
        """Sends a binary message, or a piece of one, like send_text()."""
        self.send(Opcode.BINARY, data, more=more, compress=compress)

    def ping(self, data: Data = b"") -> None:
        """Sends a ping of at most 125 bytes, also between the pieces of a message.

        Raises InvalidArgument if there are more, InvalidState after a close.
        """
        self.send(Opcode.PING, data)

    def pong(self, data: Data = b"") -> None:
        """Sends a pong, like ping(): unasked, or because auto_pong is off."""
        self.send(Opcode.PONG, data)

    def send(
        self,
        opcode: int,
        data: str | Data = b"",
        *,
        more: bool = False,
        compress: bool | None = None,
    ) -> None:
        """Any of these: opcode is TEXT, BINARY, PING or PONG. A str is for TEXT."""
        payload = _payload(opcode, data)
        handle = self._handle or self._freed()
        flags = _ffi.SEND_MORE if more else 0
        if compress is None:
            compress = more or len(payload) >= self._compress_from
        if not compress:
            flags |= _ffi.SEND_PLAIN
        size = lib.ws_conn_send_bound(handle, len(payload))
        out = bytearray(size)
        start = addressof(c_char.from_buffer(out))
        opcode = in_range("opcode", opcode, 16)
        written = check(
            lib.ws_conn_send(handle, opcode, flags, payload, len(payload), start, size)
        )
        self._out.append(out if written == size else out[:written])

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Sends a close frame: it starts the closing handshake, or is your answer to the
        peer's in place of the connection's own. Messages that are still arriving are handed
        out as before. Does nothing if a close was sent already.

        code    One for which close_code_valid() is true, or CloseCode.NO_STATUS for none.
        reason  At most 123 bytes of UTF-8; empty with NO_STATUS.

        Raises InvalidArgument for anything else.
        """
        handle = self._handle or self._freed()
        code = in_range("code", code, 2**16)
        said = reason.encode("utf-8", "surrogatepass")  # which the library refuses
        out = create_string_buffer(_ffi.MAX_OUTPUT)
        size = check(lib.ws_conn_close(handle, code, said, len(said), out, sizeof(out)))
        if size:
            self._out.append(out.raw[:size])


def _agreed(handle: int) -> Deflate | None:
    params = _ffi.PmdParams()
    on = check(lib.ws_conn_get_pmd(handle, byref(params)))
    return deflate_of(params) if on else None


def _payload(opcode: int, data: str | Data) -> bytes:
    if isinstance(data, bytes):
        return data
    if not isinstance(data, str):
        return bytes(memoryview(data))
    if opcode != Opcode.TEXT:
        raise InvalidArgument("a str can only be sent as text")
    try:
        return data.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument("the text has surrogates, so it cannot be UTF-8") from error
