"""Many frames: the rules, and the same frames and error for any split of the input."""

from __future__ import annotations

import copy
import pickle
import random
import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest
import vectors
import wire
import wscodec
from deflated import cut
from vectored import side_of
from vectors import Vector
from wscodec import CLIENT, SERVER, Decoder, Opcode, Side, WsError, errors


class Seen(NamedTuple):
    """The results of a stream, with chunks joined, since these depend on the cut."""

    frames: list[tuple[int, int, bytes, int, bytes, int]]
    error: str
    end: str


def feed(pieces: Iterable[bytes], side: Side = SERVER, **options: Any) -> Seen:
    """Feeds a decoder, joins the chunks, and checks that they fit."""
    decoder = Decoder(side, **options)
    frames: list[tuple[int, int, bytes, int, bytes, int]] = []
    inside = False
    error = ""
    try:
        for piece in pieces:
            for f in decoder.feed(piece):
                flags = f.flags & ~(wscodec.BEGIN | wscodec.END)
                before = b""
                if inside:
                    opcode, same_flags, before, *same = frames.pop()
                    assert (opcode, same_flags) == (f.opcode, flags)
                    assert same == [f.payload_len, f.mask_key, f.header_len]
                assert f.begin == (not inside)
                assert f.chunk_pos == len(before)
                assert f.payload or f.payload_len == 0
                payload = before + f.payload
                assert f.end == (len(payload) == f.payload_len)
                inside = not f.end
                frames.append(
                    (f.opcode, flags, payload, f.payload_len, f.mask_key, f.header_len)
                )
    except WsError as stopped:
        error = stopped.name
        with pytest.raises(type(stopped)):
            list(decoder.feed(b""))
        with pytest.raises(type(stopped)):
            decoder.finish()
    try:
        decoder.finish()
        end = ""
    except WsError as stopped:
        end = stopped.name
    return Seen(frames, error, end)


CORPUS = {vector["name"]: vector for vector in vectors.load("decoder_streams")}


def feed_as(vector: Vector, pieces: Iterable[bytes]) -> Seen:
    return feed(pieces, side_of(vector), **vector.get("options", {}))


@pytest.mark.parametrize("name", CORPUS)
def test_frames_and_error_are_the_same_for_every_cut(name: str) -> None:
    vector = CORPUS[name]
    data = vector["input"]
    whole = feed_as(vector, [data])
    for at in range(len(data) + 1):
        assert feed_as(vector, [data[:at], data[at:]]) == whole, at
    single = [data[i : i + 1] for i in range(len(data))]
    assert feed_as(vector, single) == whole
    with_nothing = [piece for byte in single for piece in (b"", byte, b"")]
    assert feed_as(vector, with_nothing) == whole
    dice = random.Random(name)
    for _ in range(50):
        pieces = cut(dice, data, 6)
        assert feed_as(vector, pieces) == whole, pieces


def first_fault(byte: int, in_message: bool, deflate: bool) -> str:
    opcode, final = byte & 0x0F, byte >= 0x80
    compressed = deflate and opcode in (wire.TEXT, wire.BINARY)
    if byte & (0x30 if compressed else 0x70):
        return "WS_ERR_RESERVED_BITS"
    if opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        return "WS_ERR_OPCODE"
    if opcode >= 8:
        return "" if final else "WS_ERR_CONTROL_FRAME"
    if in_message != (opcode == wire.CONTINUATION):
        return "WS_ERR_FRAGMENTATION"
    return ""


def second_fault(first: int, byte: int, side: Side) -> str:
    if (byte >= 0x80) != (side == SERVER):
        return "WS_ERR_MASK"
    if first & 0x08 and byte & 0x7F > 125:
        return "WS_ERR_CONTROL_FRAME"
    return ""


