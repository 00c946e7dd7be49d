"""The half of a connection that sends: from messages to bytes."""

from __future__ import annotations

from ctypes import addressof, c_char, c_void_p

from . import _fast_calls, _ffi, _room
from ._buffers import Data, in_range, readable, utf8
from ._frame_headers import SHORT_HEADERS, server_header
from .deflate import Deflate
from .errors import InvalidArgument, check
from .frame import FIN, OPCODES, RSV1, RSV2, RSV3, Opcode
from .options import Configured
from .text import CloseCode, close_arguments

_RSV = RSV1 | RSV2 | RSV3
_TEXT, _BINARY = Opcode.TEXT, Opcode.BINARY
_TEXT_HEADERS, _BINARY_HEADERS = SHORT_HEADERS[_TEXT], SHORT_HEADERS[_BINARY]
_TEXT_FIRST, _BINARY_FIRST = FIN | Opcode.TEXT, FIN | Opcode.BINARY
_SENT = (Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG)
_NO_LIMIT = 1 << 64

_send_short, _send_long = _fast_calls.short("ws_conn_send"), _fast_calls.long("ws_conn_send")
_send_bound = _fast_calls.declared("ws_conn_send_bound")
_output = _fast_calls.short("ws_conn_output")
_close = _fast_calls.declared("ws_conn_close")


