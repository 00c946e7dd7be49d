"""The C functions with arguments as C programs pass them: NULL, empty buffers, unknown flags,
other sizes of structs."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import byref, c_size_t, c_uint16, c_uint32, create_string_buffer, sizeof

import pytest
import wire
from wscodec import _ffi
from wscodec._ffi import lib

INVALID = _ffi.ERR_INVALID_ARGUMENT
TOO_SMALL = _ffi.ERR_BUFFER_TOO_SMALL
HUGE = 2**63  # above PTRDIFF_MAX
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
EXTENSIONS = b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n"
OFFER = HEAD[:-2] + EXTENSIONS
RESPONSE = b"HTTP/1.1 101 X\r\n" + EXTENSIONS


def span() -> object:
    return byref(_ffi.Span())


# Functions of (pointer, length); the other arguments are valid.
Call = Callable[[object, int], int]
OUT = create_string_buffer(1024)
INPUTS: dict[str, Call] = {
    "ws_accept_key": lambda p, n: lib.ws_accept_key(p, n, OUT, 1024),
    "ws_parse_handshake": lambda p, n: lib.ws_parse_handshake(
        p, n, byref(_ffi.Handshake()), sizeof(_ffi.Handshake)
    ),
    "ws_head_length": lambda p, n: lib.ws_head_length(p, n, byref(c_size_t())),
    "ws_next_header": lambda p, n: lib.ws_next_header(p, n, byref(c_size_t()), span(), span()),
    "ws_find_header, head": lambda p, n: lib.ws_find_header(p, n, b"Host", 4, span()),
    "ws_find_header, name": lambda p, n: lib.ws_find_header(HEAD, len(HEAD), p, n, span()),
    "ws_select_protocol, head": lambda p, n: lib.ws_select_protocol(p, n, b"chat", 4, span()),
    "ws_select_protocol": lambda p, n: lib.ws_select_protocol(HEAD, len(HEAD), p, n, span()),
    "ws_select_protocol_value, offered": lambda p, n: lib.ws_select_protocol_value(
        p, n, b"chat", 4, span()
    ),
    "ws_select_protocol_value": lambda p, n: lib.ws_select_protocol_value(
        b"chat", 4, p, n, span()
    ),
    "ws_build_reply, headers": lambda p, n: lib.ws_build_reply(200, p, n, b"", 0, OUT, 1024),
    "ws_build_reply, body": lambda p, n: lib.ws_build_reply(200, b"", 0, p, n, OUT, 1024),
    "ws_frame_decode": lambda p, n: lib.ws_frame_decode(p, n, 0, byref(_ffi.Frame())),
    "ws_frame_encode": lambda p, n: lib.ws_frame_encode(2, _ffi.FIN, None, p, n, OUT, 1024),
    "ws_decoder_feed": lambda p, n: lib.ws_decoder_feed(
        byref(_ffi.Decoder()), p, n, byref(_ffi.Frame()), 1, byref(c_size_t())
    ),
    "ws_utf8_validate": lambda p, n: lib.ws_utf8_validate(byref(c_uint32()), p, n),
    "ws_close_parse": lambda p, n: lib.ws_close_parse(p, n, byref(c_uint16())),
    "ws_close_build": lambda p, n: lib.ws_close_build(1000, p, n, OUT, 1024),
    "ws_control_close": lambda p, n: lib.ws_control_close(None, 1000, p, n, None, OUT, 1024),
    "ws_conn_accept": lambda p, n: lib.ws_conn_accept(
        p, n, None, 0, byref(_ffi.Accepted()), sizeof(_ffi.Accepted), OUT, 1024
    ),
    "ws_pmd_accept_value": lambda p, n: lib.ws_pmd_accept_value(
        p, n, byref(_ffi.PmdParams()), OUT, 1024
    ),
    "ws_pmd_confirm_value": lambda p, n: lib.ws_pmd_confirm_value(
        p, n, byref(_ffi.PmdParams())
    ),
    "ws_pmd_accept": lambda p, n: lib.ws_pmd_accept(p, n, byref(_ffi.PmdParams()), OUT, 1024),
    "ws_pmd_confirm": lambda p, n: lib.ws_pmd_confirm(p, n, byref(_ffi.PmdParams())),
}
if not lib.ws_features() & _ffi.FEATURE_DEFLATE:
    INPUTS = {name: call for name, call in INPUTS.items() if "pmd" not in name}
# The result for an empty buffer, where it is not 0.
EMPTY = {
    "ws_accept_key": _ffi.ERR_HANDSHAKE_KEY,
    "ws_next_header": INVALID,
    "ws_find_header, head": INVALID,
    "ws_select_protocol, head": INVALID,
    "ws_pmd_accept": INVALID,
    "ws_pmd_confirm": INVALID,
    "ws_build_reply, headers": None,
    "ws_build_reply, body": None,
    "ws_frame_encode": 2,
    "ws_close_build": 2,
    "ws_control_close": 4,
}


@pytest.mark.parametrize("name", INPUTS)
def test_null_and_huge_inputs_are_refused_and_empty_ones_are_not(name: str) -> None:
    call = INPUTS[name]
    assert call(None, 1) == INVALID
    assert call(OUT, HUGE) == INVALID
    assert call(None, 0) == call(b"", 0)
    expected = EMPTY.get(name, 0)
    if expected is None:
        assert call(None, 0) > 0
    else:
        assert call(None, 0) == expected


OUTPUTS: dict[str, tuple[Call, int]] = {
    "ws_accept_key": (lambda p, n: lib.ws_accept_key(KEY, 24, p, n), 28),
    "ws_make_key": (lambda p, n: lib.ws_make_key(p, n), 24),
    "ws_frame_encode": (
        lambda p, n: lib.ws_frame_encode(1, 0x80, wire.KEY, b"Hi", 2, p, n),
        8,
    ),
    "ws_frame_header": (
        lambda p, n: lib.ws_frame_header(1, 0x80, wire.KEY, 300, p, n),
        8,
    ),
    "ws_close_build": (lambda p, n: lib.ws_close_build(1000, b"Hi", 2, p, n), 4),
    "ws_pmd_offer": (lambda p, n: lib.ws_pmd_offer(byref(_ffi.PmdParams()), p, n), 42),
    "ws_pmd_accept": (
        lambda p, n: lib.ws_pmd_accept(OFFER, len(OFFER), byref(_ffi.PmdParams()), p, n),
        46,
    ),
}
if not lib.ws_features() & _ffi.FEATURE_DEFLATE:
    del OUTPUTS["ws_pmd_offer"], OUTPUTS["ws_pmd_accept"]


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_too_small_are_not_touched(name: str) -> None:
    call, size = OUTPUTS[name]
    assert call(None, size) == INVALID
    assert call(OUT, HUGE) == INVALID
    for room in range(size):
        out = create_string_buffer(b"\xaa" * (size + 8), size + 8)
        assert call(out if room else None, room) == TOO_SMALL
        assert out.raw == b"\xaa" * (size + 8)
    out = create_string_buffer(b"\xaa" * (size + 8), size + 8)
    assert call(out, size) == size
    assert out.raw[size:] == b"\xaa" * 8
    assert out.raw[:size] != b"\xaa" * size


@pytest.mark.parametrize("flags", [0x20, 0x80, 0x80000000, 0xFFFFFFFF])
def test_unknown_flags_of_decoding_are_refused(flags: int) -> None:
    decoder, used = _ffi.Decoder(), c_size_t()
    assert lib.ws_decoder_init(byref(decoder), flags, 0) == INVALID
    one = byref(_ffi.Frame())
    for _ in range(2):  # A decoder without limits must not exist: it refuses all input.
        data = create_string_buffer(wire.frame(0x81, b"hi"))
        assert lib.ws_decoder_feed(byref(decoder), data, 8, one, 1, byref(used)) == INVALID
    assert lib.ws_frame_decode(None, 0, flags, byref(_ffi.Frame())) == INVALID


@pytest.mark.parametrize("flags", [_ffi.MASKED, _ffi.BEGIN, _ffi.END, 0x08, 0x100, 0x80000000])
def test_unknown_flags_of_encoding_are_refused(flags: int) -> None:
    assert lib.ws_frame_encode(1, _ffi.FIN | flags, None, b"", 0, OUT, 1024) == INVALID
    assert lib.ws_frame_header(1, _ffi.FIN | flags, None, 0, OUT, 1024) == INVALID


def test_null_structs_are_refused() -> None:
    n = len(HEAD)
    size = sizeof(_ffi.Handshake)
    one, at = byref(_ffi.Frame()), byref(c_size_t())
    assert lib.ws_parse_handshake(HEAD, n, None, size) == INVALID
    assert lib.ws_next_header(HEAD, n, None, span(), span()) == INVALID
    assert lib.ws_next_header(HEAD, n, at, None, span()) == INVALID
    assert lib.ws_next_header(HEAD, n, at, span(), None) == INVALID
    assert lib.ws_find_header(HEAD, n, b"Host", 4, None) == INVALID
    assert lib.ws_select_protocol(HEAD, n, b"chat", 4, None) == INVALID
    assert lib.ws_build_response(None, sizeof(_ffi.ResponseSpec), OUT, 1024) == INVALID
    assert lib.ws_build_request(None, sizeof(_ffi.RequestSpec), OUT, 1024) == INVALID
    assert lib.ws_frame_decode(b"", 0, 0, None) == INVALID
    assert lib.ws_decoder_init(None, 0, 0) == INVALID
    assert lib.ws_decoder_feed(None, b"", 0, one, 1, at) == INVALID
    decoder = byref(_ffi.Decoder())
    assert lib.ws_decoder_feed(decoder, b"", 0, None, 1, at) == INVALID
    assert lib.ws_decoder_feed(decoder, b"", 0, one, 0, at) == INVALID
    assert lib.ws_decoder_feed(decoder, b"", 0, one, 1, None) == INVALID
    assert lib.ws_decoder_finish(None) == INVALID
    assert lib.ws_frames_encode(None, 1, OUT, 1024, at) == INVALID
    assert lib.ws_frames_encode(None, 0, OUT, 1024, None) == INVALID
    assert lib.ws_frames_encode(None, 0, OUT, 1024, at) == 0
    assert lib.ws_utf8_validate(None, b"", 0) == INVALID
    assert lib.ws_close_parse(b"", 0, None) == INVALID
    assert lib.ws_head_length(HEAD, n, None) == INVALID
    assert lib.ws_select_protocol_value(b"chat", 4, b"chat", 4, None) == INVALID
    assert lib.ws_check_request(None, sizeof(_ffi.RequestFields)) == INVALID
    assert lib.ws_check_response(None, sizeof(_ffi.ResponseFields)) == INVALID
    size = sizeof(_ffi.Accepted)
    assert lib.ws_conn_accept(HEAD, n, None, 0, None, size, OUT, 1024) == INVALID
    size = sizeof(_ffi.Response)
    parsed, conn = byref(_ffi.Response()), byref(ctypes.c_void_p())
    for handle, response in ((None, parsed), (conn, None)):
        assert INVALID == lib.ws_conn_confirm(
            HEAD, n, HEAD, n, None, None, handle, response, size
        )
    control = byref(_ffi.Control())
    assert lib.ws_control_feed(None, one, b"", None, OUT, 1024) == INVALID
    assert lib.ws_control_feed(control, None, b"", None, OUT, 1024) == INVALID
    assert lib.ws_control_close_code(None) == 0
    assert lib.ws_control_reason(None, OUT, 1024) == INVALID
    assert lib.ws_conn_set_random(None, _ffi.RandomFunction(), None) == INVALID
    assert lib.ws_event_data(None, b"", byref(_ffi.Event())) is None
    assert lib.ws_pmd_new(_ffi.SERVER, None, None) is None
    lib.ws_pmd_free(None)
    assert lib.ws_pmd_compress_bound(None, 5) == 0
    assert lib.ws_pmd_compress(None, 0, b"", 0, OUT, 1024) in (INVALID, _ffi.ERR_UNSUPPORTED)
    assert lib.ws_pmd_decompress(None, 0, b"", 0, at, OUT, 1024) in (
        INVALID,
        _ffi.ERR_UNSUPPORTED,
    )
    assert lib.ws_origin_allowed(None, 1, b"http://a", 8) == 0
    lib.ws_mask(None, 5, wire.KEY, 0)
    lib.ws_mask_copy(None, b"Hello", 5, wire.KEY, 0)


def test_structs_that_are_not_aligned_are_refused() -> None:
    memory = (ctypes.c_uint64 * 10)()
    odd = ctypes.addressof(memory) + 4
    decoder = ctypes.cast(odd, ctypes.POINTER(_ffi.Decoder))
    assert lib.ws_decoder_init(decoder, 0, 0) == INVALID
    frame = ctypes.cast(odd, ctypes.POINTER(_ffi.Frame))
    assert lib.ws_frame_decode(b"", 0, 0, frame) == INVALID


def test_structs_may_be_larger_but_not_smaller() -> None:
    request = (
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n"
    )
    size = sizeof(_ffi.Handshake)
    memory = (ctypes.c_uint8 * (size + 24))(*[0xAA] * (size + 24))
    hs = ctypes.cast(memory, ctypes.POINTER(_ffi.Handshake))
    assert lib.ws_parse_handshake(request, len(request), hs, size - 1) == INVALID
    assert lib.ws_parse_handshake(request, len(request), hs, size + 16) == len(request)
    assert hs.contents.head_len == len(request)
    assert (
        bytes(memory)[size:] == bytes(16) + b"\xaa" * 8
    )  # unknown fields are zeroed, bytes beyond not touched
    fields = [_ffi.Bytes(KEY, 24)] + [_ffi.Bytes(b"", 0)] * 3
    spec = bytes(_ffi.ResponseSpec(*fields))
    for extra, result in (
        (b"", None),
        (bytes(8), None),
        (b"\0\1", _ffi.ERR_UNSUPPORTED),
    ):
        bigger = create_string_buffer(spec + extra, len(spec + extra))
        at = ctypes.cast(bigger, ctypes.POINTER(_ffi.ResponseSpec))
        got = lib.ws_build_response(at, len(spec + extra), OUT, 1024)
        assert got == result if result else got > 100
        assert lib.ws_build_response(at, len(spec) - 1, OUT, 1024) == INVALID


def test_outputs_are_zeroed_on_errors() -> None:
    hs = _ffi.Handshake(head_len=7)
    bad = b"GET / HTTP/1.1\r\nbad\r\n\r\n"
    assert lib.ws_parse_handshake(bad, len(bad), byref(hs), sizeof(hs)) == -20
    assert bytes(hs) == bytes(sizeof(hs))
    code = c_uint16(7)
    assert lib.ws_close_parse(b"\x03", 1, byref(code)) == _ffi.ERR_CLOSE_PAYLOAD
    assert code.value == 0
    value = _ffi.Span(7, 7)
    assert lib.ws_find_header(HEAD, len(HEAD), b"Cookie", 6, byref(value)) == 0
    assert (value.off, value.len) == (0, 0)
    used = c_size_t(7)
    decoder = _ffi.Decoder()
    frame = byref(_ffi.Frame())
    assert lib.ws_decoder_feed(byref(decoder), b"\x83", 1, frame, 1, byref(used)) == -41
    assert used.value == 0


def test_a_decoder_of_zeros_is_that_of_a_server() -> None:
    decoder = _ffi.Decoder()
    initialised = _ffi.Decoder()
    assert lib.ws_decoder_init(byref(initialised), _ffi.SERVER, 0) == 0
    assert bytes(decoder) == bytes(initialised) == bytes(64)


def test_consumed_ends_with_the_last_entry_that_fits() -> None:
    decoder, used, frame = _ffi.Decoder(), c_size_t(), _ffi.Frame()
    data = create_string_buffer(wire.frame(0x81, b"one") + wire.frame(0x81, b"two"), 18)
    for at, remaining, result, expected in ((0, 18, 1, 9), (9, 9, 1, 9), (18, 0, 0, 0)):
        start = ctypes.addressof(data) + at
        assert result == lib.ws_decoder_feed(
            byref(decoder), start, remaining, byref(frame), 1, byref(used)
        )
        assert used.value == expected
    assert data.raw == wire.header(0x81, 3) + b"one" + wire.header(0x81, 3) + b"two"


def test_a_complete_header_of_an_incomplete_frame_is_reported() -> None:
    frame = _ffi.Frame()
    data = wire.frame(0x82, bytes(300))
    buffer = create_string_buffer(data[:20], 20)
    for known in range(21):
        assert lib.ws_frame_decode(buffer, known, 0, byref(frame)) == 0
        assert frame.header_len == (8 if known >= 8 else 0)
    assert (frame.payload_len, frame.opcode, bytes(frame.mask_key)) == (
        300,
        2,
        wire.KEY,
    )
    assert buffer.raw == data[:20]


def test_a_decoder_of_random_bytes_stays_within_its_input() -> None:
    import random

    dice = random.Random(64)
    frames, used = (_ffi.Frame * 4)(), c_size_t()
    results = set()
    for _ in range(5000):
        decoder = _ffi.Decoder.from_buffer_copy(dice.randbytes(64))
        data = create_string_buffer(dice.randbytes(32), 32)
        result = lib.ws_decoder_feed(byref(decoder), data, 32, frames, 4, byref(used))
        assert -60 < result <= 4 and used.value <= 32
        for frame in frames[: max(result, 0)]:
            assert frame.chunk_off + frame.chunk_len <= 32
        results.add(result)
        assert lib.ws_decoder_finish(byref(decoder)) <= 0
    assert results


def test_event_data_is_found_by_its_position() -> None:
    """In the buffer of the call or, if collected, in the connection's memory."""
    conn = lib.ws_conn_new(_ffi.SERVER, None)
    whole = wire.frame(0x81, b"whole")
    halves = wire.frame(0x01, b"half ") + wire.frame(0x80, b"and half")
    data = create_string_buffer(whole + halves, len(whole + halves))
    events, used = (_ffi.Event * 4)(), c_size_t()
    start = ctypes.addressof(data)
    assert lib.ws_conn_recv(conn, data, len(data), events, 4, byref(used)) == 2
    assert used.value == len(data)
    first, second = events[0], events[1]
    assert (first.off, first.len, first.flags & _ffi.EVENT_COLLECTED) == (6, 5, 0)
    assert lib.ws_event_data(conn, start, byref(first)) == start + 6
    assert data.raw[6:11] == b"whole"
    assert lib.ws_event_data(conn, None, byref(first)) is None
    assert second.flags & _ffi.EVENT_COLLECTED
    for buf in (None, start):
        at = lib.ws_event_data(conn, buf, byref(second))
        assert ctypes.string_at(at, second.len) == b"half and half"
    assert lib.ws_conn_send(conn, 1, 0, b"x", 1, OUT, 1024) == 3
    assert ctypes.string_at(at, second.len) == b"half and half"  # sending does not change it
    assert lib.ws_conn_recv(conn, data, 0, events, 4, byref(used)) == 0
    assert lib.ws_event_data(conn, None, byref(second)) is None  # of an earlier call
    lib.ws_conn_free(conn)