@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize("in_message", [False, True])
@pytest.mark.parametrize("side", [SERVER, CLIENT])
def test_the_first_two_bytes_are_checked_as_in_the_rfc(
    side: Side, in_message: bool, deflate: bool
) -> None:
    start = wire.frame(wire.TEXT, b"", wire.KEY if side == SERVER else None)
    good = 0
    for first in range(256):
        expected_first = first_fault(first, in_message, deflate)
        for second in range(256):
            decoder = Decoder(side, deflate=deflate)
            if in_message:
                list(decoder.feed(start))
            expected = expected_first or second_fault(first, second, side)
            try:
                frames = list(decoder.feed(bytes((first, second))))
            except WsError as error:
                assert error.name == expected, (first, second)
                continue
            assert expected == "", (first, second)
            # An unmasked frame without payload is complete.
            assert len(frames) == (1 if second == 0 else 0)
            good += 1
    assert good > 500
    for first in range(256):
        if first_fault(first, in_message, deflate):
            decoder = Decoder(side, deflate=deflate)
            if in_message:
                list(decoder.feed(start))
            with pytest.raises(errors.ProtocolError):
                list(decoder.feed(bytes((first,))))


def test_more_frames_than_one_call_holds_are_all_decoded() -> None:
    for count in (255, 256, 257, 512, 513, 1500):
        payloads = [b"%d" % i for i in range(count)]
        data = b"".join(wire.frame(0x82, p) for p in payloads)
        assert [f.payload for f in Decoder().feed(data)] == payloads
        wrong = Decoder().feed(data + b"\x83")
        assert [next(wrong).payload for _ in range(count)] == payloads
        with pytest.raises(errors.ReservedOpcode):
            next(wrong)


@pytest.mark.parametrize("size", [65535, 65536, 65537, 200000])
def test_frames_of_any_size_are_decoded(size: int) -> None:
    header_len = 8 if size - 8 < 65536 else 14
    payload = bytes(i % 251 for i in range(size - header_len))
    data = wire.frame(0x82, payload)
    assert len(data) == size
    (frame,) = Decoder().feed(data)
    assert frame.payload == payload and frame.begin and frame.end
    buffer = bytearray(data)
    (frame,) = Decoder().feed(buffer, in_place=True)
    assert frame.payload == payload
    assert buffer[-len(payload) :] == payload


def test_in_place_unmasks_the_buffer() -> None:
    data = bytearray(wire.frame(0x81, b"Hello") * 2)
    head = bytes(data[:6])
    frames = list(Decoder().feed(memoryview(data)[:11], in_place=True))
    assert [f.payload for f in frames] == [b"Hello"]
    assert data == head + b"Hello" + wire.frame(0x81, b"Hello")
    data += b"it can be resized again"
    kept = bytearray(wire.frame(0x81, b"Hello"))
    (frame,) = Decoder(keep_masked=True).feed(kept, in_place=True)
    assert kept == wire.frame(0x81, b"Hello") and frame.payload == kept[6:]
    decoder = Decoder()
    for first in (0x01, 0x00, 0x80):  # a first byte of zero is valid input
        (frame,) = decoder.feed(bytearray(wire.frame(first, b"part")), in_place=True)
        assert frame.payload == b"part"
    assert list(Decoder().feed(bytearray(), in_place=True)) == []
    for fixed in (b"bytes", memoryview(b"bytes"), memoryview(bytearray(8))[::2]):
        with pytest.raises((errors.InvalidArgument, TypeError)):
            Decoder().feed(fixed, in_place=True)


def test_input_may_be_any_bytes_like_object() -> None:
    data = wire.frame(0x81, b"Hello")
    strided = bytes(b for byte in data for b in (byte, 0))
    for given in (data, bytearray(data), memoryview(data), memoryview(strided)[::2]):
        before = bytes(given)
        assert [f.payload for f in Decoder().feed(given)] == [b"Hello"]
        assert bytes(given) == before


def test_frames_do_not_change_when_more_is_fed() -> None:
    decoder = Decoder()
    frames = list(decoder.feed(wire.frame(0x81, b"first")))
    frames += decoder.feed(wire.frame(0x81, b"other"))
    assert [f.payload for f in frames] == [b"first", b"other"]


def test_feed_decodes_without_iteration() -> None:
    decoder = Decoder()
    decoder.feed(wire.frame(wire.TEXT, b"Hel"))
    (last,) = decoder.feed(wire.frame(0x80, b"lo"))
    assert last.payload == b"lo"
    decoder.feed(wire.frame(0x81, b"good") + b"\x83")
    with pytest.raises(errors.ReservedOpcode):
        list(decoder.feed(b""))


