"""Errors: one exception class for each error code of the library.

Catch WsError for everything, or one of its three families: UsageError, HandshakeError and
ProtocolError. Each has the close code and the HTTP status that report it to the peer.

Some have a second name, that of the package websockets: it is in wscodec.exceptions,
wscodec.asyncio and wscodec.sync. A traceback shows the name that is used here.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, ClassVar

from . import _ffi
from ._ffi import lib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .handshake import Handshake, Response


class WebSocketException(Exception):
    """The base of every exception of this package."""


class InvalidHandshake(WebSocketException):
    """The opening handshake failed, be it with the peer (HandshakeError) or with a proxy."""


class WsError(WebSocketException):
    """An error of the library. The class itself is raised only for an unknown error code."""

    CODE: ClassVar[int] = 0

    code: int
    """The error code, negative: one of WS_ERR_*."""

    def __init__(self, message: str = "", code: int | None = None) -> None:
        self.code = self.CODE if code is None else code
        super().__init__(message or lib.ws_strerror(self.code).decode())

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (type(self), self.args), self.__dict__

    @property
    def name(self) -> str:
        """The name of the constant in C, e.g. "WS_ERR_UTF8"."""
        return str(lib.ws_errname(self.code).decode())

    @property
    def close_code(self) -> int:
        """The close code that reports the error to the peer (RFC 6455, 7.4.1)."""
        return int(lib.ws_close_code_for(self.code))

    @property
    def http_status(self) -> int:
        """The HTTP status that rejects a request with this error."""
        return int(lib.ws_http_status(self.code))


def _again(class_: type[WsError], args: tuple[object, ...]) -> WsError:
    """A copy, without attributes. `args` are not the arguments of __init__()."""
    return class_.__new__(class_, *args)


class UsageError(WsError):
    """An error of the caller or of the system; nothing has changed."""


class HandshakeError(WsError, InvalidHandshake):
    """The opening handshake was rejected."""

    _request: Handshake | None = None
    _response: Response | None = None

    @property
    def request(self) -> Handshake | None:
        """Server: the request, not judged: its key may be None or invalid. None if its head is
        malformed or incomplete, and on a client."""
        return self._request

    @property
    def response(self) -> Response | None:
        """Client: the response, likewise. None on a server."""
        return self._response


class ProtocolError(WsError):
    """The peer violated the protocol."""


class InvalidArgument(UsageError, ValueError):
    """An argument is invalid: an unknown flag, a value out of range. The text says which."""

    CODE = _ffi.ERR_INVALID_ARGUMENT

    argument: str = ""
    """The name of the argument with which the text starts; "" if it starts otherwise."""
    why: str = ""
    """The text after the name."""

    @classmethod
    def of(cls, argument: str, why: str) -> InvalidArgument:
        """The exception for this argument."""
        error = cls(f"{argument}: {why}")
        error.argument, error.why = argument, why
        return error


class BufferTooSmall(UsageError):
    """The output buffer is too small; nothing was written."""

    CODE = _ffi.ERR_BUFFER_TOO_SMALL


class InvalidState(UsageError):
    """Not allowed in the current state, e.g. data after a close."""

    CODE = _ffi.ERR_INVALID_STATE


class NoMemory(UsageError):
    """Out of memory."""

    CODE = _ffi.ERR_NO_MEMORY


class Unsupported(UsageError):
    """A feature or option that this build of the library does not have."""

    CODE = _ffi.ERR_UNSUPPORTED


class NoRandomness(UsageError):
    """The source of random bytes failed."""

    CODE = _ffi.ERR_RANDOM


class HttpSyntax(HandshakeError):
    """The head violates the grammar of HTTP/1.1 (RFC 9112). Also called InvalidMessage."""

    CODE = _ffi.ERR_HTTP_SYNTAX


class HttpTooLarge(HandshakeError):
    """The head exceeds 65,536 bytes or 256 fields."""

    CODE = _ffi.ERR_HTTP_TOO_LARGE


class NotUpgrade(HandshakeError):
    """A valid HTTP request, but not a WebSocket upgrade: it is left to you."""

    CODE = _ffi.ERR_NOT_UPGRADE

    def __init__(self, request: Handshake) -> None:
        super().__init__()
        self._request = request

    @property
    def request(self) -> Handshake:
        """The request. Its key is unchecked."""
        assert self._request is not None
        return self._request


class HttpMethod(HandshakeError):
    """The method of an upgrade is not GET (HTTP/2 and HTTP/3: not CONNECT)."""

    CODE = _ffi.ERR_HTTP_METHOD


class HttpVersion(HandshakeError):
    """The HTTP version of an upgrade is not 1.1."""

    CODE = _ffi.ERR_HTTP_VERSION


class HandshakeHost(HandshakeError):
    """Host is missing, repeated or invalid, or differs from the host of the target."""

    CODE = _ffi.ERR_HANDSHAKE_HOST


class HandshakeKey(HandshakeError):
    """Sec-WebSocket-Key is missing, repeated, or not the base64 of 16 bytes."""

    CODE = _ffi.ERR_HANDSHAKE_KEY


class HandshakeVersion(HandshakeError):
    """Sec-WebSocket-Version is missing, repeated, or not 13."""

    CODE = _ffi.ERR_HANDSHAKE_VERSION


class HandshakeStatus(HandshakeError):
    """Client: the status of the response is not 101 (HTTP/2 and HTTP/3: not 2xx). Also called
    InvalidStatus."""

    CODE = _ffi.ERR_HANDSHAKE_STATUS

    @property
    def response(self) -> Response:
        """The response. After a 1xx, another one follows its head."""
        assert self._response is not None
        return self._response

    @property
    def status(self) -> int:
        """The status of the response."""
        return self.response.status

    def __init__(self, response: Response) -> None:
        status = f"{response.status} {response.reason}".rstrip()
        super().__init__(f"the server did not accept the connection: {status}")
        self._response = response


class HandshakeAccept(HandshakeError):
    """Client: Sec-WebSocket-Accept, Upgrade or Connection is missing or invalid."""

    CODE = _ffi.ERR_HANDSHAKE_ACCEPT


class HandshakeProtocol(HandshakeError):
    """Client: the server chose a subprotocol that was not offered. Server: the client offers
    none of your subprotocols, and need_protocol is set."""

    CODE = _ffi.ERR_HANDSHAKE_PROTOCOL


class ExtensionError(HandshakeError):
    """Sec-WebSocket-Extensions is malformed (RFC 6455, 9.1). Client: or an extension was not
    offered, or was confirmed twice or with invalid parameters."""

    CODE = _ffi.ERR_EXTENSION


class HandshakeOrigin(HandshakeError):
    """Server: the origin of the page is not one that you allow. Also called InvalidOrigin."""

    CODE = _ffi.ERR_HANDSHAKE_ORIGIN


class ReservedBits(ProtocolError):
    """A reserved bit is set that no agreed extension uses (RFC 6455, 5.2)."""

    CODE = _ffi.ERR_RESERVED_BITS


class ReservedOpcode(ProtocolError):
    """The opcode is reserved (5.2)."""

    CODE = _ffi.ERR_OPCODE


class InvalidLength(ProtocolError):
    """The payload length is not minimal, or has its top bit set (5.2)."""

    CODE = _ffi.ERR_LENGTH


class InvalidMask(ProtocolError):
    """A frame is masked that must not be, or the reverse (5.1)."""

    CODE = _ffi.ERR_MASK


class InvalidControlFrame(ProtocolError):
    """A control frame is fragmented, or its payload is longer than 125 bytes (5.5)."""

    CODE = _ffi.ERR_CONTROL_FRAME


class InvalidFragmentation(ProtocolError):
    """A continuation without a message, or a new message inside a fragmented one (5.4)."""

    CODE = _ffi.ERR_FRAGMENTATION


class InvalidClosePayload(ProtocolError):
    """A close payload is 1 byte long, or its code is not allowed (7.4)."""

    CODE = _ffi.ERR_CLOSE_PAYLOAD


class InvalidUtf8(ProtocolError, ValueError):
    """A text message or the reason of a close is not valid UTF-8 (8.1)."""

    CODE = _ffi.ERR_UTF8


class TooBig(ProtocolError):
    """A frame or message exceeds a limit that you set. Also called PayloadTooBig."""

    CODE = _ffi.ERR_TOO_BIG


class CompressionError(ProtocolError):
    """Compressed data is damaged (RFC 7692)."""

    CODE = _ffi.ERR_COMPRESSION


class UnexpectedEof(ProtocolError, EOFError):
    """The stream ended inside a frame or message; for a connection, also without a close."""

    CODE = _ffi.ERR_EOF


_FAMILIES: tuple[type[WsError], ...] = (UsageError, HandshakeError, ProtocolError)
_CLASSES: dict[int, type[WsError]] = {
    class_.CODE: class_ for family in _FAMILIES for class_ in family.__subclasses__()
}


def error_for(code: int) -> WsError:
    """The exception for a negative result. It has only the code."""
    class_ = _CLASSES.get(code, WsError)
    error = class_.__new__(class_)
    WsError.__init__(error, code=code)
    return error


def check(result: int, argument: str = "", why: str = "") -> int:
    """Returns a count; raises the exception for a negative result.

    argument  The only argument that the call can find invalid.
    why       What is then wrong with it.
    """
    if result < 0:
        if argument and result == _ffi.ERR_INVALID_ARGUMENT:
            raise InvalidArgument.of(argument, why)
        raise error_for(result)
    return result


@contextlib.contextmanager
def renamed(**names: str) -> Iterator[None]:
    """For functions that pass arguments on under other names: an InvalidArgument gets the name
    that the caller knows."""
    try:
        yield
    except InvalidArgument as error:
        if error.argument not in names:
            raise
        raise InvalidArgument.of(names[error.argument], error.why) from None
