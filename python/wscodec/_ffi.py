"""The C declarations of wscodec.h, in its order, and the loaded library.

Everything here mirrors the header, which describes it.
"""

from __future__ import annotations

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char_p,
    c_int,
    c_size_t,
    c_ssize_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any

from ._load import ABI, load

VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH = 0, 1, 0

FEATURE_DEFLATE = 0x1

TYPE_HANDSHAKE = 1
TYPE_RESPONSE = 2
TYPE_REQUEST_SPEC = 3
TYPE_RESPONSE_SPEC = 4
TYPE_FRAME = 5
TYPE_DECODER = 6
TYPE_OUT_FRAME = 7
TYPE_PMD_PARAMS = 8
TYPE_ALLOCATOR = 9
TYPE_ACCEPT_SPEC = 10
TYPE_EVENT = 11
TYPE_REQUEST_FIELDS = 12
TYPE_RESPONSE_FIELDS = 13
TYPE_ACCEPTED = 14
TYPE_CONTROL = 15
TYPE_CONN = 16

OK = 0
ERR_INVALID_ARGUMENT = -1
ERR_BUFFER_TOO_SMALL = -2
ERR_INVALID_STATE = -3
ERR_NO_MEMORY = -4
ERR_UNSUPPORTED = -5
ERR_RANDOM = -6
ERR_HTTP_SYNTAX = -20
ERR_HTTP_TOO_LARGE = -21
ERR_NOT_UPGRADE = -22
ERR_HTTP_METHOD = -23
ERR_HTTP_VERSION = -24
ERR_HANDSHAKE_HOST = -25
ERR_HANDSHAKE_KEY = -26
ERR_HANDSHAKE_VERSION = -27
ERR_HANDSHAKE_STATUS = -28
ERR_HANDSHAKE_ACCEPT = -29
ERR_HANDSHAKE_PROTOCOL = -30
ERR_EXTENSION = -31
ERR_HANDSHAKE_ORIGIN = -32
ERR_RESERVED_BITS = -40
ERR_OPCODE = -41
ERR_LENGTH = -42
ERR_MASK = -43
ERR_CONTROL_FRAME = -44
ERR_FRAGMENTATION = -45
ERR_CLOSE_PAYLOAD = -46
ERR_UTF8 = -47
ERR_TOO_BIG = -48
ERR_COMPRESSION = -49
ERR_EOF = -50

KEY_LEN = 24
ACCEPT_LEN = 28
MAX_HEAD = 65536
MAX_FIELDS = 256

OPCODE_CONTINUATION = 0x0
OPCODE_TEXT = 0x1
OPCODE_BINARY = 0x2
OPCODE_CLOSE = 0x8
OPCODE_PING = 0x9
OPCODE_PONG = 0xA

FIN = 0x80
RSV1 = 0x40
RSV2 = 0x20
RSV3 = 0x10
MASKED = 0x01
BEGIN = 0x02
END = 0x04

MAX_HEADER = 14
MAX_CONTROL = 125

SERVER = 0x00
CLIENT = 0x01
DEFLATE = 0x02
ANY_MASK = 0x04
KEEP_MASKED = 0x08
ANY_RSV = 0x10

CLOSE_NORMAL = 1000
CLOSE_GOING_AWAY = 1001
CLOSE_PROTOCOL_ERROR = 1002
CLOSE_UNSUPPORTED_DATA = 1003
CLOSE_NO_STATUS = 1005
CLOSE_ABNORMAL = 1006
CLOSE_INVALID_DATA = 1007
CLOSE_POLICY = 1008
CLOSE_TOO_BIG = 1009
CLOSE_EXTENSION = 1010
CLOSE_INTERNAL_ERROR = 1011
CLOSE_SERVICE_RESTART = 1012
CLOSE_TRY_AGAIN_LATER = 1013
CLOSE_BAD_GATEWAY = 1014

MAX_CONN = 256

OPT_MAX_MESSAGE = 1
OPT_STREAM = 2
OPT_AUTO_PONG = 3
OPT_CHECK_UTF8 = 4
OPT_KEEP_BUFFER = 5
OPT_MAX_FRAME = 6
OPT_ANY_MASK = 7
OPT_AUTO_CLOSE = 8
OPT_ALLOW_RSV = 9
OPT_COMPRESS_FROM = 10