def test_a_connection_works_in_memory_of_the_caller() -> None:
    size = lib.ws_sizeof(_ffi.TYPE_CONN)
    memory = (ctypes.c_uint8 * (size + 32))(*[0xAA] * (size + 32))
    start = (ctypes.addressof(memory) + 15) & ~15
    end = start + size - ctypes.addressof(memory)
    for mem, room, side in (
        (None, size, _ffi.SERVER),
        (start, size - 1, _ffi.SERVER),
        (start + 8, size, _ffi.SERVER),
        (start, size, 2),
    ):
        assert lib.ws_conn_init(mem, room, side, None) is None
    events, used = (_ffi.Event * 4)(), c_size_t()
    for _ in range(2):
        assert lib.ws_conn_init(start, size, _ffi.SERVER, None) == start
        data = create_string_buffer(wire.frame(0x01, b"hi") + wire.frame(0x80, b"!"))
        assert lib.ws_conn_recv(start, data, 15, events, 4, byref(used)) == 1
        lib.ws_conn_free(start)
    assert bytes(memory)[end:] == b"\xaa" * (len(memory) - end)


def test_overlapping_buffers_are_refused() -> None:
    memory = create_string_buffer(64)
    payload = ctypes.addressof(memory) + 10
    result = lib.ws_frame_encode(2, _ffi.FIN, None, payload, 20, memory, 64)
    assert result == INVALID


