"""The exceptions of wscodec.asyncio and wscodec.sync.

Errors in bytes are those of wscodec.errors; here they also have the names that the package
websockets gives them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import (
    HandshakeOrigin,
    HandshakeStatus,
    HttpSyntax,
    InvalidHandshake,
    InvalidState,
    ProtocolError,
    TooBig,
    WebSocketException,
    WsError,
)
from .text import NO_CLOSE, Close, CloseCode

if TYPE_CHECKING:
    from .handshake import Response

__all__ = [
    "ConcurrencyError",
    "ConnectionClosed",
    "ConnectionClosedError",
    "ConnectionClosedOK",
    "InvalidHandshake",
    "InvalidMessage",
    "InvalidOrigin",
    "InvalidProxy",
    "InvalidProxyMessage",
    "InvalidProxyStatus",
    "InvalidState",
    "InvalidStatus",
    "InvalidURI",
    "PayloadTooBig",
    "ProtocolError",
    "ProxyError",
    "SecurityError",
    "WebSocketException",
    "WsError",
]

InvalidMessage = HttpSyntax
InvalidOrigin = HandshakeOrigin
InvalidStatus = HandshakeStatus
PayloadTooBig = TooBig


class ConnectionClosed(WebSocketException):
    """The connection is closed: nothing more can be received or sent. It is the base of the two
    classes below. `__cause__` is the error that ended the connection, if there was one."""

    rcvd: Close | None
    """The peer's close frame; None if none has arrived."""
    sent: Close | None
    """The close frame that was sent; None if none was."""
    rcvd_then_sent: bool | None
    """Whether the peer's close frame came first; None unless there are both."""

    def __init__(
        self, rcvd: Close | None, sent: Close | None, rcvd_then_sent: bool | None = None
    ) -> None:
        super().__init__(rcvd, sent, rcvd_then_sent)
        self.rcvd, self.sent, self.rcvd_then_sent = rcvd, sent, rcvd_then_sent

    def __str__(self) -> str:
        if self.rcvd is None and self.sent is None:
            return "no close frame received or sent"
        if self.rcvd is None:
            return f"sent {_shown(self.sent)}; no close frame received"
        if self.sent is None:
            return f"received {_shown(self.rcvd)}; no close frame sent"
        received, sent = f"received {_shown(self.rcvd)}", f"sent {_shown(self.sent)}"
        return f"{received}; then {sent}" if self.rcvd_then_sent else f"{sent}; then {received}"

    @property
    def code(self) -> int:
        """The code of the peer's close frame; CloseCode.ABNORMAL (1006) if none has arrived."""
        return (self.rcvd or NO_CLOSE).code

    @property
    def reason(self) -> str:
        """The reason in the peer's close frame; "" if none has arrived."""
        return (self.rcvd or NO_CLOSE).reason


class ConnectionClosedOK(ConnectionClosed):
    """Both close frames were exchanged, each with the code 1000, 1001, or none."""


class ConnectionClosedError(ConnectionClosed):
    """The connection ended in any other way: another code, an error in what the peer sent, or
    without a closing handshake."""


class ConcurrencyError(WebSocketException, RuntimeError):
    """Two tasks or threads receive at the same time. In wscodec.sync also: a message cannot be
    sent while another thread sends one in fragments, nor a ping with the data of one that waits
    for its pong."""


class SecurityError(HandshakeStatus):
    """A redirection that is not followed: from wss to ws, one too many, or to another server
    although the address of this one was given. `response` is the redirection."""

    def __init__(self, response: Response, why: str) -> None:
        super().__init__(response)
        self.args = (why,)


class InvalidURI(WebSocketException, ValueError):
    """The URI of a server is not a valid ws:// or wss:// URI (RFC 6455, 3)."""

    def __init__(self, uri: str, msg: str) -> None:
        super().__init__(uri, msg)
        self.uri, self.msg = uri, msg

    def __str__(self) -> str:
        return f"{self.uri!r} is not a valid WebSocket URI: {self.msg}"


class InvalidProxy(WebSocketException, ValueError):
    """The URL of a proxy is invalid, or of a kind that is not supported."""

    def __init__(self, proxy: str, msg: str) -> None:
        super().__init__(proxy, msg)
        self.proxy, self.msg = proxy, msg

    def __str__(self) -> str:
        return f"{self.proxy!r} is not a valid proxy: {self.msg}"


class ProxyError(InvalidHandshake, ConnectionError):
    """The proxy did not open a connection to the server."""


class InvalidProxyMessage(ProxyError):
    """An HTTP proxy did not send a valid response to CONNECT."""


class InvalidProxyStatus(ProxyError):
    """An HTTP proxy rejected CONNECT (RFC 9110, 9.3.6)."""

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.response = response

    @property
    def status(self) -> int:
        """The status of the response."""
        return self.response.status

    def __str__(self) -> str:
        status = f"{self.response.status} {self.response.reason}".rstrip()
        return f"the proxy rejects the connection: {status}"


def _shown(close: Close | None) -> str:
    """E.g. "1001 (going away) bye"."""
    assert close is not None
    code, reason = close
    try:
        name = f" ({CloseCode(code).name.lower().replace('_', ' ')})"
    except ValueError:
        name = ""
    return f"{code}{name} {reason}".rstrip()
