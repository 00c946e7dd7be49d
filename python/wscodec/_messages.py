"""Messages to send, for both network layers: what kind a message is, and frames of a server,
which need no call of the library."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Union

from . import _ffi
from ._frame_headers import SHORT_HEADERS, medium_header, server_header
from .errors import InvalidArgument, renamed

if TYPE_CHECKING:
    from typing_extensions import TypeIs

TEXT, BINARY = _ffi.OPCODE_TEXT, _ffi.OPCODE_BINARY
PING, PONG = _ffi.OPCODE_PING, _ffi.OPCODE_PONG

BytesLike = (bytes, bytearray, memoryview)
"""The classes of a binary message."""

_WHOLE = (str, *BytesLike)

Data = Union[str, bytes, bytearray, memoryview]
"""A message, or a fragment of one."""

Fragments = Union[Iterable[Data], AsyncIterable[Data]]
"""The fragments of one message."""


def encoded(message: Data, text: bool | None = None) -> tuple[int, bytes]:
    """The opcode and the payload of a message.

    text  True: send it as text; bytes are then not checked to be UTF-8. False: as binary. None:
          a str as text, bytes as binary.

    Raises TypeError if it is not a message; InvalidArgument for a str with surrogates.
    """
    if isinstance(message, str):
        return BINARY if text is False else TEXT, _utf8(message)
    if not isinstance(message, BytesLike):
        raise TypeError(f"a message is str or bytes, not {type(message).__name__}")
    payload = message if isinstance(message, bytes) else memoryview(message).tobytes()
    return TEXT if text else BINARY, payload


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        why = "it has surrogates, which UTF-8 cannot have"
        raise InvalidArgument.of("message", why) from error


def is_fragments(message: Data | Fragments) -> TypeIs[Fragments]:
    """Whether it is an iterable of fragments, rather than one message.

    Raises TypeError for a mapping, whose keys are unlikely to be meant, and for anything that
    cannot be sent.
    """
    if isinstance(message, _WHOLE):
        return False
    if isinstance(message, Mapping):
        raise TypeError("a dict cannot be sent; pass its keys(), or encode it")
    if isinstance(message, (Iterable, AsyncIterable)):
        return True
    raise TypeError(
        f"a message is str, bytes or an iterable of them, not {type(message).__name__}"
    )


def ping_payload(data: Any) -> bytes:
    """The payload of a ping or pong.

    Raises TypeError if it is not str or bytes; InvalidArgument beyond 125 bytes.
    """
    with renamed(message="data"):
        payload = encoded(data)[1]
    if len(payload) > _ffi.MAX_CONTROL:
        why = f"a ping or pong has at most {_ffi.MAX_CONTROL} bytes, not {len(payload)}"
        raise InvalidArgument.of("data", why)
    return payload


# Frames of a server: whole, uncompressed and not masked.


def server_message(message: object, limit: int) -> bytes | None:
    """The frame of a message that is exactly of the class str or bytes, and whose payload has
    less than `limit` bytes; None for others. It does what encoded() and server_frame() do,
    faster.

    Raises InvalidArgument for a str with surrogates.
    """
    if type(message) is bytes:
        opcode, payload = BINARY, message
    elif type(message) is str and len(message) < limit:
        opcode, payload = TEXT, _utf8(message)
    else:
        return None
    size = len(payload)
    if size >= limit:
        return None
    if size < 126:
        return SHORT_HEADERS[opcode][size] + payload
    if size < 1 << 16:  # without another call
        return medium_header(_ffi.FIN | opcode, 126, size) + payload
    return server_header(_ffi.FIN | opcode, size) + payload


def server_frame(opcode: int, payload: bytes, rsv: int = 0) -> bytes:
    """A whole message, ping or pong of a server.

    rsv  RSV1 if the payload is compressed.
    """
    size = len(payload)
    if size < 126 and not rsv:
        return SHORT_HEADERS[opcode][size] + payload
    return server_header(_ffi.FIN | rsv | opcode, size) + payload
