"""UTF-8 that arrives in parts, and the payload of a close frame."""

from __future__ import annotations

import enum
from ctypes import byref, c_uint16, c_uint32
from typing import NamedTuple, NoReturn

from . import _fast_calls, _ffi
from ._buffers import Data, in_range, number, readable, utf8, written
from ._ffi import lib
from .errors import InvalidArgument, check

_MAX_REASON = _ffi.MAX_CONTROL - 2
_code_valid = _fast_calls.declared("ws_close_code_valid")


class Utf8Validator:
    """Validates one text part by part (RFC 3629; RFC 6455, 8.1). It cannot be copied or
    pickled: a text has one reader."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = c_uint32()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a validator cannot be copied")

    def push(self, data: Data) -> None:
        """Validates the next part.

        Raises InvalidUtf8 at the first byte that no continuation can make valid, and at every
        later call.
        """
        data = readable(data)
        check(lib.ws_utf8_validate(byref(self._state), data, len(data)))

    @property
    def complete(self) -> bool:
        """Whether the text so far is valid and ends on a character boundary. Test it at the
        end of the text."""
        return self._state.value == 0


class CloseCode(enum.IntEnum):
    """Close codes (RFC 6455, 7.4.1, and those registered since). Applications may also use 3000
    to 4999."""

    NORMAL = _ffi.CLOSE_NORMAL
    """The purpose of the connection is fulfilled."""
    GOING_AWAY = _ffi.CLOSE_GOING_AWAY
    """The server shuts down, or the browser leaves the page."""
    PROTOCOL_ERROR = _ffi.CLOSE_PROTOCOL_ERROR
    """The peer violated the protocol."""
    UNSUPPORTED_DATA = _ffi.CLOSE_UNSUPPORTED_DATA
    """A type of data that cannot be accepted."""
    NO_STATUS = _ffi.CLOSE_NO_STATUS
    """Never on the wire: the close frame has no code."""
    ABNORMAL = _ffi.CLOSE_ABNORMAL
    """Never on the wire: there was no close frame."""
    INVALID_DATA = _ffi.CLOSE_INVALID_DATA
    """Data inconsistent with its type, e.g. text that is not UTF-8."""
    POLICY = _ffi.CLOSE_POLICY
    """A message that violates a policy."""
    TOO_BIG = _ffi.CLOSE_TOO_BIG
    """A message that is too big."""
    EXTENSION = _ffi.CLOSE_EXTENSION
    """Client: the server did not agree to a required extension."""
    INTERNAL_ERROR = _ffi.CLOSE_INTERNAL_ERROR
    """An unexpected condition in the server."""
    SERVICE_RESTART = _ffi.CLOSE_SERVICE_RESTART
    """The server is restarting."""
    TRY_AGAIN_LATER = _ffi.CLOSE_TRY_AGAIN_LATER
    """The server is overloaded."""
    BAD_GATEWAY = _ffi.CLOSE_BAD_GATEWAY
    """A gateway received an invalid response."""

    # The names that the package websockets has for some of them:
    NORMAL_CLOSURE = NORMAL
    NO_STATUS_RCVD = NO_STATUS
    ABNORMAL_CLOSURE = ABNORMAL
    POLICY_VIOLATION = POLICY
    MESSAGE_TOO_BIG = TOO_BIG
    MANDATORY_EXTENSION = EXTENSION


class Close(NamedTuple):
    """The contents of a close frame."""

    code: int
    """1000 ... 4999; CloseCode.NO_STATUS (1005) if the payload is empty."""
    reason: str
    """At most 123 bytes of UTF-8."""


NO_CLOSE = Close(CloseCode.ABNORMAL, "")
"""What stands for a close frame that has not arrived."""


def close_parse(payload: Data) -> Close:
    """Reads the unmasked payload of a close frame (RFC 6455, 5.5.1).

    Raises, in this order: InvalidControlFrame beyond 125 bytes; InvalidClosePayload for 1 byte
    or a code that is not allowed; InvalidUtf8 for the reason.
    """
    payload = readable(payload, "payload")
    code = c_uint16()
    reason_len = check(lib.ws_close_parse(payload, len(payload), byref(code)))
    return Close(code.value, payload[2 : 2 + reason_len].decode())


def close_build(code: int = CloseCode.NORMAL, reason: str = "") -> bytes:
    """The payload of a close frame.

    code    A code for which close_code_valid() is true, or CloseCode.NO_STATUS for an empty
            payload.
    reason  At most 123 bytes of UTF-8; empty with NO_STATUS.

    Raises InvalidArgument for anything else.
    """
    code, text = close_arguments(code, reason)
    return written(
        _ffi.MAX_CONTROL,
        lambda out, size: lib.ws_close_build(code, text, len(text), out, size),
    )


def close_arguments(code: int, reason: str) -> tuple[int, bytes]:
    """The code and the reason of a close frame to send. Raises as close_build() does."""
    code = in_range("code", code, 2**16)
    if code != CloseCode.NO_STATUS and not close_code_valid(code):
        raise InvalidArgument.of("code", f"{code} is not allowed in a close frame")
    text = utf8(reason, "reason")
    if code == CloseCode.NO_STATUS and text:
        raise InvalidArgument.of("reason", "there can be none without a code")
    if len(text) > _MAX_REASON:
        why = f"it has {len(text)} bytes in UTF-8, and {_MAX_REASON} are allowed"
        raise InvalidArgument.of("reason", why)
    return code, text


def close_code_valid(code: int) -> bool:
    """Whether this code may appear in a close frame (RFC 6455, 7.4)."""
    if type(code) is not int:
        code = number("code", code)
    return 0 <= code < 2**16 and bool(_code_valid(code))
