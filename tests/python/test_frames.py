"""One frame: the examples of the RFC, lengths, and invalid headers."""

from __future__ import annotations

import copy
import pickle
import time
from typing import Any

import pytest
import wire
import wscodec
from wscodec import BEGIN, END, FIN, MASKED, RSV1, RSV2, RSV3, Frame, Opcode, OutFrame, errors

# RFC 6455, 5.7: wire bytes, opcode, FIN, masked, payload


LENGTHS = {
    0: 2,
    1: 2,
    125: 2,
    126: 4,
    127: 4,
    65535: 4,
    65536: 10,
    65537: 10,
    2**20: 10,
}


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("key", [None, wire.KEY])
def test_all_forms_of_length_round_trip(length: int, key: bytes | None) -> None:
    payload = bytes(range(256)) * (length // 256 + 1)
    payload = payload[:length]
    data = wscodec.frame_encode(Opcode.BINARY, payload, mask_key=key)
    header_len = LENGTHS[length] + (4 if key else 0)
    assert data == wire.frame(FIN | wire.BINARY, payload, key)
    assert len(data) == header_len + length
    assert wscodec.frame_header(Opcode.BINARY, length, mask_key=key) == data[:header_len]
    assert wscodec.frame_size(length, masked=key is not None) == len(data)
    decoded = wscodec.frame_decode(data, client=key is None)
    assert decoded is not None
    assert decoded.payload == payload
    assert (decoded.header_len, decoded.size) == (header_len, len(data))


@pytest.mark.parametrize("length", [2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1])
def test_a_header_is_decoded_before_its_payload(length: int) -> None:
    header = wscodec.frame_header(Opcode.BINARY, length, mask_key=wire.KEY)
    assert header == wire.header(FIN | wire.BINARY, length)
    assert wscodec.frame_size(length, masked=True) == 14 + length
    assert wscodec.frame_decode(header) is None
    (chunk,) = wscodec.Decoder().feed(header + b"7")
    assert (chunk.payload_len, chunk.payload, chunk.end) == (length, b"\0", False)


# Lengths that are not minimal or have the top bit set, up to the byte that proves it.


def test_decoding_never_changes_its_input() -> None:
    data = wire.frame(FIN | wire.TEXT, b"Hello")
    for given in (data, bytearray(data), memoryview(data), memoryview(bytearray(data))):
        frame = wscodec.frame_decode(given)
        assert frame is not None and frame.payload == b"Hello"
        assert [f.payload for f in wscodec.Decoder().feed(given)] == [b"Hello"]
        assert bytes(given) == data


def test_masks_can_be_kept_and_any_mask_allowed() -> None:
    masked, plain = wire.frame(FIN | 2, b"Hello"), wire.frame(FIN | 2, b"Hello", None)
    kept = wscodec.frame_decode(masked, keep_masked=True)
    assert kept is not None
    assert (kept.payload, kept.mask_key) == (masked[6:], wire.KEY)
    assert wscodec.mask(kept.payload, kept.mask_key) == b"Hello"
    for data in (masked, plain):
        frame = wscodec.frame_decode(data, any_mask=True)
        assert frame is not None and frame.payload == b"Hello"
    with pytest.raises(errors.InvalidMask):
        wscodec.frame_decode(plain)
    with pytest.raises(errors.InvalidMask):
        wscodec.frame_decode(masked, client=True)


REFUSED: dict[str, tuple[int, bytes, dict[str, Any]]] = {
    "reserved opcode": (3, b"", {}),
    "opcode out of range": (16, b"", {}),
    "negative opcode": (-1, b"", {}),
    "ping not final": (Opcode.PING, b"", {"fin": False}),
    "ping too long": (Opcode.PING, bytes(126), {}),
    "key too short": (Opcode.TEXT, b"", {"mask_key": b"abc"}),
    "key too long": (Opcode.TEXT, b"", {"mask_key": b"abcde"}),
    "FIN in rsv": (Opcode.TEXT, b"", {"rsv": FIN}),
    "MASKED in rsv": (Opcode.TEXT, b"", {"rsv": MASKED}),
    "negative rsv": (Opcode.TEXT, b"", {"rsv": -1}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_invalid_frames_are_not_encoded(name: str) -> None:
    opcode, payload, options = REFUSED[name]
    with pytest.raises(errors.InvalidArgument):
        wscodec.frame_encode(opcode, payload, **options)
    with pytest.raises(errors.InvalidArgument):
        wscodec.frame_header(opcode, len(payload), **options)
    good = OutFrame(Opcode.TEXT, b"good")
    with pytest.raises(errors.InvalidArgument):
        wscodec.frames_encode([good, OutFrame(opcode, payload, **options), good])


def test_frames_encode_equals_frame_encode_for_each() -> None:
    frames = [
        OutFrame(Opcode.TEXT, b"Hel", fin=False),
        OutFrame(Opcode.PING, bytearray(b"?"), mask_key=b"1234"),
        OutFrame(Opcode.CONTINUATION, memoryview(b"lo"), mask_key=wire.KEY),
        OutFrame(Opcode.BINARY, bytes(70000), rsv=RSV1),
        OutFrame(Opcode.CLOSE),
    ]
    alone = [
        wscodec.frame_encode(f.opcode, f.payload, fin=f.fin, rsv=f.rsv, mask_key=f.mask_key)
        for f in frames
    ]
    assert wscodec.frames_encode(frames) == b"".join(alone)
    assert wscodec.frames_encode(iter(frames * 100)) == b"".join(alone * 100)
    assert wscodec.frames_encode([]) == b""


def test_rsv2_is_encoded_on_request_and_refused_by_the_decoder() -> None:
    data = wscodec.frame_encode(1, b"", rsv=RSV2)
    assert data == b"\xa1\x00"
    with pytest.raises(errors.ReservedBits):
        wscodec.frame_decode(data, client=True)


@pytest.mark.parametrize("opcode", [Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY])
def test_any_rsv_reports_reserved_bits(opcode: Opcode) -> None:
    """Those of data frames, with continuations; those of control frames are refused."""
    for rsv in (RSV1, RSV2, RSV3, RSV1 | RSV2 | RSV3):
        data = wscodec.frame_encode(opcode, b"x", rsv=rsv)
        frame = wscodec.frame_decode(data, client=True, any_rsv=True)
        assert frame is not None and frame.flags == BEGIN | END | FIN | rsv
        assert (
            frame.message_opcode == opcode
        )  # CONTINUATION, since frame_decode() reads one frame
        for wrong in (Opcode.PING, Opcode.PONG, Opcode.CLOSE):
            with pytest.raises(errors.ReservedBits):
                wscodec.frame_decode(bytes([FIN | rsv | wrong]), client=True, any_rsv=True)


@pytest.mark.parametrize("length", [0, 1, 3, 4, 7, 8, 31, 64, 1000])
def test_masking_in_pieces_equals_masking_at_once(length: int) -> None:
    data = bytes(i * 7 % 256 for i in range(length))
    whole = wire.xor(data, wire.KEY)
    assert wscodec.mask(data, wire.KEY) == whole
    for cut in range(0, length + 1, max(1, length // 50)):
        pieces = wscodec.mask(data[:cut], wire.KEY) + wscodec.mask(data[cut:], wire.KEY, cut)
        assert pieces == whole
        buffer = bytearray(data)
        wscodec.mask_in_place(memoryview(buffer)[:cut], wire.KEY)
        wscodec.mask_in_place(memoryview(buffer)[cut:], wire.KEY, cut)
        assert buffer == whole
    assert wscodec.mask(data, wire.KEY, 2**64 - 4) == whole


def test_invalid_keys_and_buffers_are_not_masked() -> None:
    for key in (b"", b"abc", b"abcde"):
        with pytest.raises(errors.InvalidArgument):
            wscodec.mask(b"data", key)
        with pytest.raises(errors.InvalidArgument):
            wscodec.mask_in_place(bytearray(b"data"), key)
    for pos in (-1, 2**64):
        with pytest.raises(errors.InvalidArgument):
            wscodec.mask(b"data", wire.KEY, pos)
    with pytest.raises(errors.InvalidArgument):
        wscodec.mask_in_place(memoryview(b"data"), wire.KEY)
    with pytest.raises(errors.InvalidArgument):
        wscodec.mask_in_place(memoryview(bytearray(8))[::2], wire.KEY)


@pytest.mark.parametrize("length", [-1, 2**63, 2**64, 2**65])
def test_lengths_over_63_bits_are_refused(length: int) -> None:
    with pytest.raises(errors.InvalidArgument):
        wscodec.frame_size(length)
    with pytest.raises(errors.InvalidArgument):
        wscodec.frame_header(Opcode.BINARY, length)


HEADERS = [
    wire.header(FIN | opcode, length, key)
    for opcode in (wire.BINARY, wire.PING)
    for length in (0, 1, 125, 126, 65535, 65536, 2**32, 2**63 - 1)
    for key in (None, wire.KEY)
    if opcode == wire.BINARY or length < 126
]


@pytest.mark.parametrize("header", HEADERS, ids=bytes.hex)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_frame_missing_is_the_rest_of_the_header_then_of_the_frame(
    header: bytes, kind: Any
) -> None:
    length = header[1] & 0x7F
    if length >= 126:
        length = int.from_bytes(header[2 : 4 if length == 126 else 10], "big")
    assert wscodec.frame_missing(kind(b"")) == 2
    assert wscodec.frame_missing(kind(header[:1])) == 1
    for at in range(2, len(header)):
        assert wscodec.frame_missing(kind(header[:at])) == len(header) - at
    assert wscodec.frame_missing(kind(header)) == length
    if length < 2**17:
        frame = header + bytes(length)
        for at in {len(header) + 1, len(header) + length // 2, len(frame) - 1} - {len(header)}:
            if at <= len(frame):
                assert wscodec.frame_missing(kind(frame[:at])) == len(frame) - at
        assert wscodec.frame_missing(kind(frame)) == 0
        assert wscodec.frame_missing(kind(frame + frame)) == 0


def test_reading_what_is_missing_reads_exactly_one_frame() -> None:
    payloads = [b"", b"x", bytes(125), bytes(126), bytes(65535), bytes(65536)]
    for key in (None, wire.KEY):
        stream = b"".join(wire.frame(FIN | wire.BINARY, p, key) for p in payloads)
        for payload in payloads:
            received, reads = b"", 0
            while missing := wscodec.frame_missing(received):
                assert wscodec.frame_decode(received, client=key is None) is None
                received += stream[:missing]
                stream, reads = stream[missing:], reads + 1
            frame = wscodec.frame_decode(received, client=key is None)
            assert frame is not None and frame.payload == payload
            assert (frame.size, reads) == (len(received), 1 + (len(received) > 2) + (
                frame.header_len > 2 and len(payload) > 0
            ))  # fmt: skip
        assert stream == b""


def test_frame_missing_finds_what_is_invalid_for_both_sides() -> None:
    for data, error in (
        (b"\x83", errors.ReservedOpcode),
        (b"\xc9", errors.ReservedBits),
        (b"\x09", errors.InvalidControlFrame),
        (b"\x89\x7e", errors.InvalidControlFrame),
        (b"\x82\xfe\0\x7d", errors.InvalidLength),
        (b"\x82\xff\x80", errors.InvalidLength),
    ):
        with pytest.raises(error):
            wscodec.frame_missing(data)
    for data in (b"\xf2\x00", b"\xf2\x80" + wire.KEY, b"\x80\x00"):
        assert wscodec.frame_missing(data) == 0


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_an_error_is_the_same_in_every_kind_of_bytes(kind: Any) -> None:
    """The first invalid byte determines it, although a part is copied first."""
    for data in (
        b"\x82\x7e\0\x7d",  # unmasked, then a length that is not minimal
        b"\xc2\xff\x80" + bytes(12),
        b"\x82\xff" + bytes(8),
        b"\x83\x80",
        b"\x82\x05abcde",
    ):
        for size in range(len(data) + 1):
            results = []
            for given in (data[:size], kind(data[:size])):
                try:
                    results.append(str(wscodec.frame_decode(given)))
                except wscodec.WsError as error:
                    results.append(error.name)
            assert results[0] == results[1], size


def test_a_frame_in_a_long_buffer_is_decoded_without_copying_the_rest() -> None:
    data = bytearray(wire.frame(FIN | wire.BINARY, b"first")) + bytes(1 << 25)

    def cost(given: Any) -> float:
        start = time.process_time()
        for _ in range(20):
            frame = wscodec.frame_decode(given)
            assert frame is not None and frame.payload == b"first"
        return time.process_time() - start

    copies = time.process_time()
    for _ in range(20):
        bytes(data)
    copies = time.process_time() - copies
    assert min(cost(data) for _ in range(3)) < copies / 4


def decoded() -> Frame:
    data = wire.frame(FIN | RSV1 | wire.TEXT, b"Hello")
    (frame,) = wscodec.Decoder(deflate=True).feed(data)
    alone = wscodec.frame_decode(data, deflate=True)
    assert alone == frame
    return frame


def test_a_decoded_frame_is_a_frame_like_any_other() -> None:
    frame = decoded()
    same = Frame(
        Opcode.TEXT, FIN | RSV1 | MASKED | BEGIN | END, b"Hello", 5, 0, wire.KEY, 6, Opcode.TEXT
    )
    assert isinstance(frame, Frame) and isinstance(frame, tuple)
    assert frame == same and same == frame and hash(frame) == hash(same)
    assert repr(frame) == repr(same)
    assert frame._asdict() == same._asdict()
    assert frame._replace(payload=b"x") == same._replace(payload=b"x") != same
    opcode, _, payload, *_ = frame
    assert (opcode, payload, len(frame), frame[2:4]) == (
        Opcode.TEXT,
        b"Hello",
        8,
        (b"Hello", 5),
    )
    assert (frame.fin, frame.begin, frame.end, frame.size) == (True, True, True, 11)


def test_a_decoded_frame_can_be_copied_and_pickled() -> None:
    frame = decoded()
    for copied in (copy.copy(frame), copy.deepcopy(frame), pickle.loads(pickle.dumps(frame))):
        assert copied == frame and type(copied) is Frame
