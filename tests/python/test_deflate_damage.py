"""Compressed messages that are damaged, cut off or too big. A message may end with an empty
stored block without its 00 00 FF FF, with a final block (RFC 7692, 7.2.1), or with any block
whose end is the end of a byte."""

from __future__ import annotations

import random
import subprocess
import sys
import zlib
from collections import Counter

import needs
import pytest
import wire
import wscodec
from deflated import MARKER, RSV1, Compressor, at_distance, cut, frames, pieces_of, prose
from echo_checks import MIB, goodbye
from test_deflate import joined, message, received
from wire import BINARY, CONTINUATION, FIN, PING, TEXT
from wscodec import (
    CLIENT,
    SERVER,
    Connection,
    Deflate,
    Message,
    MessagePart,
    Opcode,
    Ping,
    State,
    errors,
)

pytestmark = needs.compression


def compressed(payload: bytes, opcode: int = BINARY) -> bytes:
    return wire.frame(FIN | RSV1 | opcode, payload)


def server(**options: int) -> Connection:
    return Connection(SERVER, deflate=Deflate(), **options)  # type: ignore[arg-type]


def fails(conn: Connection, *pieces: bytes) -> errors.ProtocolError:
    """Checks that the connection fails, sends its close, and fails again. Returns the error."""
    with pytest.raises(errors.ProtocolError) as caught:
        received(conn, list(pieces))
    error = caught.value
    assert conn.data_to_send() == goodbye(error.close_code)
    assert conn.state == State.FAILED
    with pytest.raises(type(error)):
        list(conn.receive_data(compressed(b"\x00")))
    return error


HELLO = Compressor().message(b"Hello")


def test_damage_is_noticed_at_the_damaged_byte() -> None:
    """After the events before it, and before the rest of the message."""
    conn = server()
    start = wire.header(FIN | RSV1 | BINARY, 1000) + wire.xor(b"\x06", wire.KEY)
    data = compressed(HELLO, TEXT) + wire.frame(FIN | PING, b"x") + start
    events = conn.receive_data(data)
    assert [next(events), next(events)] == [Message("Hello", Opcode.TEXT), Ping(b"x")]
    with pytest.raises(errors.CompressionError):
        next(events)


END = b"\x03\x00"
"""An empty final block."""


def inflated(data: bytes, window: bytes = b"") -> tuple[bytes, bool]:
    """The output of zlib, and whether a final block ends the data."""
    out, rest = b"", data
    while True:
        stream = zlib.decompressobj(-15, zdict=(window + out)[-32768:])
        out += stream.decompress(rest)
        if not stream.eof:
            return out, False
        rest = stream.unused_data
        if not rest:
            return out, True


def by_zlib(payload: bytes, window: bytes = b"") -> bytes | None:
    """A message decompressed by zlib after this window. None: it is damaged or cut off."""
    for tail in (MARKER + END, END):
        try:
            alone = inflated(payload, window)[0]
            out, ended = inflated(payload + tail, window)
        except zlib.error:
            continue
        if ended and out == alone:
            return out
    return None


@pytest.mark.parametrize("data", [b"", b"Hello", prose(random.Random(1), 700)])
def test_messages_cut_off_anywhere_are_judged_as_by_zlib(data: bytes) -> None:
    for payload in (
        Compressor().message(data),
        Compressor(level=0).message(data),
        Compressor(strategy=zlib.Z_FIXED).message(data),
    ):
        assert received(server(), [compressed(payload)]) == [message(BINARY, data)]
        for size in range(len(payload)):
            expected = by_zlib(payload[:size])
            if expected is None:
                error = fails(server(), compressed(payload[:size]))
                assert type(error) is errors.CompressionError, (payload, size)
            else:  # a block ends here
                got = received(server(), [compressed(payload[:size])])
                assert got == [message(BINARY, expected)], (payload, size)


