"""UTF-8 that arrives in pieces, and the payload of a close frame."""

from __future__ import annotations

import enum
from ctypes import byref, c_uint16, c_uint32
from typing import NamedTuple

from . import _ffi
from ._buffers import Data, in_range, readable, written
from ._ffi import lib
from .errors import check


class Utf8Validator:
    """Checks one text piece by piece (RFC 3629; RFC 6455, 8.1)."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = c_uint32()

    def push(self, data: Data) -> None:
        """Checks the next piece.

        Raises InvalidUtf8 at the first byte that no continuation can make valid, and from
        then on.
        """
        data = readable(data)
        check(lib.ws_utf8_validate(byref(self._state), data, len(data)))

    @property
    def complete(self) -> bool:
        """Whether the text so far is valid and ends on a character boundary. Test it at the
        end of the text."""
        return self._state.value == 0


class CloseCode(enum.IntEnum):
    """What close codes mean (RFC 6455, 7.4.1, and what was registered since). Applications
    may use 3000 to 4999 besides."""

    NORMAL = _ffi.CLOSE_NORMAL
    """The purpose of the connection is fulfilled."""
    GOING_AWAY = _ffi.CLOSE_GOING_AWAY
    """A server goes down, or a browser leaves the page."""
    PROTOCOL_ERROR = _ffi.CLOSE_PROTOCOL_ERROR
    """The peer broke the protocol."""
    UNSUPPORTED_DATA = _ffi.CLOSE_UNSUPPORTED_DATA
    """A type of data that cannot be accepted."""
    NO_STATUS = _ffi.CLOSE_NO_STATUS
    """Never sent: "there was no code"."""
    ABNORMAL = _ffi.CLOSE_ABNORMAL
    """Never sent: "there was no close"."""
    INVALID_DATA = _ffi.CLOSE_INVALID_DATA
    """Data that is not what it should be, e.g. text that is not UTF-8."""
    POLICY = _ffi.CLOSE_POLICY
    """A message that violates a policy."""
    TOO_BIG = _ffi.CLOSE_TOO_BIG
    """A message that is too big."""
    EXTENSION = _ffi.CLOSE_EXTENSION
    """Client: the server did not agree to a required extension."""
    INTERNAL_ERROR = _ffi.CLOSE_INTERNAL_ERROR
    """The server met an unexpected condition."""
    SERVICE_RESTART = _ffi.CLOSE_SERVICE_RESTART
    """The server restarts."""
    TRY_AGAIN_LATER = _ffi.CLOSE_TRY_AGAIN_LATER
    """The server is overloaded."""
    BAD_GATEWAY = _ffi.CLOSE_BAD_GATEWAY
    """A gateway got an invalid answer."""


class Close(NamedTuple):
    """What a close frame says."""

    code: int
    """1000 ... 4999; CloseCode.NO_STATUS (1005) if the payload is empty."""
    reason: str
    """At most 123 bytes of UTF-8."""


def close_parse(payload: Data) -> Close:
    """Reads the (unmasked) payload of a close frame (RFC 6455, 5.5.1).

    Raises InvalidClosePayload for 1 byte and for a code that must not be sent, InvalidUtf8
    for the reason, and InvalidControlFrame beyond 125 bytes.
    """
    payload = readable(payload)
    code = c_uint16()
    reason_len = check(lib.ws_close_parse(payload, len(payload), byref(code)))
    return Close(code.value, payload[2 : 2 + reason_len].decode())


def close_build(code: int = CloseCode.NORMAL, reason: str = "") -> bytes:
    """The payload of a close frame.

    code    One for which close_code_valid() is true, or CloseCode.NO_STATUS for an empty
            payload.
    reason  At most 123 bytes of UTF-8; empty with NO_STATUS.

    Raises InvalidArgument for anything else.
    """
    code = in_range("code", code, 2**16)
    text = reason.encode("utf-8", "surrogatepass")  # which the library refuses
    return written(
        _ffi.MAX_CONTROL,
        lambda out, size: lib.ws_close_build(code, text, len(text), out, size),
    )


def close_code_valid(code: int) -> bool:
    """Whether this code may appear in a close frame (RFC 6455, 7.4)."""
    return 0 <= code < 2**16 and bool(lib.ws_close_code_valid(code))