class Sender(Configured):
    """Collects the bytes to send: those of the application's messages, and those that the
    library sends of its own accord."""

    __slots__ = ("_is_open", "_may_speak", "_out", "_plain_below", "_sending", "_side")

    def _start_sending(self, side: int) -> None:
        self._side = side
        self._out: list[bytes] = []
        self._sending: Opcode | None = None  # the message that is being sent in fragments
        self._is_open = True  # no close was sent or found, no error was found
        self._may_speak = False  # ws_conn_output() may have something to write
        self._plan()

    def _plan(self) -> None:
        """Decides which whole messages are sent without a call: those that are a header and the
        payload, where the library would write the same and not change. It must know of a frame
        that is masked, compressed or a fragment, and it decides what may follow a close. To be
        called when anything of this may have changed."""
        if self._side != _ffi.SERVER or self._sending is not None or not self._is_open:
            self._plain_below = 0
        elif self._deflate is None:
            self._plain_below = _NO_LIMIT
        else:
            self._plain_below = self._compress_from

    def _agree(self, deflate: Deflate | None) -> None:
        """Compression was agreed, before any message."""
        self._deflate = deflate
        self._plan()

    def _is_ending(self) -> None:
        """A close was sent or found, an error was found, or the handle was freed."""
        self._is_open = False
        self._plan()

    def free(self) -> None:
        super().free()
        self._out.clear()
        self._is_ending()

    @property
    def sending(self) -> Opcode | None:
        """Opcode.TEXT or Opcode.BINARY while a message is being sent in fragments; else
        None."""
        if not self._handle:
            self._freed()
        return self._sending

    @property
    def compress_from(self) -> int:
        """Messages of fewer bytes are sent uncompressed. Can be set."""
        if not self._handle:
            self._freed()
        return self._compress_from

    @compress_from.setter
    def compress_from(self, value: int) -> None:
        self._set_compress_from(value)
        self._plan()

    def send_text(
        self, text: str | Data, *, more: bool = False, compress: bool | None = None
    ) -> None:
        """Sends a text message, or a fragment of one. Bytes must be valid UTF-8, which is not
        checked.

        more      More fragments of this message follow.
        compress  Whether to compress the message, if compression was agreed; its first fragment
                  decides. None: according to compress_from.

        Raises InvalidState after your close, and inside a message of the other kind;
        InvalidArgument for a str that cannot be encoded as UTF-8; TypeError for anything but a
        str or a bytes-like object.
        """
        self.send(_TEXT, text, more=more, compress=compress)

    def send_bytes(
        self, data: Data, *, more: bool = False, compress: bool | None = None
    ) -> None:
        """Sends a binary message, or a fragment of one, like send_text()."""
        self.send(_BINARY, data, more=more, compress=compress)

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

        Raises as the method for each of them, and InvalidArgument for another opcode.
        """
        payload = data if type(data) is bytes else _payload(opcode, data)
        size = len(payload)
        if size < self._plain_below and not (more or compress or rsv):
            if opcode is _TEXT:
                header = _TEXT_HEADERS[size] if size < 126 else server_header(_TEXT_FIRST, size)
                self._out.append(header + payload)
                return
            if opcode is _BINARY:
                header = (
                    _BINARY_HEADERS[size] if size < 126 else server_header(_BINARY_FIRST, size)
                )
                self._out.append(header + payload)
                return
        self._send(opcode, payload, bool(more), compress, rsv)

    def _send(
        self, opcode: int, payload: bytes, more: bool, compress: bool | None, rsv: int
    ) -> None:
        handle = self._handle or self._freed()
        opcode = in_range("opcode", opcode, 16)
        kind = OPCODES[opcode]
        rsv = in_range("rsv", rsv, 256)
        flags = rsv | (_ffi.SEND_MORE if more else 0)
        if rsv & ~_RSV:
            raise InvalidArgument(f"rsv {rsv} has other bits than RSV1, RSV2 and RSV3")
        if kind not in _SENT:
            raise InvalidArgument.of("opcode", f"{opcode} is not TEXT, BINARY, PING or PONG")
        if opcode >= _ffi.OPCODE_CLOSE:
            _check_control(payload, more)
        if compress is not None and not compress:
            flags |= _ffi.SEND_PLAIN
        if compress and self._deflate is not None:
            before = self._compress_from
            self._set_compress_from(0)
            try:
                frame = self._frame(handle, opcode, flags, payload)
            finally:
                self._set_compress_from(before)
        else:
            frame = self._frame(handle, opcode, flags, payload)
        self._out.append(frame)
        if kind is _TEXT or kind is _BINARY:
            self._sending = kind if more else None
            self._plan()

    def _frame(self, handle: int, opcode: int, flags: int, payload: bytes) -> bytes:
        """The frame that the library writes."""
        size = len(payload)
        if self._deflate is None:
            send = _send_short if size < _room.LONG else _send_long
            bound = size + _ffi.MAX_HEADER
        else:
            send = _send_short if size < _room.LONG_DEFLATE else _send_long
            bound = _send_bound(handle, size)
        room = _room.take()
        try:
            if bound <= _room.SIZE:
                view, at = room.view, room.view_at
            else:
                view = memoryview(bytearray(bound))
                at = c_void_p(addressof(c_char.from_buffer(view)))
            room.handle.value, room.len.value, room.out_len.value = handle, size, bound
            result = send(room.handle, opcode, flags, payload, room.len, at, room.out_len)
            written = check(result, "rsv", f"{flags & _RSV} has bits that are not in allow_rsv")
            return view[:written].tobytes()
        finally:
            _room.rooms.append(room)

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Sends a close frame: it starts the closing handshake, or replaces the connection's
        own reply to the peer's close. Messages that are still arriving are yielded as before,
        and pings get their pongs. Does nothing if a close was sent already.

        code    A code for which close_code_valid() is true, or CloseCode.NO_STATUS for none.
        reason  At most 123 bytes of UTF-8; empty with NO_STATUS.

        Raises InvalidArgument for anything else, TypeError for a reason that is no str.
        """
        handle = self._handle or self._freed()
        code, text = close_arguments(code, reason)
        room = _room.take()
        try:
            out, size = room.output_at, _ffi.MAX_OUTPUT
            written = check(_close(handle, code, text, len(text), out, size))
            frame = room.output[:written].tobytes()
        finally:
            _room.rooms.append(room)
        if frame:
            self._out.append(frame)
        self._is_ending()

    def _collect(self) -> None:
        """Collects the frames that the library sends of its own accord. There are none except
        after a ping, a close or an error.

        Raises NoRandomness if a client cannot mask them; they are due as before.
        """
        room = _room.take()
        try:
            room.handle.value = self._handle or self._freed()
            size = check(_output(*room.output_args))
            if size:
                self._out.append(room.output[:size].tobytes())
        finally:
            _room.rooms.append(room)
        self._may_speak = False


def _payload(opcode: int, data: str | Data) -> bytes:
    if not isinstance(data, str):
        return readable(data)
    if opcode != _TEXT:
        raise InvalidArgument.of("data", "a str can only be sent as text")
    return utf8(data, "data")


def _check_control(payload: bytes, more: bool) -> None:
    if more:
        raise InvalidArgument.of("more", "a ping or pong has no fragments")
    if len(payload) > _ffi.MAX_CONTROL:
        why = f"a ping or pong has at most {_ffi.MAX_CONTROL} bytes, not {len(payload)}"
        raise InvalidArgument.of("data", why)
