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

from importlib import import_module
from typing import TYPE_CHECKING

from . import _ffi, errors
from ._library import library_can_deflate, library_path, library_version
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


if TYPE_CHECKING:
    # At run time these are imported on first use: a program without network need not wait for
    # asyncio.
    from . import asyncio as asyncio
    from . import exceptions as exceptions
    from . import http11 as http11
    from . import proxy as proxy
    from . import sync as sync
    from . import uri as uri
else:
    _ON_FIRST_USE = ("asyncio", "exceptions", "http11", "proxy", "sync", "uri")

    def __getattr__(name):
        if name in _ON_FIRST_USE:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *_ON_FIRST_USE})


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
