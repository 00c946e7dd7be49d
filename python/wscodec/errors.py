"""What can go wrong: one exception class for each error code of the library.

Catch WsError for everything, or one of its three families: UsageError, HandshakeError and
ProtocolError. Each carries what to tell the peer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from . import _ffi
from ._ffi import lib

if TYPE_CHECKING:
    from .handshake import Handshake, Response


class WsError(Exception):
    """An error of the library. Of this very class only if its code is not known here."""

    CODE: ClassVar[int] = 0

    code: int
    """The number that C sees, negative: one of WS_ERR_*."""

    def __init__(self, message: str = "", code: int | None = None) -> None:
        self.code = self.CODE if code is None else code
        super().__init__(message or lib.ws_strerror(self.code).decode())

    @property
    def name(self) -> str:
        """The constant's name in C, e.g. "WS_ERR_UTF8"."""
        return str(lib.ws_errname(self.code).decode())

    @property
    def close_code(self) -> int:
        """The code of the close frame that tells the peer (RFC 6455, 7.4.1)."""
        return int(lib.ws_close_code_for(self.code))

    @property
    def http_status(self) -> int:
        """The HTTP status that answers a handshake which failed like this."""
        return int(lib.ws_http_status(self.code))


class UsageError(WsError):
    """The caller made a mistake, or the system failed; nothing has changed."""


class HandshakeError(WsError):
    """The opening handshake is not acceptable."""


class ProtocolError(WsError):
    """The peer broke the protocol."""


class InvalidArgument(UsageError, ValueError):
    """An argument is invalid: an unknown flag, a value out of range."""

    CODE = _ffi.ERR_INVALID_ARGUMENT


class BufferTooSmall(UsageError):
    """The output buffer is too small; nothing was written."""

    CODE = _ffi.ERR_BUFFER_TOO_SMALL


class InvalidState(UsageError):
    """Not now, e.g. data after close."""

    CODE = _ffi.ERR_INVALID_STATE


class NoMemory(UsageError):
    """The allocator gave no memory."""

    CODE = _ffi.ERR_NO_MEMORY


class Unsupported(UsageError):
    """A feature or option that is not in this build of the library."""

    CODE = _ffi.ERR_UNSUPPORTED


class NoRandomness(UsageError):
    """The system gave no random bytes."""

    CODE = _ffi.ERR_RANDOM


class HttpSyntax(HandshakeError):
    """The head breaks the grammar of HTTP/1.1 (RFC 9112)."""

    CODE = _ffi.ERR_HTTP_SYNTAX


class HttpTooLarge(HandshakeError):
    """The head is beyond 65,536 bytes or 256 fields."""

    CODE = _ffi.ERR_HTTP_TOO_LARGE


class NotUpgrade(HandshakeError):
    """Valid HTTP, but asks for no WebSocket: an ordinary request for you to answer."""

    CODE = _ffi.ERR_NOT_UPGRADE

    def __init__(self, request: Handshake) -> None:
        super().__init__()
        self.request = request
        """What is asked for. Its key is unchecked."""


class HttpMethod(HandshakeError):
    """An upgrade, but not by GET."""

    CODE = _ffi.ERR_HTTP_METHOD


class HttpVersion(HandshakeError):
    """An upgrade, but not by HTTP/1.1."""

    CODE = _ffi.ERR_HTTP_VERSION


class HandshakeHost(HandshakeError):
    """Host is missing, invalid or repeated, or is not the target's."""

    CODE = _ffi.ERR_HANDSHAKE_HOST


class HandshakeKey(HandshakeError):
    """Sec-WebSocket-Key is missing, repeated, or not the base64 of 16 bytes."""

    CODE = _ffi.ERR_HANDSHAKE_KEY


class HandshakeVersion(HandshakeError):
    """Sec-WebSocket-Version is not 13, once."""

    CODE = _ffi.ERR_HANDSHAKE_VERSION


class HandshakeStatus(HandshakeError):
    """Client: the answer is not a 101."""

    CODE = _ffi.ERR_HANDSHAKE_STATUS

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response
        """The answer. After a 1xx another one follows its head."""


class HandshakeAccept(HandshakeError):
    """Client: wrong Sec-WebSocket-Accept, Upgrade or Connection."""

    CODE = _ffi.ERR_HANDSHAKE_ACCEPT


class HandshakeProtocol(HandshakeError):
    """Client: the subprotocol was not offered. Server: the client offers none of ours, and
    one was needed."""

    CODE = _ffi.ERR_HANDSHAKE_PROTOCOL


class ExtensionError(HandshakeError):
    """Sec-WebSocket-Extensions is malformed (RFC 6455, 9.1). Client: also an extension that
    was not offered, or is invalid."""

    CODE = _ffi.ERR_EXTENSION


class HandshakeOrigin(HandshakeError):
    """Server: the Origin is none of those that are allowed."""

    CODE = _ffi.ERR_HANDSHAKE_ORIGIN


class ReservedBits(ProtocolError):
    """A reserved bit is set that no extension explains (RFC 6455, 5.2)."""

    CODE = _ffi.ERR_RESERVED_BITS


class ReservedOpcode(ProtocolError):
    """A reserved opcode (5.2)."""

    CODE = _ffi.ERR_OPCODE


class InvalidLength(ProtocolError):
    """A length that is not minimal, or with its top bit set (5.2)."""

    CODE = _ffi.ERR_LENGTH


class InvalidMask(ProtocolError):
    """A frame is masked, or unmasked, when it must not be (5.1)."""

    CODE = _ffi.ERR_MASK


class InvalidControlFrame(ProtocolError):
    """A control frame is fragmented, or longer than 125 bytes (5.5)."""

    CODE = _ffi.ERR_CONTROL_FRAME


class InvalidFragmentation(ProtocolError):
    """A continuation without a start, or a start inside a message (5.4)."""

    CODE = _ffi.ERR_FRAGMENTATION


class InvalidClosePayload(ProtocolError):
    """A close payload of 1 byte, or with a code that is not allowed (7.4)."""

    CODE = _ffi.ERR_CLOSE_PAYLOAD


class InvalidUtf8(ProtocolError, ValueError):
    """A text or the reason of a close is not UTF-8 (8.1)."""

    CODE = _ffi.ERR_UTF8


class TooBig(ProtocolError):
    """Larger than a limit you set."""

    CODE = _ffi.ERR_TOO_BIG


class CompressionError(ProtocolError):
    """Compressed data is damaged (RFC 7692)."""

    CODE = _ffi.ERR_COMPRESSION


class UnexpectedEof(ProtocolError, EOFError):
    """The stream ended in mid-frame or mid-message."""

    CODE = _ffi.ERR_EOF


_FAMILIES: tuple[type[WsError], ...] = (UsageError, HandshakeError, ProtocolError)
_CLASSES: dict[int, type[WsError]] = {
    class_.CODE: class_ for family in _FAMILIES for class_ in family.__subclasses__()
}


def error_for(code: int) -> WsError:
    """The exception for a negative result. It carries nothing but the code."""
    class_ = _CLASSES.get(code, WsError)
    error = class_.__new__(class_)
    WsError.__init__(error, code=code)
    return error


def check(result: int) -> int:
    """Returns a count; raises the exception for a negative result."""
    if result < 0:
        raise error_for(result)
    return result
