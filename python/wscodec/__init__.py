"""WebSocket (RFC 6455, RFC 7692) over raw buffers.

Nothing here opens a socket. You pass the bytes that arrived; the package reports what they
mean, and returns the bytes to send. It has three layers, each usable without the next:

    Pieces      accept key, handshake, one frame at a time, masking, UTF-8, close payloads
    Decoder     many frames per call, payloads of any length, any split of the input
    Connection  messages, fragments, ping and pong, the closing handshake, limits,
                compression

Every error is a WsError: see wscodec.errors.
"""

from __future__ import annotations

from . import _ffi, errors
from .connection import Accepted, Connection
from .control import Control
from .decoder import Decoder
from .deflate import (
    Deflate,
    Deflater,
    deflate_accept,
    deflate_accept_value,
    deflate_confirm,
    deflate_confirm_value,
    deflate_offer,
)
from .errors import HandshakeError, NotUpgrade, ProtocolError, UsageError, WsError
from .events import Event, Message, MessagePart, Ping, Pong, State
from .frame import (
    BEGIN,
    END,
    FIN,
    MASKED,
    RSV1,
    RSV2,
    RSV3,
    Frame,
    Opcode,
    OutFrame,
    Side,
    frame_decode,
    frame_encode,
    frame_header,
    frame_missing,
    frame_size,
    frames_encode,
    mask,
    mask_in_place,
)
from .handshake import (
    MAX_FIELDS,
    MAX_HEAD,
    Handshake,
    Response,
    accept_key,
    build_reply,
    build_request,
    build_response,
    check_request,
    check_response,
    field_value,
    find_header,
    head_length,
    headers,
    make_key,
    next_header,
    origin_allowed,
    parse_handshake,
    parse_response,
    select_protocol,
    select_protocol_value,
)
from .options import COMPRESS_FROM, MAX_MESSAGE, Options
from .text import (
    Close,
    CloseCode,
    Utf8Validator,
    close_build,
    close_code_valid,
    close_parse,
)

SERVER = Side.SERVER
CLIENT = Side.CLIENT

__version__ = f"{_ffi.VERSION_MAJOR}.{_ffi.VERSION_MINOR}.{_ffi.VERSION_PATCH}"
"""The version of this package; the library may be newer."""


def library_version() -> str:
    """The version of the loaded library, e.g. "0.1.0"."""
    return str(_ffi.lib.ws_version_string().decode())


def library_path() -> str:
    """The name or path with which the library was loaded."""
    return str(_ffi.lib._name)


def library_can_deflate() -> bool:
    """Whether the loaded library supports compression."""
    return bool(_ffi.lib.ws_features() & _ffi.FEATURE_DEFLATE)


__all__ = [
    "BEGIN",
    "CLIENT",
    "COMPRESS_FROM",
    "END",
    "FIN",
    "MASKED",
    "MAX_FIELDS",
    "MAX_HEAD",
    "MAX_MESSAGE",
    "RSV1",
    "RSV2",
    "RSV3",
    "SERVER",
    "Accepted",
    "Close",
    "CloseCode",
    "Connection",
    "Control",
    "Decoder",
    "Deflate",
    "Deflater",
    "Event",
    "Frame",
    "Handshake",
    "HandshakeError",
    "Message",
    "MessagePart",
    "NotUpgrade",
    "Opcode",
    "Options",
    "OutFrame",
    "Ping",
    "Pong",
    "ProtocolError",
    "Response",
    "Side",
    "State",
    "UsageError",
    "Utf8Validator",
    "WsError",
    "accept_key",
    "build_reply",
    "build_request",
    "build_response",
    "check_request",
    "check_response",
    "close_build",
    "close_code_valid",
    "close_parse",
    "deflate_accept",
    "deflate_accept_value",
    "deflate_confirm",
    "deflate_confirm_value",
    "deflate_offer",
    "errors",
    "field_value",
    "find_header",
    "frame_decode",
    "frame_encode",
    "frame_header",
    "frame_missing",
    "frame_size",
    "frames_encode",
    "head_length",
    "headers",
    "library_can_deflate",
    "library_path",
    "library_version",
    "make_key",
    "mask",
    "mask_in_place",
    "next_header",
    "origin_allowed",
    "parse_handshake",
    "parse_response",
    "select_protocol",
    "select_protocol_value",
]