def test_a_frame_has_its_opcode_flags_and_lengths() -> None:
    (frame,) = Decoder(deflate=True).feed(wire.frame(0x41, b"Hel"))
    assert frame.opcode is Opcode.TEXT
    assert not frame.opcode.is_control
    assert not frame.fin and frame.begin and frame.end
    assert frame.flags & wscodec.RSV1 and frame.flags & wscodec.MASKED
    assert (frame.mask_key, frame.header_len, frame.size) == (wire.KEY, 6, 9)
    (ping,) = Decoder(CLIENT).feed(b"\x89\0")
    assert ping.opcode is Opcode.PING and ping.opcode.is_control
    assert ping.mask_key == bytes(4) and not ping.flags & wscodec.MASKED


def test_every_chunk_has_the_opcode_of_its_message() -> None:
    """TEXT or BINARY, for continuations too; for a control frame its own opcode."""
    data = (
        wire.frame(wire.TEXT, b"Hel")
        + wire.frame(0x89, b"p")
        + wire.frame(wire.CONTINUATION)
        + wire.frame(0x80, b"lo")
        + wire.frame(wire.BINARY, b"x")
        + wire.frame(0x80, b"y")
        + wire.close(1000)
    )
    opcodes = [Opcode.TEXT, Opcode.PING, Opcode.TEXT, Opcode.TEXT]
    opcodes += [Opcode.BINARY, Opcode.BINARY, Opcode.CLOSE]
    assert [f.message_opcode for f in Decoder().feed(data)] == opcodes
    decoder, found = Decoder(), []
    for byte in data:
        found += [f.message_opcode for f in decoder.feed(bytes([byte])) if f.end]
    assert found == opcodes


def test_any_rsv_reports_reserved_bits() -> None:
    data = wire.frame(0x51, b"a") + wire.frame(0x20, b"b") + wire.frame(0xE0, b"c")
    bits = [f.flags & 0x70 for f in Decoder(any_rsv=True).feed(data)]
    assert bits == [0x50, 0x20, 0x60]
    with pytest.raises(errors.ReservedBits):
        list(Decoder().feed(data))
    for wrong in (0xC9, 0xA8, 0x9A):
        with pytest.raises(errors.ReservedBits):
            list(Decoder(any_rsv=True).feed(bytes([wrong])))


def test_a_payload_over_the_limit_fails_at_its_length() -> None:
    for limit in (-1, 2**64):
        with pytest.raises(errors.InvalidArgument):
            Decoder(max_payload=limit)
    header = wire.header(0x82, 2**63 - 1)
    assert list(Decoder(max_payload=2**64 - 1).feed(header)) == []
    assert list(Decoder(max_payload=2**63 - 1).feed(header)) == []
    with pytest.raises(errors.TooBig):  # fails before the masking key
        list(Decoder(max_payload=2**63 - 2).feed(header[:-4]))


def test_decoders_of_several_threads_are_independent() -> None:
    wrong = []

    def work(number: int) -> None:
        payload = bytes([number]) * 1000
        data, decoder = wire.frame(0x82, payload), Decoder()
        for _ in range(300):
            if [f.payload for f in decoder.feed(data)] != [payload]:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("name", CORPUS)
