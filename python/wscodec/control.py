"""Replies to pings and to the peer's close, for users of Decoder (RFC 6455, 5.5)."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable
from ctypes import byref
from typing import NoReturn

from . import _ffi
from ._buffers import four_bytes, readable, type_name, written
from ._ffi import lib
from ._side import side_of
from .errors import InvalidArgument, check
from .frame import ENTRY, Frame, Side
from .text import Close, CloseCode, close_arguments

Random = Callable[[int], bytes]
"""Returns the given number of unpredictable bytes, e.g. secrets.token_bytes."""


class Control:
    """Replies to control frames, and remembers the closing handshake. For one thread at a time.
    It cannot be copied or pickled, like a Decoder.

    for frame in decoder.feed(data):
        to_send += control.feed(frame)
    """

    __slots__ = ("_random", "_state", "_state_ref")

    def __init__(self, side: Side = Side.SERVER, *, random: Random | None = None) -> None:
        """
        side    Which side you are.
        random  The source of a CLIENT's masking keys, 4 bytes at a time; None: the operating
                system.

        Raises InvalidArgument for another side, TypeError if `random` cannot be called.
        """
        if random is not None and not callable(random):
            raise TypeError(f"random must be a function, not {type_name(random)}")
        client = side_of(side) is Side.CLIENT
        self._random = (random or secrets.token_bytes) if client else None
        self._state = _ffi.Control()
        self._state_ref = byref(self._state)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Control cannot be copied")

    def feed(self, frame: Frame) -> bytes:
        """Processes a frame, or a chunk of one, and returns the reply to send: a pong, even
        after you sent a close (5.5.2); or a close frame in reply to the peer's, unless you sent
        one before; or b"".

        Pass all frames of Decoder.feed(), in order, but not from a decoder with keep_masked;
        data frames are ignored.

        Raises InvalidClosePayload or InvalidUtf8 if the peer's close is invalid, for every
        later frame too; then send a close frame with close(). InvalidArgument for a chunk out
        of order, and for a Frame of your own with a field out of range.
        """
        if not isinstance(frame, Frame):
            raise TypeError(f"frame must be a Frame, not {type_name(frame)}")
        payload = readable(frame.payload, "frame.payload")
        entry = _ffi.Frame()
        try:
            ENTRY.pack_into(
                entry,
                0,
                frame.payload_len,
                frame.chunk_pos,
                0,
                len(payload),
                frame.mask_key,
                frame.opcode,
                frame.flags,
                frame.header_len,
                frame.message_opcode,
            )
        except struct.error as error:
            raise InvalidArgument(f"frame has an invalid field: {error}") from error
        key = self._key() if frame.opcode >= _ffi.OPCODE_CLOSE else None

        def feed(out: object, size: int) -> int:
            result = lib.ws_control_feed(self._state_ref, byref(entry), payload, key, out, size)
            return check(result, "frame", "no decoder yields it after those before")

        return written(_ffi.MAX_OUTPUT, feed)

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> bytes:
        """A close frame, e.g. with the close_code of an error; b"" if one was sent before, also
        by feed().

        code    A code for which close_code_valid() is true, or CloseCode.NO_STATUS for none.
        reason  At most 123 bytes of UTF-8; empty with NO_STATUS.

        Raises InvalidArgument for anything else.
        """
        code, text = close_arguments(code, reason)
        key = self._key()
        return written(
            _ffi.MAX_OUTPUT,
            lambda out, size: lib.ws_control_close(
                self._state_ref, code, text, len(text), key, out, size
            ),
        )

    @property
    def received(self) -> Close | None:
        """The peer's close; None if no valid one was received."""
        code = lib.ws_control_close_code(self._state_ref)
        if not code:
            return None
        reason = written(
            _ffi.MAX_CONTROL,
            lambda out, size: lib.ws_control_reason(self._state_ref, out, size),
        )
        return Close(code, reason.decode())

    def _key(self) -> bytes | None:
        if self._random is None:
            return None
        return four_bytes(self._random(4), "the result of random()")