# Compression


def pmd(*fields: int) -> _ffi.PmdParams:
    return _ffi.PmdParams.from_buffer_copy(bytes(fields).ljust(8, b"\0"))


deflate = pytest.mark.skipif(
    not lib.ws_features() & _ffi.FEATURE_DEFLATE, reason="the library cannot compress"
)


@deflate
@pytest.mark.parametrize(
    "wrong",
    [
        *[(flag,) for flag in (2, 255)],
        *[(0, flag) for flag in (2, 255)],
        *[(0, 0, bits) for bits in (1, 7, 16, 255)],
        *[(0, 0, 0, bits) for bits in (1, 7, 16, 255)],
        *[(0, 0, 0, 0, level) for level in (10, 255)],
        *[(0, 0, 0, 0, 0, level) for level in (10, 255)],
        (0, 0, 0, 0, 0, 0, 1),
        (0, 0, 0, 0, 0, 0, 0, 1),
    ],
)
def test_invalid_parameters_of_compression_are_refused(wrong: tuple[int, ...]) -> None:
    params = pmd(*wrong)
    conn = lib.ws_conn_new(_ffi.SERVER, None)
    assert lib.ws_pmd_accept(OFFER, len(OFFER), byref(params), OUT, 1024) == INVALID
    assert lib.ws_pmd_offer(byref(params), OUT, 1024) == INVALID
    assert lib.ws_pmd_confirm(RESPONSE, len(RESPONSE), byref(params)) == INVALID
    assert lib.ws_conn_set_pmd(conn, byref(params)) == INVALID
    assert lib.ws_conn_get_pmd(conn, byref(pmd())) == 0
    assert bytes(params) == bytes(pmd(*wrong))
    lib.ws_conn_free(conn)