INFO_CLOSE_SENT = 100
INFO_CLOSE_RECEIVED = 101
INFO_CLOSED_BY_PEER = 102
INFO_SENDING = 103
INFO_RECEIVING = 104
INFO_ANNOUNCED = 105
INFO_BUFFERED = 106

EVENT_FIRST = 0x1
EVENT_LAST = 0x2
EVENT_COLLECTED = 0x4
EVENT_FRAME_END = 0x8

MAX_OUTPUT = 139

SEND_MORE = 0x1
SEND_PLAIN = 0x2

STATE_OPEN = 0
STATE_CLOSING = 1
STATE_CLOSED = 2
STATE_FAILED = 3

ACCEPT_NEED_PROTOCOL = 0x1
MAX_REPLY = 512


class Span(Structure):
    """ws_span"""

    _fields_ = [("off", c_uint32), ("len", c_uint32)]


class Handshake(Structure):
    """ws_handshake"""

    _fields_ = [
        ("method", Span),
        ("target", Span),
        ("host", Span),
        ("origin", Span),
        ("key", Span),
        ("head_len", c_uint32),
        ("http_version", c_uint32),
    ]


class Bytes(Structure):
    """ws_bytes"""

    _fields_ = [("data", c_char_p), ("len", c_size_t)]


class ResponseSpec(Structure):
    """ws_response_spec"""

    _fields_ = [
        ("key", Bytes),
        ("protocol", Bytes),
        ("extensions", Bytes),
        ("headers", Bytes),
    ]


class RequestSpec(Structure):
    """ws_request_spec"""

    _fields_ = [
        ("host", Bytes),
        ("target", Bytes),
        ("key", Bytes),
        ("origin", Bytes),
        ("protocols", Bytes),
        ("extensions", Bytes),
        ("headers", Bytes),
    ]


class Response(Structure):
    """ws_response"""

    _fields_ = [
        ("protocol", Span),
        ("extensions", Span),
        ("head_len", c_uint32),
        ("status", c_uint16),
        ("http_version", c_uint16),
        ("reason", Span),
    ]


class RequestFields(Structure):
    """ws_request_fields"""

    _fields_ = [
        ("method", Bytes),
        ("host", Bytes),
        ("upgrade", Bytes),
        ("connection", Bytes),
        ("key", Bytes),
        ("version", Bytes),
        ("origin", Bytes),
        ("extensions", Bytes),
        ("content_length", Bytes),
        ("transfer_encoding", Bytes),
        ("connect_protocol", Bytes),
        ("origins", Bytes),
        ("http_version", c_uint32),
        ("reserved", c_uint32),
    ]


class ResponseFields(Structure):
    """ws_response_fields"""

    _fields_ = [
        ("upgrade", Bytes),
        ("connection", Bytes),
        ("accept", Bytes),
        ("protocol", Bytes),
        ("extensions", Bytes),
        ("key", Bytes),
        ("offered_protocols", Bytes),
        ("offered_extensions", Bytes),
        ("http_version", c_uint32),
        ("status", c_uint16),
        ("reserved", c_uint16),
    ]


class Frame(Structure):
    """ws_frame"""

    _fields_ = [
        ("payload_len", c_uint64),
        ("chunk_pos", c_uint64),
        ("chunk_off", c_uint64),
        ("chunk_len", c_uint64),
        ("mask_key", c_uint8 * 4),
        ("opcode", c_uint8),
        ("flags", c_uint8),
        ("header_len", c_uint8),
        ("message_opcode", c_uint8),
    ]


FRAME = "=QQQQ4sBBBB"
"""ws_frame for the struct module, which reads arrays of it much faster."""


class Decoder(Structure):
    """ws_decoder"""

    _fields_ = [("opaque", c_uint64 * 8)]


class OutFrame(Structure):
    """ws_out_frame"""

    _fields_ = [
        ("payload", c_void_p),
        ("payload_len", c_size_t),
        ("mask_key", c_uint8 * 4),
        ("opcode", c_uint8),
        ("flags", c_uint8),
        ("reserved", c_uint8 * 2),
    ]


