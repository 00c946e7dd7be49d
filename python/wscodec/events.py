"""What a connection reports: messages, pings, pongs, the close; and its state."""

from __future__ import annotations

import enum
from typing import NamedTuple, Union

from . import _ffi
from .frame import Opcode
from .text import Close


class Message(NamedTuple):
    """A whole message."""

    data: str | bytes
    """str for a text, bytes for a binary message. bytes also for a text with decode_text=False,
    and for one that was not checked, because check_utf8 is off or it has reserved bits."""
    opcode: Opcode
    """Opcode.TEXT or Opcode.BINARY: conn.send(message.opcode, message.data) is an echo."""
    rsv: int = 0
    """The bits of RSV1, RSV2 and RSV3 that were set, if allow_rsv accepts them."""


class MessagePart(NamedTuple):
    """A part of a message, with `stream`. Attach no meaning to where a message is split."""

    data: str | bytes
    """Its bytes, also for a text: a part may end inside a character. With decode_text=True the
    part of a text is a str: the start of a character that is cut comes with the next part. May
    be empty."""
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
    """An error was raised, or data_to_send() has returned the close frame that reports it."""
