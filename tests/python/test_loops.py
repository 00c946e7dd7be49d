"""Both loops over ws_conn_recv() and ws_decoder_feed() find the same: until the result is 0,
and until all bytes are consumed. And the promises of *consumed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from ctypes import addressof, byref, c_size_t, create_string_buffer, string_at
from typing import NamedTuple

import pytest
import wire
import wscodec
from deflated import RSV1, Compressor, cut, prose
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, frame
from wscodec import _ffi
from wscodec._ffi import lib

DEFLATES = wscodec.library_can_deflate()
PIECE = _ffi.EVENT_FIRST | _ffi.EVENT_LAST


class Call(NamedTuple):
    """The results of one call."""

    result: int
    consumed: int
    events: list[tuple[int, int, int, bytes]]


class Conn:
    """A server's connection, called as from C."""

    def __init__(self, stream: bool, capacity: int, deflate: bool) -> None:
        self.handle = lib.ws_conn_new(_ffi.SERVER, None)
        assert lib.ws_conn_set(self.handle, _ffi.OPT_STREAM, stream) == 0
        assert lib.ws_conn_set(self.handle, _ffi.OPT_MAX_MESSAGE, 100_000) == 0
        if deflate:
            assert lib.ws_conn_set_pmd(self.handle, byref(_ffi.PmdParams())) == 0
        self.entries = (_ffi.Event * capacity)()
        self.capacity = capacity
        self.sent = b""
        self.may_send = False

    def recv(self, data: bytes) -> Call:
        used = c_size_t()
        buffer = create_string_buffer(data, len(data)) if data else None
        n = lib.ws_conn_recv(
            self.handle, buffer, len(data), self.entries, self.capacity, byref(used)
        )
        events = []
        for event in self.entries[: max(n, 0)]:
            at = lib.ws_event_data(self.handle, buffer, byref(event))
            content = string_at(at, event.len) if event.len else b""
            flags = event.flags & ~_ffi.EVENT_COLLECTED
            events.append((event.opcode, flags, event.close_code, content))
        collected = [bool(e.flags & _ffi.EVENT_COLLECTED) for e in self.entries[: max(n, 0)]]
        assert True not in collected[:-1]  # only the last may be
        if n >= 0 and buffer is not None:
            assert buffer.raw[used.value :] == data[used.value :]  # the rest is unchanged
        self.may_send = n < 0 or any(event[0] in (PING, CLOSE) for event in events)
        self.collect()
        return Call(n, used.value, events)

    def collect(self) -> None:
        out = create_string_buffer(_ffi.MAX_OUTPUT)
        n = lib.ws_conn_output(self.handle, out, _ffi.MAX_OUTPUT)
        assert n >= 0 and (self.may_send or n == 0)
        self.sent += out.raw[:n]

    def free(self) -> None:
        lib.ws_conn_free(self.handle)


class Seen(NamedTuple):
    events: list[tuple[int, int, int, bytes]]
    failed: int
    sent: bytes


def joined(events: list[tuple[int, int, int, bytes]]) -> list[tuple[int, int, int, bytes]]:
    """The events, with the pieces of each message joined: their sizes depend on the input."""
    out: list[tuple[int, int, int, bytes]] = []
    parts: list[bytes] = []
    for opcode, flags, code, content in events:
        if opcode >= CLOSE:
            assert flags == PIECE | _ffi.EVENT_FRAME_END
            out.append((opcode, 0, code, content))
            continue
        assert bool(flags & _ffi.EVENT_FIRST) == (not parts)
        parts.append(content)
        if flags & _ffi.EVENT_LAST:
            out.append((opcode, 0, 0, b"".join(parts)))
            parts = []
    if parts:
        out.append((0, 0, 0, b"".join(parts)))
    return out


def until_consumed(conn: Conn, pieces: list[bytes]) -> Seen:
    events: list[tuple[int, int, int, bytes]] = []
    for piece in pieces:
        while piece:
            call = conn.recv(piece)
            if call.result < 0:
                return Seen(joined(events), call.result, conn.sent)
            events += call.events
            assert call.result or call.consumed == len(piece)
            piece = piece[call.consumed :]
    return Seen(joined(events), 0, conn.sent)


def until_zero(conn: Conn, pieces: list[bytes]) -> Seen:
    events: list[tuple[int, int, int, bytes]] = []
    for piece in pieces:
        while True:
            call = conn.recv(piece)
            if call.result < 0:
                assert call.consumed == 0
                return Seen(joined(events), call.result, conn.sent)
            events += call.events
            piece = piece[call.consumed :]
            if call.result == 0:
                assert not piece
                break
    return Seen(joined(events), 0, conn.sent)


def with_empty_calls(conn: Conn, pieces: list[bytes]) -> Seen:
    """Until all bytes are consumed, with a call without bytes after each call: it reports no
    event, and no error unless bytes are left."""
    events: list[tuple[int, int, int, bytes]] = []
    for piece in pieces:
        while piece:
            call = conn.recv(piece)
            if call.result < 0:
                return Seen(joined(events), call.result, conn.sent)
            events += call.events
            piece = piece[call.consumed :]
            nothing = conn.recv(b"")
            assert not nothing.events and nothing.consumed == 0
            if nothing.result < 0:
                assert piece  # a byte was left for the error
                return Seen(joined(events), nothing.result, conn.sent)
    return Seen(joined(events), 0, conn.sent)


