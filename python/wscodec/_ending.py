"""The state of a network connection, and how it ended."""

from __future__ import annotations

import enum

from .errors import TooBig
from .exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from .text import Close, CloseCode

_NORMAL = (CloseCode.NORMAL, CloseCode.GOING_AWAY, CloseCode.NO_STATUS)


class State(enum.IntEnum):
    """The state of a connection (RFC 6455, 4 and 7.1)."""

    CONNECTING = 0
    """The opening handshake is in progress."""
    OPEN = 1
    """Messages can be sent and received."""
    CLOSING = 2
    """A close was sent or received, or an error has ended the connection."""
    CLOSED = 3
    """The TCP connection is closed."""


def too_big(announced: int) -> TooBig:
    """The error for a frame or message of this length, announced or reached."""
    return TooBig(f"a frame or message of {announced} bytes exceeds the limit")


class Ending:
    """How a connection ended, as far as it is known."""

    __slots__ = ("cause", "last_frame", "rcvd", "rcvd_then_sent", "sent")

    def __init__(self) -> None:
        self.rcvd: Close | None = None
        self.sent: Close | None = None
        self.rcvd_then_sent: bool | None = None
        self.cause: BaseException | None = None
        self.last_frame: bytes | None = None  # waits until a handler of asyncio has replied

    def blame(self, cause: BaseException | None) -> None:
        """Records the cause, unless another one came first. What happens after both close
        frames, such as a reset of TCP, is not a cause."""
        if self.cause is None and (self.rcvd is None or self.sent is None):
            self.cause = cause

    def exception(self) -> ConnectionClosed:
        """A new exception that tells of the end."""
        is_normal = (
            self.rcvd is not None
            and self.sent is not None
            and self.rcvd.code in _NORMAL
            and self.sent.code in _NORMAL
        )
        class_ = ConnectionClosedOK if is_normal else ConnectionClosedError
        error = class_(self.rcvd, self.sent, self.rcvd_then_sent)
        error.__cause__ = self.cause
        return error
