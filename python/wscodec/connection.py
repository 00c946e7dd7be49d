"""A connection after its opening handshake: messages, pings, the closing handshake, limits,
compression.

Pass the bytes that arrived to receive_data(), which yields events. data_to_send() returns the
bytes to send, yours and the connection's own, in the order of the wire:

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
"""Default length in bytes from which messages are compressed."""


class Message(NamedTuple):
    """A whole message."""

    data: str | bytes
    """str for a text, bytes for a binary message; bytes also for a text that was not checked,
    because check_utf8 is off or it has reserved bits."""
    opcode: Opcode
    """Opcode.TEXT or Opcode.BINARY: conn.send(message.opcode, message.data) is an echo."""
    rsv: int = 0
    """The bits of RSV1, RSV2 and RSV3 that were set, if allow_rsv accepts them."""


class MessagePart(NamedTuple):
    """A part of a message, with `stream`. Attach no meaning to where a message is split."""

    data: bytes
    """Its bytes, also for a text: a part may end inside a character. May be empty."""
    opcode: Opcode
    """Opcode.TEXT or Opcode.BINARY, the same for all parts of a message."""
    first: bool
    """Whether this part starts the message."""
    last: bool
    """Whether this part ends the message."""
    frame_end: bool
    """Whether this part ends a frame. Exactly one part of each frame does, if necessary an
    empty one."""
    rsv: int = 0
    """The reserved bits of the message, as for Message."""


class Ping(NamedTuple):
    """A ping. The connection replies with a pong, unless auto_pong is off."""

    data: bytes
    """At most 125 bytes."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ping) and self.data == other.data

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((Ping, self.data))