def test_random_damage_is_judged_as_by_zlib() -> None:
    """The same messages are valid, with the same content."""
    dice = random.Random(7692)
    seen: Counter[str] = Counter()
    for _ in range(10_000):
        content = dice.choice((prose(dice, 200), dice.randbytes(20), b"x" * 300, b"Hello"))
        payload = bytearray(
            Compressor(level=dice.choice((0, 1, 6)), strategy=dice.choice((0, 4))).message(
                content
            )
        )
        for _ in range(dice.randrange(1, 4)):
            payload[dice.randrange(len(payload))] ^= 1 << dice.randrange(8)
        expected = by_zlib(bytes(payload))
        pieces = cut(dice, compressed(bytes(payload)), dice.randrange(1, 4))
        conn = server(stream=dice.random() < 0.3)
        try:
            (event,) = joined(received(conn, pieces))
        except errors.CompressionError:
            assert expected is None, payload.hex()
            seen["damaged"] += 1
        else:
            assert isinstance(event, Message) and event.data == expected, payload.hex()
            seen["good"] += 1
    assert min(seen.values()) > 20 and len(seen) == 2, seen


def test_text_is_checked_after_decompression() -> None:
    them = Compressor()
    for text in (
        b"a\xff",
        b"a\xe2\x82",
        b"\xed\xa0\x80",
        prose(random.Random(1), 5000) + b"\xff",
    ):
        error = fails(server(), compressed(Compressor().message(text), TEXT))
        assert error.name == "WS_ERR_UTF8" and error.close_code == 1007
    euro = them.message(b"\xe2") + MARKER, them.message(b"\x82\xac")
    data = frames(TEXT, list(euro), wire.KEY)
    assert received(server(), [data]) == [Message("€", Opcode.TEXT)]
    unchecked = server(check_utf8=False)
    payload = compressed(Compressor().message(b"\xff"), TEXT)
    assert received(unchecked, [payload]) == [Message(b"\xff", Opcode.TEXT)]


def test_references_to_a_context_that_was_reset_fail() -> None:
    them = Compressor()
    first, second = them.message(b"Hello, Hello, Hello"), them.message(b"Hello, Hello")
    keeps = Connection(SERVER, deflate=Deflate(server_no_context_takeover=True))
    data = [compressed(first, TEXT), compressed(second, TEXT)]
    assert len(received(keeps, data)) == 2
    resets = Connection(SERVER, deflate=Deflate(client_no_context_takeover=True))
    assert len(received(resets, data[:1])) == 1
    assert fails(resets, data[1]).name == "WS_ERR_COMPRESSION"
    # Control frames and plain messages do not change the context.
    keeps = server()
    plain = wire.frame(FIN | TEXT, b"plain") + wire.frame(FIN | PING, b"ping")
    assert len(received(keeps, [data[0], plain, data[1]])) == 4


def test_the_end_within_a_message_is_unexpected() -> None:
    for data in (compressed(HELLO)[:-1], wire.frame(RSV1 | TEXT, HELLO)):
        conn = server()
        assert received(conn, [data]) == []
        with pytest.raises(errors.UnexpectedEof):
            conn.finish()


def test_fragmentation_of_compressed_messages_is_checked() -> None:
    for data in (
        wire.frame(RSV1 | TEXT, HELLO[:3]) + compressed(HELLO, TEXT),
        wire.frame(FIN | CONTINUATION, HELLO),
    ):
        assert fails(server(), data).name == "WS_ERR_FRAGMENTATION"


# Bombs

ZEROS = 64 * MIB
BOMB = Compressor(level=9).message(bytes(ZEROS))


@pytest.mark.parametrize("stream", [False, True])
def test_a_bomb_fails_at_the_limit(stream: bool) -> None:
    assert len(BOMB) < 66_000
    for pieces in ([compressed(BOMB)], list(pieces_of(compressed(BOMB), 100))):
        conn = server(stream=stream)
        size = 0
        with pytest.raises(errors.TooBig) as caught:
            for piece in pieces:
                for event in conn.receive_data(piece):
                    assert isinstance(event, MessagePart)
                    size += len(event.data)
        assert size == (MIB if stream else 0)
        assert caught.value.name == "WS_ERR_TOO_BIG"
        assert conn.data_to_send() == goodbye(1009)