@deflate
def test_zero_parameters_mean_the_defaults() -> None:
    for params, expected in (
        (pmd(), pmd(1, 0, 15, 15, 6, 8)),
        (pmd(0, 0, 9), pmd(1, 0, 9, 15, 6, 8)),
    ):
        assert lib.ws_pmd_accept(OFFER, len(OFFER), byref(params), OUT, 1024) > 0
        assert bytes(params) == bytes(expected)
    params = pmd(0, 0, 0, 0, 1, 9)
    assert lib.ws_pmd_confirm(RESPONSE, len(RESPONSE), byref(params)) == 1
    assert bytes(params) == bytes(pmd(1, 0, 15, 15, 1, 9))
    conn = lib.ws_conn_new(_ffi.SERVER, None)
    assert lib.ws_conn_set_pmd(conn, byref(pmd())) == 0
    assert lib.ws_conn_get_pmd(conn, byref(params)) == 1
    assert bytes(params) == bytes(pmd(0, 0, 15, 15, 6, 8))
    lib.ws_conn_free(conn)


@deflate
def test_parameters_stay_unchanged_without_an_agreement() -> None:
    params = pmd(0, 1, 10, 0, 3)
    before = bytes(params)
    assert lib.ws_pmd_accept(HEAD, len(HEAD), byref(params), OUT, 1024) == 0
    assert lib.ws_pmd_confirm(HEAD, len(HEAD), byref(params)) == 0
    for room in range(4):
        assert lib.ws_pmd_accept(OFFER, len(OFFER), byref(params), OUT, room) == TOO_SMALL
    wrong = RESPONSE.replace(b"server_no", b"server_nu")
    assert lib.ws_pmd_confirm(wrong, len(wrong), byref(params)) == _ffi.ERR_EXTENSION
    assert bytes(params) == before