def streams(seed: int, count: int) -> Iterator[bytes]:
    dice = random.Random(seed)
    for _ in range(count):
        them, data = Compressor(), b""
        for _ in range(dice.randrange(1, 6)):
            content = dice.choice(
                (b"", b"abc", "tschüß 🎉".encode(), prose(dice, 300), bytes(90_000))
            )
            kind = dice.random()
            if kind < 0.3:
                parts = cut(dice, content, dice.choice((1, 1, 2, 3)))
                firsts = [TEXT] + [CONTINUATION] * (len(parts) - 1)
                firsts[-1] |= FIN
                data += b"".join(frame(first, part) for first, part in zip(firsts, parts))
            elif kind < 0.6:
                parts = cut(dice, them.message(content), dice.choice((1, 1, 2, 3)))
                firsts = [BINARY | RSV1] + [CONTINUATION] * (len(parts) - 1)
                firsts[-1] |= FIN
                data += b"".join(frame(first, part) for first, part in zip(firsts, parts))
            elif kind < 0.8:
                data += frame(FIN | dice.choice((PING, PONG)), content[:5])
            else:
                data += dice.choice(WRONG)
        yield data


WRONG = [
    frame(FIN | TEXT, b"abc\xff"),
    frame(FIN | TEXT, b"abc\xe2\x82"),
    frame(TEXT, b"abc\xe2") + frame(FIN | CONTINUATION, b"("),
    frame(FIN | TEXT | RSV1, Compressor().message(b"abc\xe2\x82")),
    frame(FIN | BINARY | RSV1, b"\x06"),
    frame(FIN | BINARY | RSV1, Compressor().message(b"Hello")[:3]),
    frame(FIN | BINARY | RSV1, Compressor().message(bytes(200_000))),
    wire.header(FIN | BINARY, 100_001),
    frame(FIN | CONTINUATION, b"x"),
    b"\x83",
    wire.close(1000, b"bye"),
    wire.close(999),
    frame(FIN | CLOSE, b"\x03\xe8\xff"),
]


@pytest.mark.parametrize("deflate", [False, True] if DEFLATES else [False])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("capacity", [1, 2, 64])
def test_all_loops_over_a_connection_find_the_same(
    stream: bool, capacity: int, deflate: bool
) -> None:
    dice = random.Random(capacity)
    failures = set()
    for data in streams(capacity, 150):
        expected = None
        cuts = [[data], cut(dice, data, 5)]
        if len(data) < 600:
            cuts.append([data[i : i + 1] for i in range(len(data))])
        for pieces in cuts:
            for loop in (until_consumed, until_zero, with_empty_calls):
                conn = Conn(stream, capacity, deflate)
                seen = loop(conn, pieces)
                conn.free()
                expected = expected or seen
                assert comparable(seen, stream) == comparable(expected, stream), (loop, pieces)
        assert expected
        failures.add(expected.failed)
    assert len(failures) > 4


def comparable(seen: Seen, stream: bool) -> Seen:
    """In stream mode the size of the part before an error depends on the input."""
    if stream and seen.failed:
        whole = [event for event in seen.events if event[0]]
        return Seen(whole, seen.failed, seen.sent)
    return seen


def test_both_loops_over_a_decoder_find_the_same() -> None:
    dice = random.Random(1)
    for data in streams(2, 300):
        found = set()
        for pieces in ([data], cut(dice, data, 5), cut(dice, data, 2)):
            for by_bytes in (False, True):
                for capacity in (1, 3, 64):
                    found.add(decoded(pieces, by_bytes, capacity))
        assert len(found) == 1


def decoded(pieces: list[bytes], by_bytes: bool, capacity: int) -> tuple[bytes, int]:
    """All headers and payloads, with chunks joined, and the error."""
    decoder, used = _ffi.Decoder(), c_size_t()
    assert lib.ws_decoder_init(byref(decoder), _ffi.DEFLATE, 100_000) == 0
    entries = (_ffi.Frame * capacity)()
    out = b""
    for piece in pieces:
        while piece or not by_bytes:
            buffer = create_string_buffer(piece, len(piece)) if piece else None
            n = lib.ws_decoder_feed(
                byref(decoder), buffer, len(piece), entries, capacity, byref(used)
            )
            if n < 0:
                assert used.value == 0
                return out, int(n)
            assert n or used.value == len(piece)
            for entry in entries[:n]:
                if entry.flags & _ffi.BEGIN:
                    out += bytes((entry.opcode, entry.flags & 0xF0, entry.message_opcode))
                assert buffer is not None
                out += string_at(addressof(buffer) + entry.chunk_off, entry.chunk_len)
            if buffer is not None:
                assert buffer.raw[used.value :] == piece[used.value :]
            piece = piece[used.value :]
            if not n:
                break
    return out, 0