class Pong(NamedTuple):
    """A pong, in reply to a ping or unsolicited."""

    data: bytes
    """At most 125 bytes."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pong) and self.data == other.data

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((Pong, self.data))


Event = Union[Message, MessagePart, Ping, Pong, Close]
"""An event that receive_data() yields. A Close is the last one."""


class State(enum.IntEnum):
    """The state of a connection, according to the events that were yielded so far.

    When it is CLOSED or FAILED: send what data_to_send() returns, shut down your sending side,
    read and discard until the peer closes or your timer fires, then close the socket (RFC 6455,
    7.1.1). To close the socket at once can destroy a close frame in transit. A client should
    give the server a moment to close first.
    """

    OPEN = _ffi.STATE_OPEN
    """Messages can be sent and received."""
    CLOSING = _ffi.STATE_CLOSING
    """A close was sent, or has arrived."""
    CLOSED = _ffi.STATE_CLOSED
    """A close has arrived, and yours was returned by data_to_send() or written by close()."""
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
    """The result of Connection.accept(), a pair: the connection, or None; and the bytes to send
    first, b"" if the head is incomplete. It also has two attributes:"""

    error: WsError | None = None
    """Why the request was rejected; a NotUpgrade has the ordinary request."""
    head_len: int = 0
    """Length of the head: the first frames start there. 0 if it is incomplete, and with
    HttpSyntax and HttpTooLarge."""


_ENTRIES = 256
_ENTRY = Struct(_ffi.EVENT)
_RSV = RSV1 | RSV2 | RSV3
_COLLECTED = _ffi.EVENT_COLLECTED
_TEXT, _CLOSE = _ffi.OPCODE_TEXT, _ffi.OPCODE_CLOSE
_PING, _PONG = _ffi.OPCODE_PING, _ffi.OPCODE_PONG

new_message = tuple.__new__
"""Faster than calling Message, which counts its arguments first."""

# Without declared argument types, as in decoder.py: ctypes then passes C objects unchanged.
_recv = lib["ws_conn_recv"]
_recv.restype = _ffi.c_result
_output = lib["ws_conn_output"]
_output.restype = _ffi.c_result


class _Input(NamedTuple):
    """The input of one receive_data()."""

    at: int
    """Its address."""
    len: int
    """Its length in bytes."""
    kept: c_char
    """Keeps it in place."""


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
        """The address of the last of `count` entries."""
        return self.entries_start + (count - 1) * _ENTRY.size


# A call borrows one, or creates it, and returns it, as in decoder.py.
_rooms: list[_Room] = []


def _room() -> _Room:
    try:
        return _rooms.pop()
    except IndexError:
        return _Room()


class Connection:
    """One connection, of either side. For one thread at a time.

    The library's memory for it is freed when the object is garbage-collected, or at once by
    free() or at the end of a `with`; after that, every method raises InvalidState.

    The options, also of accept() and confirm():

    compress_from  Shorter messages are sent uncompressed. A message sent in fragments is always
                   compressed. Default: 1024 bytes.
    max_message    A longer message, after decompression, is TooBig; 0 for no limit. Default:
                   1 MiB.
    max_frame      A data frame whose header announces more bytes, before decompression, is
                   TooBig; 0 for no limit. Default: 0.
    stream         Yield a MessagePart as it arrives, collect nothing. Default: False.
    auto_pong      Reply to pings. Default: True.
    auto_close     Send a close frame in reply to the peer's, or to report an error. Default:
                   True. If False, you send it, once, with close(), and data_to_send() returns
                   only pongs besides what you send. Until then send() works.
    check_utf8     Incoming text must be valid UTF-8: InvalidUtf8 at the first invalid byte.
                   Default: True.
    any_mask       Accept masked and unmasked frames. A client still masks. Default: False.
    allow_rsv      Those of RSV1, RSV2, RSV3 that may be set on the first frame of a message,
                   for an extension of your own. Such a message is yielded unchanged, and send()
                   accepts the same bits. Excludes compression. Default: 0.
    keep_buffer    Most bytes of message memory to keep between messages. Default: 0.
    random         The source of a client's masking keys, instead of the operating system:
                   called with a number of bytes (256), it returns as many unpredictable ones.
                   If it raises, send() raises NoRandomness.

    A number that is not in 0 ... 2**64 - 1 is InvalidArgument.
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
        side     Which side you are.
        deflate  The compression that was agreed, from deflate_confirm() or deflate_accept();
                 None for none.

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
        """Server: accepts or rejects a request. Returns a connection, and the bytes to send
        first. Pass the bytes after the head to receive_data():

            accepted = Connection.accept(data)
            if accepted.connection:
                accepted.connection.receive_data(data[accepted.head_len :])

        (None, b"")    The head is incomplete; call again with more. If a head arrives in many
                       reads, call head_length() first.
        (None, reply)  The request was rejected, and accepted.error is the reason: send the
                       reply, then close. If you serve ordinary requests too, send your own
                       response instead when the error is a NotUpgrade.

        data           The head; other bytes may follow it.
        protocols      The subprotocols that you speak, most preferred first, as an iterable or
                       as "chat, superchat". conn.protocol is the one that was chosen.
        need_protocol  Reject a client that offers none of them.
        origins        The origins of the pages that may connect, as an iterable or as for
                       origin_allowed(). A request without Origin is not from a browser and is
                       accepted. None: pages of every origin, which is safe only where nothing
                       depends on cookies or on the network that the browser is in.
        headers        Additional header fields of the response.
        deflate        The compression that you are willing to use: see deflate_accept(). None:
                       none. conn.deflate is what was agreed.

        The other arguments are the options of Connection.

        Raises InvalidArgument as build_response() does, for `protocols` that are not distinct
        tokens, for `need_protocol` without protocols, and for `origins` that are empty or have
        an entry that can never match; Unsupported, InvalidState and NoMemory as Connection()
        does. These are raised whatever the request is: accept(b"", ...) checks the other
        arguments.
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
        """Client: parses the server's response. Returns a connection, and the response. Pass
        the bytes after the head to receive_data():

            conn, response = Connection.confirm(data, request)
            conn.receive_data(data[len(response.head) :])

        Returns None if the head is incomplete; call again with more. If a head arrives in many
        reads, call head_length() first.

        request  The request that build_request() returned.
        deflate  What was passed to deflate_offer(); None if the request offers no
                 permessage-deflate. conn.deflate is what was agreed.

        The other arguments are the options of Connection.

        Raises as parse_response() does, ExtensionError also as deflate_confirm() does, and
        InvalidArgument if `deflate` does not match the request; Unsupported, InvalidState and
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
        """The owner of a new handle, after a handshake with these arguments."""
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
        """Initialises the object as the owner of a new handle."""
        self._handle = handle
        self._finalizer = weakref.finalize(self, lib.ws_conn_free, handle)
        self._input: deque[_Input] = deque()  # not processed yet
        self._done = 0  # bytes processed of the first input
        self._events: deque[Event] = deque()  # not yielded yet
        self._is_over = False  # the last event is, or was, a Close
        self._may_speak = False  # ws_conn_output() may have something to write
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
        """Frees the library's memory. May be called again."""
        self._handle = 0
        self._input.clear()
        self._events.clear()
        self._out.clear()
        self._finalizer()

    def _freed(self) -> NoReturn:
        raise InvalidState("the connection was freed")

    # State and options

    @property
    def state(self) -> State:
        """The state of the connection: FAILED once an error was raised, CLOSED only after
        data_to_send()."""
        state = lib.ws_conn_state(self._handle or self._freed())
        return State(state - self._is_ahead)

    @property
    def _is_ahead(self) -> bool:
        """Whether the library has reported a Close that was not yielded yet."""
        return self._is_over and bool(self._events)

    @property
    def close_sent(self) -> int | None:
        """The code of the close frame that close() wrote or data_to_send() returned;
        CloseCode.NO_STATUS if it has none. None: none was sent."""
        return self._get(_ffi.INFO_CLOSE_SENT) or None

    @property
    def close_received(self) -> int | None:
        """The code of the peer's close, once its Close was yielded; CloseCode.NO_STATUS if it
        has none. None: none was received."""
        code = self._get(_ffi.INFO_CLOSE_RECEIVED)
        return None if self._is_ahead else code or None

    @property
    def closed_by_peer(self) -> bool:
        """Whether the peer's close arrived before yours was sent."""
        return bool(self._get(_ffi.INFO_CLOSED_BY_PEER)) and not self._is_ahead

    @property
    def sending(self) -> Opcode | None:
        """Opcode.TEXT or Opcode.BINARY while a message is being sent in fragments; else
        None."""
        return OPCODES[self._get(_ffi.INFO_SENDING)] or None

    @property
    def receiving(self) -> Opcode | None:
        """Opcode.TEXT or Opcode.BINARY while a message is arriving, as far as the input was
        processed; else None."""
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
        """The subprotocol that was agreed in accept() or confirm(); None if there is none."""
        return self._protocol

    @property
    def deflate(self) -> Deflate | None:
        """The compression that was agreed; None if there is none."""
        return self._deflate

    @property
    def compress_from(self) -> int:
        """Messages of fewer bytes are sent uncompressed. Can be set."""
        return self._get(_ffi.OPT_COMPRESS_FROM)

    @compress_from.setter
    def compress_from(self, value: int) -> None:
        self._set(_ffi.OPT_COMPRESS_FROM, in_range("compress_from", value, 2**64))

    @property
    def stream(self) -> bool:
        """Whether messages are yielded in parts."""
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
        """Whether the connection sends a close frame in reply to a close or to report an
        error."""
        return self._auto_close

    @property
    def allow_rsv(self) -> int:
        """The reserved bits that messages may have."""
        return self._allow_rsv

    @property
    def max_frame(self) -> int:
        """Data frames that announce more bytes are TooBig; 0 for no limit. Can be set."""
        return self._get(_ffi.OPT_MAX_FRAME)

    @max_frame.setter
    def max_frame(self, value: int) -> None:
        self._set(_ffi.OPT_MAX_FRAME, in_range("max_frame", value, 2**64))

    @property
    def max_message(self) -> int:
        """Messages of more bytes, decompressed, are TooBig; 0 for no limit. Can be set."""
        return self._get(_ffi.OPT_MAX_MESSAGE)

    @max_message.setter
    def max_message(self, value: int) -> None:
        self._set(_ffi.OPT_MAX_MESSAGE, in_range("max_message", value, 2**64))

    @property
    def auto_pong(self) -> bool:
        """Whether the connection replies to pings. Can be set."""
        return bool(self._get(_ffi.OPT_AUTO_PONG))

    @auto_pong.setter
    def auto_pong(self, value: bool) -> None:
        self._set(_ffi.OPT_AUTO_PONG, bool(value))

    @property
    def keep_buffer(self) -> int:
        """Most bytes of message memory to keep between messages. Can be set."""
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

    # Receiving

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
        """
        if not self._handle:
            self._freed()
        if not self._is_over:
            buffer = bytearray(memoryview(data))
            if buffer:
                kept = c_char.from_buffer(buffer)
                self._input.append(_Input(addressof(kept), len(buffer), kept))
        else:
            memoryview(data)  # raises TypeError, as before a Close
        return self._hand_out()

    def events(self) -> Iterator[Event]:
        """The events that no iterator has yielded yet, like the result of receive_data(): for
        programs that receive in one place and handle events in another."""
        if not self._handle:
            self._freed()
        return self._hand_out()

    def _hand_out(self) -> Iterator[Event]:
        events = self._events  # shared by all iterators
        while True:
            while events:
                yield events.popleft()
            if not self._fetch():
                return

    def _fetch(self) -> bool:
        """Processes more of the input. Returns whether there are events."""
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
        """Processes as much as possible of the first input, if any. Returns the number of
        events."""
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
            if flags & _COLLECTED:  # only the last event can be
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
        """Tells the connection that the peer's stream has ended. Bytes that are already in
        data_to_send() stay there.

        Raises UnexpectedEof if no close has arrived; the error that was raised before, if any;
        InvalidState if there is input that you did not iterate over.
        """
        handle = self._handle or self._freed()
        if self._events or self._input:
            raise InvalidState("there are events left: iterate over receive_data() first")
        check(lib.ws_conn_finish(handle))

    # Sending

    def data_to_send(self) -> bytes:
        """Returns all bytes to send, in their order, and forgets them; b"" if there are
        none."""
        if not self._handle:
            self._freed()
        if not self._events:  # else its reply is to an event that was not yielded yet
            self._collect()
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def _collect(self) -> None:
        """Collects the connection's own frames. There are none except after a ping, a close or
        an error."""
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
        """Sends a text message, or a fragment of one. Bytes must be valid UTF-8, which is not
        checked.

        more      More fragments of this message follow.
        compress  Whether to compress the message, if compression was agreed; its first fragment
                  decides. None: according to compress_from.

        Raises InvalidState after your close, and inside a message of the other kind;
        InvalidArgument for a str that cannot be encoded as UTF-8.
        """
        self.send(Opcode.TEXT, text, more=more, compress=compress)

    def send_bytes(
        self, data: Data, *, more: bool = False, compress: bool | None = None
    ) -> None:
        """Sends a binary message, or a fragment of one, like send_text()."""
        self.send(Opcode.BINARY, data, more=more, compress=compress)

    def ping(self, data: Data = b"") -> None:
        """Sends a ping of at most 125 bytes, also between the fragments of a message.

        Raises InvalidArgument if it is longer, InvalidState once both sides have closed.
        """
        self.send(Opcode.PING, data)

    def pong(self, data: Data = b"") -> None:
        """Sends a pong, like ping(): unsolicited, or because auto_pong is off."""
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
        """Sends any of these: opcode is TEXT, BINARY, PING or PONG. A str can only be TEXT.

        rsv  Reserved bits that allow_rsv accepts; the first fragment decides.
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
        """Sends a close frame: it starts the closing handshake, or replaces the connection's
        own reply to the peer's close. Messages that are still arriving are yielded as before,
        and pings get their pongs. Does nothing if a close was sent already.

        code    A code for which close_code_valid() is true, or CloseCode.NO_STATUS for none.
        reason  At most 123 bytes of UTF-8; empty with NO_STATUS.

        Raises InvalidArgument for anything else.
        """
        handle = self._handle or self._freed()
        code = in_range("code", code, 2**16)
        text = reason.encode("utf-8", "surrogatepass")  # the library rejects surrogates
        out = create_string_buffer(_ffi.MAX_OUTPUT)
        size = check(lib.ws_conn_close(handle, code, text, len(text), out, sizeof(out)))
        if size:
            self._out.append(out.raw[:size])


def _agreed(handle: int) -> Deflate | None:
    params = _ffi.PmdParams()
    on = check(lib.ws_conn_get_pmd(handle, byref(params)))
    return deflate_of(params) if on else None


def _refusal(data: bytes, code: int) -> WsError:
    """The reason why a request was rejected."""
    if code == _ffi.ERR_NOT_UPGRADE:
        try:
            parse_handshake(data)
        except NotUpgrade as error:
            return error
    return error_for(code)


def _check_together(deflate: Deflate | None, options: Options) -> None:
    """Raises InvalidState at every call, not only if the peer compresses."""
    if deflate is not None and options.get("allow_rsv"):
        raise InvalidState("either compression or reserved bits of your own")


def _fill(random: Random) -> Any:
    """A C function that calls `random`; no exception may reach C."""

    def fill(_: int | None, out: int, size: int) -> int:
        try:
            data = readable(random(size))
            if len(data) != size:
                return 1
            memmove(out, data, size)
        except BaseException:  # ctypes would print it and return 0
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
