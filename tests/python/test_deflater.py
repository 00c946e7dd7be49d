"""Compression without a connection, against Python's zlib and against a connection."""

from __future__ import annotations

import copy
import gc
import pickle
import random
import weakref
from collections.abc import Callable

import needs
import pytest
import wscodec
from deflated import (
    RSV1,
    Compressor,
    Decompressor,
    at_distance,
    cut,
    messages_in,
    pieces_of,
    prose,
    samples,
)
from test_deflate import MODES, SIDES, agreed, every_window, other
from test_deflate_damage import by_zlib
from vectored import every
from vectors import Vector
from wire import BINARY, FIN
from wscodec import CLIENT, SERVER, Connection, Deflate, Deflater, Message, errors

pytestmark = needs.compression
ALL = 2**24


@every_window
def test_zlib_reads_what_we_compress(side: str, mode: str, bits: int) -> None:
    """Within the agreed window, whole and in pieces."""
    dice = random.Random(bits)
    us, no_context = SIDES[side], MODES[mode]
    ours = Deflater(us, agreed(us, bits, no_context))
    theirs = Decompressor(bits, no_context)
    for _, data in samples(dice, bits):
        if len(data) > 20_000:
            continue
        parts = cut(dice, data, dice.choice((1, 1, 2, 4)))
        payloads = [ours.compress(part, more=True) for part in parts[:-1]]
        payloads.append(ours.compress(parts[-1]))
        assert theirs.message(b"".join(payloads)) == data


@every_window
def test_we_read_what_zlib_compresses(side: str, mode: str, bits: int) -> None:
    dice = random.Random(bits)
    us, no_context = SIDES[side], MODES[mode]
    ours = Deflater(us, agreed(other(us), bits, no_context))
    theirs = Compressor(bits, no_context)
    for _, data in samples(dice, bits):
        payloads = cut(dice, theirs.message(data), dice.choice((1, 1, 2, 5)))
        found = [ours.decompress(part, more=True, max_size=ALL) for part in payloads[:-1]]
        found.append(ours.decompress(payloads[-1], max_size=ALL))
        assert b"".join(found) == data


def test_messages_are_decompressed_byte_by_byte() -> None:
    dice = random.Random(1)
    ours, theirs = Deflater(SERVER), Compressor()
    for data in (b"", prose(dice, 2000), b"x" * 100_000, b"", dice.randbytes(300)):
        out = b"".join(
            ours.decompress(byte, more=True, max_size=ALL)
            for byte in pieces_of(theirs.message(data), 1)
        )
        assert out + ours.decompress(b"", max_size=ALL) == data


def test_a_connection_compresses_to_the_same_bytes() -> None:
    dice = random.Random(1)
    terms = Deflate(server_no_context_takeover=True, level=9)
    ours, conn = Deflater(SERVER, terms), Connection(SERVER, deflate=terms, compress_from=0)
    for size in (0, 5, 3000, 70_000):
        data = prose(dice, size)
        conn.send_bytes(data)
        ((opcode, compressed, payload),) = messages_in(conn.data_to_send())
        assert (opcode, compressed) == (BINARY, True)
        assert ours.compress(data) == payload


def test_one_compressed_message_is_valid_for_several_clients() -> None:
    """If it was compressed without context, for every client with a window at least as wide,
    between its other messages."""
    dice = random.Random(1)
    once = Deflate(server_no_context_takeover=True, server_max_window_bits=11)
    deflater = Deflater(SERVER, once)
    members = []
    for bits in (11, 12, 15):
        terms = Deflate(server_no_context_takeover=True, server_max_window_bits=bits)
        members.append(
            (
                Connection(SERVER, deflate=terms),
                Connection(CLIENT, deflate=terms, max_message=0),
            )
        )
    for size in (3000, 10, 60_000):
        news = prose(dice, size)
        shared = wscodec.frame_encode(BINARY, deflater.compress(news), rsv=RSV1)
        for server, client in members:
            server.send_bytes(b"mine" * 500)
            found = list(client.receive_data(server.data_to_send() + shared))
            assert [event.data for event in found if isinstance(event, Message)] == [
                b"mine" * 500,
                news,
            ]


@every("deflate_messages")
def test_damaged_messages_fail_for_good(vector: Vector) -> None:
    first = vector["messages"][0]
    if "error" not in first:
        return
    damaged = b"".join(first["payloads"])
    for pieces in ([damaged], [*pieces_of(damaged, 1), b""]):
        ours = Deflater(SERVER)
        with pytest.raises(errors.CompressionError):
            for at, piece in enumerate(pieces):
                ours.decompress(piece, more=at < len(pieces) - 1, max_size=ALL)
        for again in (b"", Compressor().message(b"Hello")):
            with pytest.raises(errors.CompressionError):
                ours.decompress(again, max_size=ALL)
        # The other direction still works.
        assert ours.compress(b"Hello") == Compressor().message(b"Hello")