def test_a_bomb_takes_less_than_4_mib_of_memory() -> None:
    program = """
import resource, sys, wscodec
data = sys.stdin.buffer.read()
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
conn = wscodec.Connection(wscodec.SERVER, deflate=wscodec.Deflate())
try:
    list(conn.receive_data(data))
except wscodec.errors.TooBig:
    print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], input=compressed(BOMB), capture_output=True, check=True
    )
    assert int(done.stdout) < 4096  # KiB, for a message of 1 MiB


def test_a_message_as_long_as_the_limit_is_received() -> None:
    dice = random.Random(1)
    for size in (0, 1, 300, 70_000):
        for data in (bytes(size), dice.randbytes(size), prose(dice, size)):
            payload = compressed(Compressor().message(data))
            more = compressed(Compressor().message(data + b"x"))
            limit = len(data)
            for stream in (False, True):
                options = {"max_message": max(limit, 1), "stream": stream}
                events = joined(received(server(**options), [payload]))
                assert events == [message(BINARY, data)]
                if limit:
                    assert fails(server(**options), more).name == "WS_ERR_TOO_BIG"
                    fragments = [wire.frame(BINARY, data), wire.frame(FIN | CONTINUATION, b"x")]
                    assert fails(server(**options), *fragments).name == "WS_ERR_TOO_BIG"


def test_a_limit_of_zero_is_none() -> None:
    (event,) = received(server(max_message=0), [compressed(BOMB)])
    assert isinstance(event, Message) and event.data == bytes(ZEROS)


def test_the_limit_counts_decompressed_bytes() -> None:
    """An incompressible message may be longer on the wire than the limit."""
    data = random.Random(1).randbytes(1000)
    payload = Compressor(level=0).message(data)
    assert len(payload) > 1000
    assert received(server(max_message=1000), [compressed(payload)]) == [message(BINARY, data)]
    empty = b"\x00\x00\x00\xff\xff" * 500 + b"\x00"
    events = received(server(max_message=1), [compressed(empty)])
    assert events == [message(BINARY, b"")]


def test_a_compressed_message_may_not_be_endless() -> None:
    """A compressed message may have 16 times the bytes of the limit, plus 64 KiB."""
    allowed = 16 * 1000 + 65536
    empty = b"\x00\x00\x00\xff\xff"
    for stream in (False, True):
        conn = server(max_message=1000, stream=stream)
        start = wire.frame(RSV1 | BINARY, empty * 100)
        rest = allowed - 500
        assert not [e for e in received(conn, [start]) if not isinstance(e, MessagePart)]
        received(conn, [wire.header(FIN | CONTINUATION, rest)])
        conn = server(max_message=1000, stream=stream)
        received(conn, [start])
        assert fails(conn, wire.header(FIN | CONTINUATION, rest + 1)).name == "WS_ERR_TOO_BIG"
        assert conn.announced == allowed + 1


def test_a_client_fails_like_a_server() -> None:
    conn = Connection(CLIENT, deflate=Deflate())
    with pytest.raises(errors.CompressionError):
        list(conn.receive_data(wire.frame(FIN | RSV1 | TEXT, b"\x06", None)))
    (frame,) = wscodec.Decoder(SERVER).feed(conn.data_to_send())
    assert frame.payload == b"\x03\xef"
    data = at_distance(random.Random(1), 300, 100)
    payload = Compressor().message(data)
    conn = Connection(CLIENT, deflate=Deflate(server_max_window_bits=8))
    assert received(conn, [wire.frame(FIN | RSV1 | BINARY, payload, None)]) == [
        message(BINARY, data)
    ]