OUT_FRAME = "@PN4sBB2x"
"""ws_out_frame for the struct module."""


class Control(Structure):
    """ws_control"""

    _fields_ = [("opaque", c_uint64 * 18)]


class PmdParams(Structure):
    """ws_pmd_params"""

    _fields_ = [
        ("server_no_context_takeover", c_uint8),
        ("client_no_context_takeover", c_uint8),
        ("server_max_window_bits", c_uint8),
        ("client_max_window_bits", c_uint8),
        ("level", c_uint8),
        ("mem_level", c_uint8),
        ("reserved", c_uint8 * 2),
    ]


class Allocator(Structure):
    """ws_allocator"""

    _fields_ = [
        ("alloc", CFUNCTYPE(c_void_p, c_void_p, c_size_t, c_size_t)),
        (
            "resize",
            CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t, c_size_t, c_size_t),
        ),
        ("free", CFUNCTYPE(None, c_void_p, c_void_p, c_size_t, c_size_t)),
        ("user", c_void_p),
    ]


class Event(Structure):
    """ws_event"""

    _fields_ = [
        ("off", c_uint64),
        ("len", c_uint64),
        ("opcode", c_uint16),
        ("flags", c_uint16),
        ("close_code", c_uint16),
        ("reserved", c_uint16),
    ]


EVENT = "=QQHHHH"
"""ws_event for the struct module."""


class AcceptSpec(Structure):
    """ws_accept_spec"""

    _fields_ = [
        ("protocols", Bytes),
        ("headers", Bytes),
        ("pmd", POINTER(PmdParams)),
        ("allocator", POINTER(Allocator)),
        ("origins", Bytes),
        ("flags", c_uint32),
        ("reserved", c_uint32),
    ]


class Accepted(Structure):
    """ws_accepted"""

    _fields_ = [
        ("conn", c_void_p),
        ("error", c_ssize_t),
        ("head_len", c_uint32),
        ("protocol", Span),
        ("reserved", c_uint32),
    ]


SIZES = {
    TYPE_HANDSHAKE: Handshake,
    TYPE_RESPONSE: Response,
    TYPE_REQUEST_SPEC: RequestSpec,
    TYPE_RESPONSE_SPEC: ResponseSpec,
    TYPE_FRAME: Frame,
    TYPE_DECODER: Decoder,
    TYPE_OUT_FRAME: OutFrame,
    TYPE_PMD_PARAMS: PmdParams,
    TYPE_ALLOCATOR: Allocator,
    TYPE_ACCEPT_SPEC: AcceptSpec,
    TYPE_EVENT: Event,
    TYPE_REQUEST_FIELDS: RequestFields,
    TYPE_RESPONSE_FIELDS: ResponseFields,
    TYPE_ACCEPTED: Accepted,
    TYPE_CONTROL: Control,
}
"""The structs of ws_sizeof(), except TYPE_CONN, which is opaque."""

RandomFunction = CFUNCTYPE(c_int, c_void_p, c_void_p, c_size_t)
"""The type of the function that ws_conn_set_random() expects."""

c_result = c_ssize_t
"""ws_result"""