@deflate
def test_compression_is_enabled_before_the_first_frame_only() -> None:
    late = _ffi.ERR_INVALID_STATE
    used, event = c_size_t(), byref(_ffi.Event())
    conn = lib.ws_conn_new(_ffi.SERVER, None)
    assert lib.ws_conn_set_pmd(conn, None) == INVALID
    assert lib.ws_conn_set_pmd(None, byref(pmd())) == INVALID
    assert lib.ws_conn_get_pmd(conn, None) == INVALID
    assert lib.ws_conn_get_pmd(None, byref(pmd())) == INVALID
    assert lib.ws_conn_recv(conn, OUT, 0, event, 1, byref(used)) == 0
    assert lib.ws_conn_set_pmd(conn, byref(pmd())) == 0
    assert lib.ws_conn_set_pmd(conn, byref(pmd(1))) == 0
    assert lib.ws_conn_send(conn, _ffi.OPCODE_TEXT, 0, b"", 0, OUT, 1024) == 3
    assert lib.ws_conn_set_pmd(conn, byref(pmd())) == late
    lib.ws_conn_free(conn)
    conn = lib.ws_conn_new(_ffi.SERVER, None)
    data = create_string_buffer(b"\x81", 1)
    assert lib.ws_conn_recv(conn, data, 1, event, 1, byref(used)) == 0
    assert lib.ws_conn_set_pmd(conn, byref(pmd())) == late
    lib.ws_conn_free(conn)


