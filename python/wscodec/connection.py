"""A connection after its opening handshake: messages, pings, the closing handshake, limits,
compression.

Bytes come in with receive_data(), which hands out events. What is sent in return, by you or by
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
    memmove,
    pointer,
    sizeof,
    string_at,
)
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypedDict, Union

from . import _ffi
from ._buffers import Data, bytes_of, in_range, optional, readable, span, text
from ._ffi import lib
from .control import Random
from .deflate import Deflate, deflate_of, pmd_params
from .errors import (
    HandshakeStatus,
    InvalidArgument,
    InvalidState,
    NoMemory,
    NotUpgrade,
    WsError,
    check,
    error_for,
)
from .frame import OPCODES, RSV1, RSV2, RSV3, Opcode, Side
from .handshake import Headers, Response, header_lines, parse_handshake, response_of
from .text import Close, CloseCode

if TYPE_CHECKING:
    from typing_extensions import Unpack

MAX_MESSAGE = 1 << 20
"""Default limit on a message, in bytes."""

COMPRESS_FROM = 1024
"""Length in bytes from which a message is compressed, by default."""


class Message(NamedTuple):
    """A whole message."""

    data: str | bytes
    """str for a text, bytes for a binary; bytes for a text that was not checked, since
    check_utf8 is off or it has reserved bits."""
    opcode: Opcode
    """Opcode.TEXT or Opcode.BINARY: conn.send(message.opcode, message.data) is an echo."""
    rsv: int = 0
    """Those of RSV1, RSV2, RSV3 that it came with, where allow_rsv let them pass."""


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
    frame_end: bool
    """Whether a frame ends with this piece. Each has exactly one, if need be an empty one."""
    rsv: int = 0
    """The reserved bits of the message, as for Message."""


class Ping(NamedTuple):
    """A ping. Its pong is on its way, unless auto_pong is off."""

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
    """A close has arrived, and data_to_send() has given ours, or close() was called."""
    FAILED = _ffi.STATE_FAILED
    """An error was raised."""


class Options(TypedDict, total=False):
    """The options of a connection; see Connection."""

    compress_from: int
    max_message: int
    max_frame: int
    stream: bool
    auto_pong: bool
    auto_close: bool
    check_utf8: bool
    any_mask: bool
    allow_rsv: int
    keep_buffer: int
    random: Random | None


class _Accepted(NamedTuple):
    connection: Connection | None
    reply: bytes


class Accepted(_Accepted):
    """What Connection.accept() makes of a request, a pair: the connection, None if there is
    none; and the bytes to send first, b"" if the head is not complete. Besides it knows:"""

    error: WsError | None = None
    """Why the request was refused; a NotUpgrade has the ordinary request."""
    head_len: int = 0
    """Length of the head: the first frames start there. 0 if it is not complete, and with
    HttpSyntax and HttpTooLarge."""


_ENTRIES = 256
_ENTRY = Struct(_ffi.EVENT)
_RSV = RSV1 | RSV2 | RSV3
_COLLECTED = _ffi.EVENT_COLLECTED
_TEXT, _CLOSE = _ffi.OPCODE_TEXT, _ffi.OPCODE_CLOSE
_PING, _PONG = _ffi.OPCODE_PING, _ffi.OPCODE_PONG

new_message = tuple.__new__
"""Faster than calling Message, which counts its arguments first."""

# Without declared arguments, like the decoder's: ctypes then takes C objects as they are.
_recv = lib["ws_conn_recv"]
_recv.restype = _ffi.c_result
_output = lib["ws_conn_output"]
_output.restype = _ffi.c_result


class _Input(NamedTuple):
    """What one receive_data() brought."""

    at: int
    """Where it lies."""
    len: int
    """How much it is, in bytes."""
    kept: c_char
    """Keeps it there."""


class _Room:
    """Memory for one call of the library: its arguments and what it fills."""

    def __init__(self) -> None:
        self.entries = memoryview(bytearray(_ENTRIES * _ENTRY.size))
        self.kept = c_char.from_buffer(self.entries)
        self.handle = c_void_p()
        self.at = c_void_p()
        self.len = c_size_t()
        self.entries_start = addressof(self.kept)
        self.entries_at = c_void_p(self.entries_start)
        self.entries_len = c_size_t(_ENTRIES)
        self.consumed = c_size_t()
        self.consumed_at = byref(self.consumed)
        self.output = bytearray(_ffi.MAX_OUTPUT)
        self.output_kept = c_char.from_buffer(self.output)
        self.output_at = c_void_p(addressof(self.output_kept))
        self.output_len = c_size_t(_ffi.MAX_OUTPUT)

    def last_entry(self, count: int) -> int:
        """Where the last of so many entries lies."""
        return self.entries_start + (count - 1) * _ENTRY.size


# A caller takes one, or makes it, and brings it back, as with the decoder's.
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

    Its options, here and for accept() and confirm():

    compress_from  Messages of fewer bytes than these (1024) are sent uncompressed. What is
                   sent in pieces is compressed, however long it gets.
    max_message    Messages of more bytes (1 MiB), decompressed, are TooBig; 0 for no limit.
    max_frame      Data frames whose header announces more bytes (compressed, if they are)
                   are TooBig. Default: 0, no limit.
    stream         Hand out a MessagePart as it arrives, collect nothing. Default: False.
    auto_pong      Answer pings. Default: True.
    auto_close     Answer the peer's close, and tell it of an error. Default: True. Else you
                   do so, once, with close(), and data_to_send() has pongs alone beside what
                   you send. Until then send() works.
    check_utf8     Incoming text must be UTF-8: InvalidUtf8 at the first wrong byte. Default:
                   True.
    any_mask       Accept masked and unmasked frames. A client's own are masked as always.
                   Default: False.
    allow_rsv      Those of RSV1, RSV2, RSV3 that may be set on the first frame of a message,
                   for an extension of your own. Such a message is handed out as it came, and
                   send() takes the same bits. Not together with compression. Default: 0.
    keep_buffer    Bytes of memory to keep between messages that come in pieces. Default: 0.
    random         Where a client's masking keys come from, instead of the operating system:
                   called with a number of bytes (256), it returns as many that the peer
                   cannot foresee. If it raises, so does send(): NoRandomness.

    Numbers that are not in 0 ... 2**64 - 1 are InvalidArgument.
    """

    __slots__ = (
        "__weakref__",
        "_allow_rsv",
        "_any_mask",
        "_auto_close",
        "_check_utf8",
        "_deflate",
        "_done",
        "_events",
        "_finalizer",
        "_handle",
        "_input",
        "_is_over",
        "_may_speak",
        "_out",
        "_protocol",
        "_random",
        "_stream",
    )

    def __init__(
        self, side: Side, *, deflate: Deflate | None = None, **options: Unpack[Options]
    ) -> None:
        """
        side     The side that you are.
        deflate  The compression that was agreed on, from deflate_confirm() or
                 deflate_accept(); None for none.

        Raises InvalidArgument for another side; Unsupported for `deflate` if the library
        cannot compress; InvalidState for `deflate` and `allow_rsv` together; NoMemory.
        """
        if side not in (Side.SERVER, Side.CLIENT):
            raise InvalidArgument(f"{side!r} is no side")
        _check_together(deflate, options)
        handle = lib.ws_conn_new(side, None)
        if handle is None:
            raise NoMemory()
        self._take(handle, **options)
        if deflate is not None:
            check(lib.ws_conn_set_pmd(handle, byref(pmd_params(deflate))))
        self._deflate = deflate

    @classmethod
    def accept(
        cls,
        data: Data,
        *,
        protocols: str | Iterable[str] = (),
        need_protocol: bool = False,
        origins: str | Iterable[str] | None = None,
        headers: Headers = (),
        deflate: Deflate | None = None,
        **options: Unpack[Options],
    ) -> Accepted:
        """Server: answers a request. Returns a connection, and the bytes to send first; what
        follows the head in what you read is for its receive_data():

            accepted = Connection.accept(data)
            if accepted.connection:
                accepted.connection.receive_data(data[accepted.head_len :])

        (None, b"")    The head is not complete; come again with more. For a head that comes
                       in many pieces ask head_length() first.
        (None, reply)  It is not acceptable, and accepted.error says why: send the reply,
                       then close. If you serve ordinary requests, do that instead where it
                       is a NotUpgrade.

        data           The head; it may be followed by other bytes.
        protocols      The subprotocols that you speak, in your order of preference, one by
                       one or as "chat, superchat". conn.protocol says which was chosen.
        need_protocol  Refuse a client that offers none of them.
        origins        The Origins of the pages that may connect, one by one or as for
                       origin_allowed(). A request without Origin comes from no browser, and
                       passes. None: any page in any browser, which is safe only where nothing
                       depends on cookies or on the network that the browser is in.
        headers        Further fields of the answer.
        deflate        How you are willing to compress: see deflate_accept(). None: not at
                       all. conn.deflate says what was agreed on.

        The others are those of Connection.

        Raises InvalidArgument as build_response() does, for `protocols` that are no tokens,
        for `need_protocol` without any, and for `origins` that are none or could never
        match; Unsupported, InvalidState and NoMemory as Connection() does. Mistakes of yours
        are raised whatever the request is: accept(b"", ...) checks the rest.
        """
        _check_together(deflate, options)
        data, lines = readable(data), header_lines(headers)
        list_ = text(protocols if isinstance(protocols, str) else ", ".join(protocols))
        if origins is not None and not isinstance(origins, str):
            origins = " ".join(origins)
        spec = _ffi.AcceptSpec(
            protocols=bytes_of(list_),
            headers=bytes_of(lines),
            origins=optional(origins),
            flags=_ffi.ACCEPT_NEED_PROTOCOL if need_protocol else 0,
        )
        if deflate is not None:
            spec.pmd = pointer(pmd_params(deflate))
        found = _ffi.Accepted()
        out = create_string_buffer(_ffi.MAX_REPLY + len(list_) + len(lines))
        size = check(
            lib.ws_conn_accept(
                data,
                len(data),
                byref(spec),
                sizeof(spec),
                byref(found),
                sizeof(found),
                out,
                sizeof(out),
            )
        )
        conn = None
        if found.conn is not None:
            conn = cls._of(found.conn, deflate, options)
            conn._protocol = span(list_, found.protocol)
        accepted = Accepted(conn, out.raw[:size])
        accepted.head_len = found.head_len
        if found.error:
            accepted.error = _refusal(data, found.error)
        return accepted

    @classmethod
    def confirm(
        cls,
        data: Data,
        request: Data,
        *,
        deflate: Deflate | None = None,
        **options: Unpack[Options],
    ) -> tuple[Connection, Response] | None:
        """Client: takes the server's answer. Returns a connection, and the answer; what
        follows the head in what you read is for the connection's receive_data():

            conn, response = Connection.confirm(data, request)
            conn.receive_data(data[len(response.head) :])

        None: the head is not complete; come again with more. For a head that comes in many
        pieces ask head_length() first.

        request  What build_request() made.
        deflate  What deflate_offer() was given, None exactly if the request offers no
                 permessage-deflate. conn.deflate says what was agreed on.

        The others are those of Connection.

        Raises as parse_response() does, ExtensionError also as deflate_confirm() does, and
        InvalidArgument if `deflate` does not fit the request; Unsupported, InvalidState and
        NoMemory as Connection() does.
        """
        _check_together(deflate, options)
        data, request = readable(data), readable(request)
        offered = None if deflate is None else byref(pmd_params(deflate))
        handle, answer = c_void_p(), _ffi.Response()
        result = lib.ws_conn_confirm(
            data,
            len(data),
            request,
            len(request),
            offered,
            None,
            byref(handle),
            byref(answer),
            sizeof(answer),
        )
        if result == _ffi.ERR_HANDSHAKE_STATUS:
            raise HandshakeStatus(response_of(data, answer))
        check(result)
        if handle.value is None:
            return None
        conn, response = cls._of(handle.value, deflate, options), response_of(data, answer)
        conn._protocol = response.protocol
        return conn, response

    @classmethod
    def _of(cls, handle: int, deflate: Deflate | None, options: Options) -> Connection:
        """The owner of a fresh handle, after a handshake with this in mind."""
        conn = cls.__new__(cls)
        conn._take(handle, **options)
        conn._deflate = None if deflate is None else _agreed(handle)
        return conn

    def _take(
        self,
        handle: int,
        *,
        compress_from: int = COMPRESS_FROM,
        max_message: int = MAX_MESSAGE,
        max_frame: int = 0,
        stream: bool = False,
        auto_pong: bool = True,
        auto_close: bool = True,
        check_utf8: bool = True,
        any_mask: bool = False,
        allow_rsv: int = 0,
        keep_buffer: int = 0,
        random: Random | None = None,
    ) -> None:
        """Begins, as the owner of a fresh handle."""
        self._handle = handle
        self._finalizer = weakref.finalize(self, lib.ws_conn_free, handle)
        self._input: deque[_Input] = deque()  # what was not worked off yet
        self._done = 0  # bytes of the first of it
        self._events: deque[Event] = deque()  # that were not handed out yet
        self._is_over = False  # a Close is, or was, the last of the events
        self._may_speak = False  # the library itself may have something to say
        self._out: list[bytes | bytearray] = []
        self._protocol: str | None = None
        self._stream, self._check_utf8 = bool(stream), bool(check_utf8)
        self._any_mask, self._auto_close = bool(any_mask), bool(auto_close)
        self._allow_rsv = in_range("allow_rsv", allow_rsv, 2**64)
        self._set(_ffi.OPT_STREAM, self._stream)
        self._set(_ffi.OPT_CHECK_UTF8, self._check_utf8)
        self._set(_ffi.OPT_ANY_MASK, self._any_mask)
        self._set(_ffi.OPT_AUTO_CLOSE, self._auto_close)
        self._set(_ffi.OPT_ALLOW_RSV, self._allow_rsv)
        self.compress_from = compress_from
        self.max_message = max_message
        self.max_frame = max_frame
        self.auto_pong = auto_pong
        self.keep_buffer = keep_buffer
        self._random = None if random is None else _fill(random)
        if self._random is not None:
            check(lib.ws_conn_set_random(handle, self._random, None))

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a connection cannot be copied")

    def free(self) -> None:
        """Gives the library's memory back. May be called again."""
        self._handle = 0
        self._input.clear()
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
        return State(state - self._is_ahead)

    @property
    def _is_ahead(self) -> bool:
        """Whether the library has reported a Close that was not handed out yet."""
        return self._is_over and bool(self._events)

    @property
    def close_sent(self) -> int | None:
        """The code of our close, by close() or out of data_to_send(); CloseCode.NO_STATUS if
        it has none. None: none was sent."""
        return self._get(_ffi.INFO_CLOSE_SENT) or None

    @property
    def close_received(self) -> int | None:
        """The code of the peer's close, once its Close was handed out; CloseCode.NO_STATUS if
        it has none. None: none came."""
        code = self._get(_ffi.INFO_CLOSE_RECEIVED)
        return None if self._is_ahead else code or None

    @property
    def closed_by_peer(self) -> bool:
        """Whether the peer's close came before ours was sent."""
        return bool(self._get(_ffi.INFO_CLOSED_BY_PEER)) and not self._is_ahead

    @property
    def sending(self) -> Opcode | None:
        """Opcode.TEXT or Opcode.BINARY while a message is being sent in pieces; else None."""
        return OPCODES[self._get(_ffi.INFO_SENDING)] or None

    @property
    def receiving(self) -> Opcode | None:
        """Opcode.TEXT or Opcode.BINARY while a message is arriving, as far as the input was
        worked off; else None."""
        return OPCODES[self._get(_ffi.INFO_RECEIVING)] or None

    @property
    def announced(self) -> int:
        """After TooBig: the length in bytes, announced or reached, that exceeds a limit; else
        0."""
        return self._get(_ffi.INFO_ANNOUNCED)

    @property
    def buffered(self) -> int:
        """Bytes of an incomplete message that the library holds."""
        return self._get(_ffi.INFO_BUFFERED)

    @property
    def protocol(self) -> str | None:
        """The subprotocol that accept() or confirm() found; None if there is none."""
        return self._protocol

    @property
    def deflate(self) -> Deflate | None:
        """The compression that was agreed on; None if there is none."""
        return self._deflate

    @property
    def compress_from(self) -> int:
        """Messages of fewer bytes are sent uncompressed. May be set."""
        return self._get(_ffi.OPT_COMPRESS_FROM)

    @compress_from.setter
    def compress_from(self, value: int) -> None:
        self._set(_ffi.OPT_COMPRESS_FROM, in_range("compress_from", value, 2**64))

    @property
    def stream(self) -> bool:
        """Whether messages are handed out in parts."""
        return self._stream

    @property
    def check_utf8(self) -> bool:
        """Whether incoming text must be UTF-8."""
        return self._check_utf8

    @property
    def any_mask(self) -> bool:
        """Whether masked and unmasked frames are accepted."""
        return self._any_mask

    @property
    def auto_close(self) -> bool:
        """Whether a close is answered, and the peer told of an error."""
        return self._auto_close

    @property
    def allow_rsv(self) -> int:
        """The reserved bits that messages may have."""
        return self._allow_rsv

    @property
    def max_frame(self) -> int:
        """Data frames that announce more bytes are TooBig; 0 for no limit. May be set."""
        return self._get(_ffi.OPT_MAX_FRAME)

    @max_frame.setter
    def max_frame(self, value: int) -> None:
        self._set(_ffi.OPT_MAX_FRAME, in_range("max_frame", value, 2**64))

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
        every iterator raises the same error. (NoRandomness, of a client that cannot mask a
        pong, changes nothing: the next iterator continues.)
        """
        if not self._handle:
            self._freed()
        if not self._is_over:
            buffer = bytearray(memoryview(data))
            if buffer:
                kept = c_char.from_buffer(buffer)
                self._input.append(_Input(addressof(kept), len(buffer), kept))
        else:
            memoryview(data)  # raises the TypeError that it raises before a Close
        return self._hand_out()

    def events(self) -> Iterator[Event]:
        """The events that no iterator has handed out yet: what receive_data() returns, for
        programs that receive in one place and handle in another."""
        if not self._handle:
            self._freed()
        return self._hand_out()

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
        try:
            while not self._events:
                if not self._recv(room) and not self._input:
                    return False
            return True
        finally:
            _rooms.append(room)

    def _recv(self, room: _Room) -> int:
        """Works off what it can of the first input, if there is any. How many events."""
        at, length = 0, 0
        if self._input:
            at, length = self._input[0].at + self._done, self._input[0].len - self._done
        room.handle.value, room.at.value, room.len.value = self._handle, at, length
        count: int = _recv(
            room.handle,
            room.at,
            room.len,
            room.entries_at,
            room.entries_len,
            room.consumed_at,
        )
        if count < 0:
            self._may_speak = True
            self._input.clear()
            self._done = 0
            raise error_for(count)
        entries = room.entries[: count * _ENTRY.size]
        for off, size, opcode, flags, code, _ in _ENTRY.iter_unpack(entries):
            start = at + off
            if flags & _COLLECTED:  # then it is the last
                start = lib.ws_event_data(self._handle, None, room.last_entry(count))
            data = string_at(start, size) if size else b""
            self._events.append(self._event(data, opcode, flags, code))
        self._done += room.consumed.value
        if self._is_over:
            self._input.clear()
            self._done = 0
        elif self._input and self._done == self._input[0].len:
            self._input.popleft()
            self._done = 0
        return count

    def _event(self, data: bytes, opcode: int, flags: int, code: int) -> Event:
        if opcode < _CLOSE:
            kind = OPCODES[opcode]
            assert kind is not None
            rsv = flags & _RSV
            if self._stream:
                first, last = bool(flags & _ffi.EVENT_FIRST), bool(flags & _ffi.EVENT_LAST)
                frame_end = bool(flags & _ffi.EVENT_FRAME_END)
                return MessagePart(data, kind, first, last, frame_end, rsv)
            is_text = opcode == _TEXT and self._check_utf8 and not rsv
            return new_message(Message, (data.decode() if is_text else data, kind, rsv))
        if opcode == _PONG:
            return Pong(data)
        self._may_speak = True
        if opcode == _PING:
            return Ping(data)
        self._is_over = True
        return Close(code, data.decode())

    def finish(self) -> None:
        """Tells it that the peer will send nothing more. What is in data_to_send() already
        stays there.

        Raises UnexpectedEof if no close has come; the error that was raised before, if there
        was one; InvalidState if there is input that you did not iterate over.
        """
        handle = self._handle or self._freed()
        if self._events or self._input:
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
        """What the connection itself has to say. It has nothing to say but after a ping, a
        close or an error."""
        if not self._may_speak:
            return
        room = _room()
        room.handle.value = self._handle or self._freed()
        size = _output(room.handle, room.output_at, room.output_len)
        if size > 0:
            self._out.append(room.output[:size])
        _rooms.append(room)
        check(size)
        self._may_speak = False

    def send_text(
        self, text: str | Data, *, more: bool = False, compress: bool | None = None
    ) -> None:
        """Sends a text message, or a piece of one. Bytes must be UTF-8, which is not checked.

        more      Further pieces of this message follow.
        compress  Whether to compress the message, if compression was agreed on; its first
                  piece decides. None: as compress_from has it.

        Raises InvalidState after our close, and inside a message of the other kind;
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

        Raises InvalidArgument if there are more, InvalidState once both sides have closed.
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
        rsv: int = 0,
    ) -> None:
        """Any of these: opcode is TEXT, BINARY, PING or PONG. A str is for TEXT.

        rsv  Reserved bits, of those that allow_rsv names; the first piece decides.
        """
        payload = _payload(opcode, data)
        handle = self._handle or self._freed()
        opcode = in_range("opcode", opcode, 16)
        flags = in_range("rsv", rsv & ~_RSV, 1) | rsv | (_ffi.SEND_MORE if more else 0)
        if compress:
            before, self.compress_from = self.compress_from, 0
            try:
                self._send(handle, opcode, flags, payload)
            finally:
                self.compress_from = before
        else:
            if compress is False:
                flags |= _ffi.SEND_PLAIN
            self._send(handle, opcode, flags, payload)

    def _send(self, handle: int, opcode: int, flags: int, payload: bytes) -> None:
        size = lib.ws_conn_send_bound(handle, len(payload))
        out = bytearray(size)
        start = addressof(c_char.from_buffer(out))
        written = check(
            lib.ws_conn_send(handle, opcode, flags, payload, len(payload), start, size)
        )
        self._out.append(out if written == size else out[:written])

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Sends a close frame: it starts the closing handshake, or is your answer to the
        peer's in place of the connection's own. Messages that are still arriving are handed
        out as before, and pings answered. Does nothing if a close was sent already.

        code    One for which close_code_valid() is true, or CloseCode.NO_STATUS for none.
        reason  At most 123 bytes of UTF-8; empty with NO_STATUS.

        Raises InvalidArgument for anything else.
        """
        handle = self._handle or self._freed()
        code = in_range("code", code, 2**16)
        text = reason.encode("utf-8", "surrogatepass")  # which the library refuses
        out = create_string_buffer(_ffi.MAX_OUTPUT)
        size = check(lib.ws_conn_close(handle, code, text, len(text), out, sizeof(out)))
        if size:
            self._out.append(out.raw[:size])


def _agreed(handle: int) -> Deflate | None:
    params = _ffi.PmdParams()
    on = check(lib.ws_conn_get_pmd(handle, byref(params)))
    return deflate_of(params) if on else None


def _refusal(data: bytes, code: int) -> WsError:
    """Why a request was refused."""
    if code == _ffi.ERR_NOT_UPGRADE:
        try:
            parse_handshake(data)
        except NotUpgrade as error:
            return error
    return error_for(code)


def _check_together(deflate: Deflate | None, options: Options) -> None:
    """At every call, not only where the peer compresses."""
    if deflate is not None and options.get("allow_rsv"):
        raise InvalidState("either compression or reserved bits of your own")


def _fill(random: Random) -> Any:
    """As C has it: no exception may reach it."""

    def fill(_: int | None, out: int, size: int) -> int:
        try:
            data = readable(random(size))
            if len(data) != size:
                return 1
            memmove(out, data, size)
        except BaseException:  # which ctypes would print, and return a 0
            return 1
        return 0

    return _ffi.RandomFunction(fill)


def _payload(opcode: int, data: str | Data) -> bytes:
    if isinstance(data, bytes):
        return data
    if not isinstance(data, str):
        return readable(data)
    if opcode != Opcode.TEXT:
        raise InvalidArgument("a str can only be sent as text")
    try:
        return data.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument("the text has surrogates, so it cannot be UTF-8") from error