# Buffers and structs at any address are c_void_p, which accepts bytes, byref(), an address and
# None, and is faster than a typed pointer.
PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "ws_version": (c_uint32, []),
    "ws_version_string": (c_char_p, []),
    "ws_features": (c_uint32, []),
    "ws_sizeof": (c_size_t, [c_int]),
    "ws_strerror": (c_char_p, [c_result]),
    "ws_errname": (c_char_p, [c_result]),
    "ws_close_code_for": (c_uint16, [c_result]),
    "ws_http_status": (c_uint16, [c_result]),
    "ws_accept_key": (c_result, [c_void_p, c_size_t, c_void_p, c_size_t]),
    "ws_parse_handshake": (c_result, [c_void_p, c_size_t, POINTER(Handshake), c_size_t]),
    "ws_head_length": (c_result, [c_void_p, c_size_t, POINTER(c_size_t)]),
    "ws_next_header": (
        c_result,
        [c_void_p, c_size_t, POINTER(c_size_t), POINTER(Span), POINTER(Span)],
    ),
    "ws_find_header": (c_result, [c_void_p, c_size_t, c_void_p, c_size_t, POINTER(Span)]),
    "ws_select_protocol": (c_result, [c_void_p, c_size_t, c_void_p, c_size_t, POINTER(Span)]),
    "ws_select_protocol_value": (
        c_result,
        [c_void_p, c_size_t, c_void_p, c_size_t, POINTER(Span)],
    ),
    "ws_origin_allowed": (c_int, [c_void_p, c_size_t, c_void_p, c_size_t]),
    "ws_build_response": (c_result, [POINTER(ResponseSpec), c_size_t, c_void_p, c_size_t]),
    "ws_build_reply": (
        c_result,
        [c_uint16, c_void_p, c_size_t, c_void_p, c_size_t, c_void_p, c_size_t],
    ),
    "ws_make_key": (c_result, [c_void_p, c_size_t]),
    "ws_build_request": (c_result, [POINTER(RequestSpec), c_size_t, c_void_p, c_size_t]),
    "ws_parse_response": (
        c_result,
        [c_void_p, c_size_t, c_void_p, c_size_t, POINTER(Response), c_size_t],
    ),
    "ws_check_request": (c_result, [POINTER(RequestFields), c_size_t]),
    "ws_check_response": (c_result, [POINTER(ResponseFields), c_size_t]),
    "ws_frame_decode": (c_result, [c_void_p, c_size_t, c_uint32, POINTER(Frame)]),
    "ws_frame_size": (c_uint64, [c_uint64, c_int]),
    "ws_frame_encode": (
        c_result,
        [c_int, c_uint32, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t],
    ),
    "ws_frame_header": (
        c_result,
        [c_int, c_uint32, c_void_p, c_uint64, c_void_p, c_size_t],
    ),
    "ws_mask": (None, [c_void_p, c_size_t, c_void_p, c_uint64]),
    "ws_mask_copy": (None, [c_void_p, c_void_p, c_size_t, c_void_p, c_uint64]),
    "ws_decoder_init": (c_result, [POINTER(Decoder), c_uint32, c_uint64]),
    "ws_decoder_feed": (
        c_result,
        [POINTER(Decoder), c_void_p, c_size_t, c_void_p, c_size_t, POINTER(c_size_t)],
    ),
    "ws_decoder_finish": (c_result, [POINTER(Decoder)]),
    "ws_frames_encode": (
        c_result,
        [c_void_p, c_size_t, c_void_p, c_size_t, POINTER(c_size_t)],
    ),
    "ws_utf8_validate": (c_result, [POINTER(c_uint32), c_void_p, c_size_t]),
    "ws_close_parse": (c_result, [c_void_p, c_size_t, POINTER(c_uint16)]),
    "ws_close_build": (c_result, [c_uint16, c_void_p, c_size_t, c_void_p, c_size_t]),
    "ws_close_code_valid": (c_int, [c_uint16]),
    "ws_control_feed": (
        c_result,
        [POINTER(Control), c_void_p, c_void_p, c_void_p, c_void_p, c_size_t],
    ),
    "ws_control_close": (
        c_result,
        [POINTER(Control), c_uint16, c_void_p, c_size_t, c_void_p, c_void_p, c_size_t],
    ),
    "ws_control_close_code": (c_uint16, [POINTER(Control)]),
    "ws_control_reason": (c_result, [POINTER(Control), c_void_p, c_size_t]),
    "ws_pmd_accept": (
        c_result,
        [c_void_p, c_size_t, POINTER(PmdParams), c_void_p, c_size_t],
    ),
    "ws_pmd_accept_value": (
        c_result,
        [c_void_p, c_size_t, POINTER(PmdParams), c_void_p, c_size_t],
    ),
    "ws_pmd_offer": (c_result, [POINTER(PmdParams), c_void_p, c_size_t]),
    "ws_pmd_confirm": (c_result, [c_void_p, c_size_t, POINTER(PmdParams)]),
    "ws_pmd_confirm_value": (c_result, [c_void_p, c_size_t, POINTER(PmdParams)]),
    "ws_conn_new": (c_void_p, [c_uint32, POINTER(Allocator)]),
    "ws_conn_init": (c_void_p, [c_void_p, c_size_t, c_uint32, POINTER(Allocator)]),
    "ws_conn_free": (None, [c_void_p]),
    "ws_conn_set_pmd": (c_result, [c_void_p, POINTER(PmdParams)]),
    "ws_conn_get_pmd": (c_result, [c_void_p, POINTER(PmdParams)]),
    "ws_conn_set": (c_result, [c_void_p, c_int, c_uint64]),
    "ws_conn_get": (c_result, [c_void_p, c_int, POINTER(c_uint64)]),
    "ws_conn_set_random": (c_result, [c_void_p, RandomFunction, c_void_p]),
    "ws_event_data": (c_void_p, [c_void_p, c_void_p, c_void_p]),
    "ws_conn_recv": (
        c_result,
        [c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, POINTER(c_size_t)],
    ),
    "ws_conn_output": (c_result, [c_void_p, c_void_p, c_size_t]),
    "ws_conn_send": (
        c_result,
        [c_void_p, c_int, c_uint32, c_void_p, c_size_t, c_void_p, c_size_t],
    ),
    "ws_conn_send_bound": (c_size_t, [c_void_p, c_size_t]),
    "ws_conn_close": (
        c_result,
        [c_void_p, c_uint16, c_void_p, c_size_t, c_void_p, c_size_t],
    ),
    "ws_conn_finish": (c_result, [c_void_p]),
    "ws_conn_state": (c_int, [c_void_p]),
    "ws_pmd_new": (c_void_p, [c_uint32, POINTER(PmdParams), POINTER(Allocator)]),
    "ws_pmd_free": (None, [c_void_p]),
    "ws_pmd_compress_bound": (c_size_t, [c_void_p, c_size_t]),
    "ws_pmd_compress": (
        c_result,
        [c_void_p, c_uint32, c_void_p, c_size_t, c_void_p, c_size_t],
    ),
    "ws_pmd_decompress": (
        c_result,
        [
            c_void_p,
            c_uint32,
            c_void_p,
            c_size_t,
            POINTER(c_size_t),
            c_void_p,
            c_size_t,
        ],
    ),
    "ws_conn_accept": (
        c_result,
        [
            c_void_p,
            c_size_t,
            POINTER(AcceptSpec),
            c_size_t,
            POINTER(Accepted),
            c_size_t,
            c_void_p,
            c_size_t,
        ],
    ),
    "ws_conn_confirm": (
        c_result,
        [
            c_void_p,
            c_size_t,
            c_void_p,
            c_size_t,
            POINTER(PmdParams),
            POINTER(Allocator),
            POINTER(c_void_p),
            POINTER(Response),
            c_size_t,
        ],
    ),
}
"""The result type and the argument types of every function."""


def declare(library: ctypes.CDLL) -> ctypes.CDLL:
    """Declares every function to ctypes, and checks that the library matches these
    declarations.

    Raises ImportError if a function is missing, or the ABI number or the size of a struct
    differs.
    """
    for name, (result, arguments) in PROTOTYPES.items():
        function = getattr(library, name, None)
        if function is None:
            raise ImportError(f"{library._name} is not wscodec, or too old: it lacks {name}")
        function.restype = result
        function.argtypes = arguments
    abi = library.ws_version() // 10000
    if abi != ABI:
        raise ImportError(f"{library._name} has ABI {abi}; this package needs {ABI}")
    for type_, struct in SIZES.items():
        theirs, ours = library.ws_sizeof(type_), ctypes.sizeof(struct)
        if theirs != ours:
            raise ImportError(
                f"{library._name}: {struct.__doc__} has {theirs} bytes there, {ours} here"
            )
    if not 0 < library.ws_sizeof(TYPE_CONN) <= MAX_CONN:
        raise ImportError(f"{library._name}: ws_conn is larger than {MAX_CONN} bytes")
    return library


lib = declare(load())