@deflate
def test_unknown_flags_of_sending_are_refused() -> None:
    conn = lib.ws_conn_new(_ffi.SERVER, None)
    assert lib.ws_conn_set_pmd(conn, byref(pmd())) == 0
    payload = bytes(500)
    room = lib.ws_conn_send_bound(conn, 500)
    assert 500 < room <= 1024
    for flags in (0x4, 0x80000000, 0xFF):
        assert lib.ws_conn_send(conn, 2, flags, payload, 500, OUT, 1024) == INVALID
    assert lib.ws_conn_send(conn, 2, 0, payload, 500, OUT, room - 1) == TOO_SMALL
    assert lib.ws_conn_send(conn, 2, _ffi.SEND_PLAIN, payload, 500, OUT, room) == 504
    assert lib.ws_conn_send(conn, 2, 0, payload, 500, OUT, room) < 30
    lib.ws_conn_free(conn)


@pytest.mark.skipif(
    bool(lib.ws_features() & _ffi.FEATURE_DEFLATE), reason="the library can compress"
)
def test_functions_of_compression_are_unsupported_without_it() -> None:
    no = _ffi.ERR_UNSUPPORTED
    params = pmd()
    assert lib.ws_pmd_accept(OFFER, len(OFFER), byref(params), OUT, 1024) == no
    assert lib.ws_pmd_offer(byref(params), OUT, 1024) == no
    assert lib.ws_pmd_confirm(RESPONSE, len(RESPONSE), byref(params)) == no
    assert lib.ws_pmd_accept_value(b"x", 1, byref(params), OUT, 1024) == no
    assert lib.ws_pmd_confirm_value(b"x", 1, byref(params)) == no
    assert lib.ws_pmd_new(_ffi.SERVER, byref(params), None) is None
    conn = lib.ws_conn_new(_ffi.SERVER, None)
    assert lib.ws_conn_set_pmd(conn, byref(params)) == no
    assert lib.ws_conn_get_pmd(conn, byref(params)) == no
    assert lib.ws_conn_send(conn, 2, _ffi.SEND_PLAIN, bytes(5), 5, OUT, 1024) == 7
    lib.ws_conn_free(conn)