def test_tuples_are_the_frames_without_their_other_fields(name: str, in_place: bool) -> None:
    vector = CORPUS[name]
    data, side, options = vector["input"], side_of(vector), vector.get("options", {})

    def results(decoder: Decoder, piece: bytes, tuples: bool) -> list[object]:
        found: list[object] = []
        given = bytearray(piece) if in_place else piece
        try:
            if tuples:
                found += decoder.feed_tuples(given, in_place=in_place)
            else:
                for frame in decoder.feed(given, in_place=in_place):
                    found.append((frame.opcode, frame.flags, frame.payload))
        except WsError as error:
            found.append(error.name)
        return found

    for at in range(0, len(data) + 1, max(1, len(data) // 100)):
        ours, theirs = Decoder(side, **options), Decoder(side, **options)
        for piece in (data[:at], data[at:]):
            assert results(ours, piece, True) == results(theirs, piece, False)


def test_tuples_are_yielded_before_the_error() -> None:
    found = Decoder().feed_tuples(wire.frame(0x81, b"good") * 300 + b"\x83")
    flags = wscodec.FIN | wscodec.MASKED | wscodec.BEGIN | wscodec.END
    for _ in range(300):
        opcode, *rest = next(found)
        assert opcode is Opcode.TEXT and rest == [flags, b"good"]
    with pytest.raises(errors.ReservedOpcode):
        next(found)


@pytest.mark.parametrize("count", [255, 256, 257, 1000])
@pytest.mark.parametrize("size", [0, 1, 300])
def test_any_number_of_frames_is_decoded_at_once(count: int, size: int) -> None:
    """The library reports 256 in one call."""
    payloads = [bytes([n & 255]) * size for n in range(count)]
    data = b"".join(wire.frame(0x82, payload) for payload in payloads)
    assert [f.payload for f in Decoder().feed(data)] == payloads
    assert [f.payload for f in Decoder().feed(bytearray(data), in_place=True)] == payloads
    assert [payload for _, _, payload in Decoder().feed_tuples(data)] == payloads
    decoder = Decoder()
    chunks = [*decoder.feed(data[:-1]), *decoder.feed(data[-1:])]
    assert b"".join(chunk.payload for chunk in chunks) == b"".join(payloads)
    assert sum(chunk.end for chunk in chunks) == count


def test_input_of_one_byte_is_never_changed() -> None:
    """CPython shares one object for each bytes of length 1 with the whole program."""
    decoder = Decoder()
    decoder.feed(wire.header(0x82, 256))
    bodies = [bytes([n]) for n in range(256)]
    unmasked = b"".join(chunk.payload for one in bodies for chunk in decoder.feed(one))
    assert unmasked == wire.xor(bytes(range(256)), wire.KEY)
    assert bodies == [bytes([n]) for n in range(256)]
    assert [b[0] for b in bodies] == list(range(256))
    for n in range(256):
        frame = wscodec.frame_decode(wire.header(0x82, 1) + bytes([n]))
        assert frame is not None and frame.payload[0] == n ^ wire.KEY[0]
        assert wscodec.mask(bytes([n]), wire.KEY)[0] == n ^ wire.KEY[0]
    assert [bytes([n])[0] for n in range(256)] == list(range(256))


def test_an_error_is_raised_again_for_every_kind_of_input() -> None:
    decoder = Decoder()
    decoder.feed(b"\x83")
    for again in (b"", b"x", bytes(100_000)):
        with pytest.raises(errors.ReservedOpcode):
            list(decoder.feed(again))
        with pytest.raises(errors.ReservedOpcode):
            list(decoder.feed(bytearray(again), in_place=True))


@pytest.mark.parametrize("make", [Decoder, wscodec.Control, wscodec.Utf8Validator])
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_the_state_of_a_stream_cannot_be_copied(make: Any, duplicate: Any) -> None:
    with pytest.raises(TypeError, match="cannot be copied"):
        duplicate(make())


@pytest.mark.parametrize("name", CORPUS)
def test_frames_are_the_same_where_bytes_objects_cannot_be_filled(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a Python whose ctypes passes copies of bytes objects."""
    vector = CORPUS[name]
    data = vector["input"]
    whole, alone = feed_as(vector, [data]), outcome(data)
    masked, encoded = wscodec.mask(data, wire.KEY), wscodec.frame_encode(2, data)
    for module in ("_buffers", "decoder", "frame"):
        monkeypatch.setattr(f"wscodec.{module}.FILLS_BYTES", False)
    for at in range(0, len(data) + 1, max(1, len(data) // 50)):
        assert feed_as(vector, [data[:at], data[at:]]) == whole
    assert outcome(data) == alone
    assert wscodec.mask(data, wire.KEY) == masked
    assert wscodec.frame_encode(2, data) == encoded


def outcome(data: bytes) -> object:
    try:
        return wscodec.frame_decode(data)
    except WsError as error:
        return error.name