def test_random_damage_is_judged_as_by_zlib() -> None:
    """The same messages are valid, with the same content."""
    dice = random.Random(7692)
    good = 0
    for _ in range(5000):
        content = dice.choice((prose(dice, 200), dice.randbytes(20), b"x" * 300, b"Hello"))
        payload = bytearray(Compressor(level=dice.choice((0, 1, 6))).message(content))
        payload[dice.randrange(len(payload))] ^= 1 << dice.randrange(8)
        expected = by_zlib(bytes(payload))
        try:
            found = Deflater(CLIENT).decompress(payload, max_size=ALL)
        except errors.CompressionError:
            assert expected is None, payload.hex()
        else:
            assert found == expected, payload.hex()
            good += 1
    assert 100 < good < 4900


def test_a_message_over_max_size_is_too_big() -> None:
    payload = Compressor().message(bytes(200_000))
    assert Deflater(SERVER).decompress(payload, max_size=200_000) == bytes(200_000)
    assert Deflater(SERVER).decompress(payload, max_size=0) == bytes(200_000)
    for limit in (1, 65_535, 65_536, 65_537, 199_999):
        ours = Deflater(SERVER)
        for again in (payload, b"", payload):
            with pytest.raises(errors.TooBig):
                ours.decompress(again, max_size=limit)


def test_max_size_counts_all_pieces_of_a_message() -> None:
    for ours in (Deflater(SERVER), Deflater(SERVER)):
        them = Compressor()
        for size in (1000, 10, 1000):  # counted for each message
            payload = them.message(bytes(size))
            found = [
                ours.decompress(p, more=True, max_size=1000) for p in pieces_of(payload, 1)
            ]
            assert b"".join([*found, ours.decompress(b"", max_size=1000)]) == bytes(size)
        payload = them.message(bytes(1001))
        with pytest.raises(errors.TooBig):
            for piece in pieces_of(payload, 1):
                ours.decompress(piece, more=True, max_size=1000)
            ours.decompress(b"", max_size=1000)
        with pytest.raises(errors.TooBig):
            ours.decompressed(b"")
    for wrong in (-1, 2**64):
        with pytest.raises(errors.InvalidArgument):
            Deflater(SERVER).decompress(b"", max_size=wrong)


def test_decompressed_yields_pieces_of_at_most_64_kib() -> None:
    data = at_distance(random.Random(1), 30_000, 200) * 10
    ours, payload = Deflater(SERVER), Compressor().message(data)
    sizes, out = [], b""
    for piece in ours.decompressed(payload):
        sizes.append(len(piece))
        out += piece
    assert out == data and max(sizes) <= 65536 and len(sizes) > 4


def test_an_invalid_side_is_refused() -> None:
    for side in (2, -1, 2**32, "server"):
        with pytest.raises(errors.InvalidArgument):
            Deflater(side)  # type: ignore[arg-type]


def test_a_deflater_is_freed_and_cannot_be_copied() -> None:
    with Deflater(SERVER) as ours:
        assert ours.compress(b"")
    ours.free()
    pieces = ours.decompressed(b"\x00")
    uses: list[Callable[[], object]] = [
        lambda: ours.compress(b""),
        lambda: ours.decompress(b"", max_size=9),
        lambda: next(pieces),
    ]
    for use in uses:
        with pytest.raises(errors.InvalidState):
            use()
    kept = Deflater(SERVER)
    for copy_ in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            copy_(kept)
    there, finalizer = weakref.ref(kept), kept._finalizer
    del kept
    gc.collect()
    assert there() is None and not finalizer.alive


def test_a_decoder_and_a_deflater_read_a_connection() -> None:
    """They read a message in fragments."""
    dice = random.Random(1)
    text = prose(dice, 5000)
    them = Connection(CLIENT, deflate=Deflate(), compress_from=0)
    for part in cut(dice, text, 4):
        them.send_bytes(part, more=True)
    them.send_bytes(b"end")
    decoder, deflater = wscodec.Decoder(deflate=True), Deflater(SERVER)
    out, compressed = b"", False
    for piece in cut(dice, them.data_to_send(), 7):
        for chunk in decoder.feed(piece):
            assert chunk.message_opcode == BINARY
            compressed = compressed or bool(chunk.flags & RSV1)
            ends = bool(chunk.flags & FIN) and chunk.end
            out += deflater.decompress(chunk.payload, more=not ends, max_size=ALL)
    assert compressed and out == text + b"end"
