"""Replies to pings and to the peer's close, for users of Decoder (RFC 6455, 5.5)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from ctypes import byref, create_string_buffer, sizeof

from . import _ffi
from ._buffers import in_range, mask_key, written
from ._ffi import lib
from .errors import InvalidArgument, check
from .frame import ENTRY, Frame, Side
from .text import Close, CloseCode

Random = Callable[[int], bytes]
"""Returns the given number of unpredictable bytes, e.g. secrets.token_bytes."""


class Control:
    """Replies to control frames, and remembers the closing handshake. For one thread at a time.

    for frame in decoder.feed(data):
        to_send += control.feed(frame)
    """

    __slots__ = ("_random", "_state", "_state_ref")

    def __init__(self, side: Side = Side.SERVER, *, random: Random | None = None) -> None:
        """
        side    Which side you are.
        random  The source of a CLIENT's masking keys, 4 bytes at a time; None: the operating
                system.

        Raises InvalidArgument for another side.
        """
        if side not in (Side.SERVER, Side.CLIENT):
            raise InvalidArgument(f"{side!r} is no side")
        self._random = (random or secrets.token_bytes) if side == Side.CLIENT else None
        self._state = _ffi.Control()
        self._state_ref = byref(self._state)

    def feed(self, frame: Frame) -> bytes:
        """Processes a frame, or a chunk of one, and returns the reply to send: a pong, even
        after you sent a close (5.5.2); or a close frame in reply to the peer's, unless you sent
        one before; or b"".

        Pass all frames of Decoder.feed(), in order, but not from a decoder with keep_masked;
        data frames are ignored.

        Raises InvalidClosePayload or InvalidUtf8 if the peer's close is invalid, for every
        later frame too; then send a close frame with close(). InvalidArgument for a chunk out
        of order.
        """
        payload = frame.payload
        entry = _ffi.Frame()
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
        key = self._key() if frame.opcode.is_control else None
        out = create_string_buffer(_ffi.MAX_OUTPUT)
        size = check(
            lib.ws_control_feed(self._state_ref, byref(entry), payload, key, out, sizeof(out))
        )
        return out.raw[:size]

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> bytes:
        """A close frame, e.g. with the close_code of an error; b"" if one was sent before, also
        by feed().

        code    A code for which close_code_valid() is true, or CloseCode.NO_STATUS for none.
        reason  At most 123 bytes of UTF-8; empty with NO_STATUS.

        Raises InvalidArgument for anything else.
        """
        code = in_range("code", code, 2**16)
        text = reason.encode("utf-8", "surrogatepass")  # the library rejects surrogates
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
        return None if self._random is None else mask_key(self._random(4))
