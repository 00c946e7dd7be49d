"""Compressed messages, with Python's zlib as the peer: every window, with and without context
takeover, as server and as client, for any cut."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator

import needs
import pytest
import wire
import wscodec
from deflated import (
    RSV1,
    Compressor,
    Decompressor,
    at_distance,
    cut,
    frames,
    messages_in,
    pieces_of,
    prose,
    samples,
)
from wire import BINARY, FIN, PING, TEXT
from wscodec import (
    CLIENT,
    SERVER,
    Connection,
    Deflate,
    Event,
    Message,
    MessagePart,
    Opcode,
    Ping,
    Side,
    errors,
)

pytestmark = needs.compression

BITS = range(8, 16)
SIDES = {"server": SERVER, "client": CLIENT}
MODES = {"takeover": False, "no takeover": True}


def agreed(sender: Side, bits: int, no_context: bool, **settings: int) -> Deflate:
    """Parameters for the messages of one side; those of the other have the defaults."""
    if sender is SERVER:
        return Deflate(no_context, False, bits, 15, **settings)
    return Deflate(False, no_context, 15, bits, **settings)


def every_window(test: Callable[..., None]) -> Callable[..., None]:
    """Runs a test for each window, with and without context takeover, on both sides."""
    for name, values in (("side", SIDES), ("mode", MODES), ("bits", BITS)):
        test = pytest.mark.parametrize(name, list(values))(test)
    return test


def other(side: Side) -> Side:
    return CLIENT if side is SERVER else SERVER


def message(opcode: int, data: bytes) -> Message:
    return Message(data.decode() if opcode == TEXT else data, Opcode(opcode))


# The decompressor that the tests measure windows with


@pytest.mark.parametrize("bits", range(9, 15))
def test_the_test_decompressor_enforces_its_window(bits: int) -> None:
    """It accepts references up to the size of the window, and none beyond."""
    dice = random.Random(bits)
    data = at_distance(dice, (1 << bits) - 262, 200)
    assert Decompressor(bits, True).message(Compressor(bits).message(data)) == data
    for distance, good in ((1 << bits, True), ((1 << bits) + 1, False)):
        data = at_distance(dice, distance, 200)
        payload = Compressor(15).message(data)
        assert len(payload) < len(data) - 100
        if good:
            assert Decompressor(bits, True).message(payload) == data
        else:
            with pytest.raises(zlib.error, match="too far back"):
                Decompressor(bits, True).message(payload)


# Sending


@every_window
def test_messages_sent_stay_within_the_window(side: str, mode: str, bits: int) -> None:
    """Whole and in pieces, within the window, and about as short as with zlib."""
    dice = random.Random(bits)
    us, no_context = SIDES[side], MODES[mode]
    messages = samples(dice, bits)
    conn = Connection(us, deflate=agreed(us, bits, no_context))
    for opcode, data in messages:
        pieces = cut(dice, data, dice.choice((1, 1, 2, 5)))
        for piece in pieces[:-1]:
            conn.send(opcode, piece, more=True)
        conn.send(opcode, pieces[-1], compress=True)
    sent = conn.data_to_send()
    them = Decompressor(bits, no_context)
    found = [(opcode, rsv1, them.message(data)) for opcode, rsv1, data in messages_in(sent)]
    assert found == [(opcode, True, data) for opcode, data in messages]
    zlib_s = Compressor(bits, no_context)
    payloads = sum(len(payload) for _, _, payload in messages_in(sent))
    assert payloads < 1.05 * sum(len(zlib_s.message(data)) for _, data in messages)


@pytest.mark.parametrize("level", range(1, 10))
def test_every_level_stays_within_the_window(level: int) -> None:
    dice = random.Random(level)
    for bits in (8, 9, 10, 12):
        for mem_level in (1, 4, 8, 9):
            for no_context in (False, True):
                terms = agreed(SERVER, bits, no_context, level=level, mem_level=mem_level)
                conn = Connection(SERVER, deflate=terms)
                messages = [
                    prose(dice, 3000),
                    at_distance(dice, (1 << bits) + dice.randrange(-2, 3), 40),
                    prose(dice, 300),
                    b"x" * 2000,
                ]
                for data in messages:
                    conn.send_bytes(data, compress=True)
                them = Decompressor(bits, no_context)
                found = [them.message(m[2]) for m in messages_in(conn.data_to_send())]
                assert found == messages, (bits, mem_level, no_context)


def test_a_context_shortens_repeated_messages() -> None:
    data = random.Random(1).randbytes(2000)
    for no_context in (False, True):
        conn = Connection(SERVER, deflate=Deflate(server_no_context_takeover=no_context))
        for _ in range(2):
            conn.send_bytes(data)
        first, second = (len(m[2]) for m in messages_in(conn.data_to_send()))
        assert 2000 < first <= 2006
        assert second == first if no_context else second < 50


def test_incompressible_messages_grow_by_at_most_5_bytes_per_4_kib() -> None:
    data = random.Random(1).randbytes(1 << 20)
    for bits in BITS:
        for mem_level in (1, 8):
            deflate = Deflate(server_max_window_bits=bits, mem_level=mem_level)
            conn = Connection(SERVER, deflate=deflate)
            conn.send_bytes(data)
            sent = conn.data_to_send()
            assert len(sent) <= 10 + len(data) + 5 * (len(data) // 4095 + 3)
            assert Decompressor(bits, False).stream.decompress(sent[10:]) == data


# Which messages are compressed


def sent_compressed(conn: Connection) -> list[bool]:
    return [compressed for _, compressed, _ in messages_in(conn.data_to_send())]


def test_messages_under_1024_bytes_are_not_compressed() -> None:
    conn = Connection(SERVER, deflate=Deflate())
    assert conn.compress_from == wscodec.COMPRESS_FROM == 1024
    for size in (0, 1, 1023, 1024):
        conn.send_bytes(bytes(size))
        conn.send_text("ü" * (size // 2) + "x" * (size % 2))
    assert sent_compressed(conn) == [False] * 6 + [True] * 2
    conn.send_bytes(bytes(1023))
    plain = wire.frame(FIN | BINARY, bytes(1023), None)
    assert conn.data_to_send() == plain


def test_compress_from_can_be_set() -> None:
    for conn in (
        Connection(SERVER, deflate=Deflate(), compress_from=2),
        Connection.accept(accepting(), deflate=Deflate(), compress_from=2)[0],
    ):
        assert conn and conn.compress_from == 2
        conn.send_text("x")
        conn.send_text("ü")
        assert sent_compressed(conn) == [False, True]
        conn.compress_from = 0
        conn.send_text("")
        assert conn.data_to_send() == b"\xc1\x01\x00"
        conn.compress_from = 2**64 - 1
        conn.send_bytes(bytes(100_000))
        assert sent_compressed(conn) == [False]
        for wrong in (-1, 2**64):
            with pytest.raises(errors.InvalidArgument):
                conn.compress_from = wrong
        assert conn.compress_from == 2**64 - 1
    with pytest.raises(errors.InvalidArgument):
        Connection(SERVER, deflate=Deflate(), compress_from=-1)


def accepting() -> bytes:
    return wscodec.build_request("localhost", extensions=wscodec.deflate_offer())


def test_compress_overrides_compress_from() -> None:
    conn = Connection(CLIENT, deflate=Deflate())
    conn.send_text("x", compress=True)
    conn.send_text("x" * 5000, compress=False)
    conn.send_bytes(b"x", compress=True)
    conn.send(Opcode.BINARY, bytes(5000), compress=False)
    conn.ping(bytes(100))
    conn.send(Opcode.PONG, b"x", compress=True)
    assert sent_compressed(conn) == [True, False, True, False, False, False]


def test_the_first_piece_decides_whether_a_message_is_compressed() -> None:
    conn = Connection(SERVER, deflate=Deflate())
    for compress, later in ((None, None), (True, False), (False, True)):
        conn.send_text("a", more=True, compress=compress)
        conn.send_text("", more=True, compress=later)
        conn.ping(b"x")
        conn.send_text("b", compress=later)
    data = conn.data_to_send()
    compressed = [flag for opcode, flag, _ in messages_in(data) if opcode == TEXT]
    assert compressed == [True, True, False]
    flags = [frame.flags & RSV1 for frame in wscodec.Decoder(CLIENT, deflate=True).feed(data)]
    assert flags == [RSV1, 0, 0, 0] * 2 + [0] * 4


def test_nothing_is_compressed_without_an_agreement() -> None:
    conn = Connection(SERVER)
    assert conn.deflate is None
    conn.send_bytes(bytes(5000), compress=True)
    conn.send_bytes(bytes(50), compress=False)
    assert sent_compressed(conn) == [False, False]
    with pytest.raises(errors.ReservedBits):
        list(conn.receive_data(wire.frame(FIN | RSV1 | TEXT, b"\x00")))


# Receiving


def cuts(dice: random.Random, data: bytes) -> Iterator[list[bytes]]:
    yield [data]
    yield cut(dice, data, 40)
    yield cut(dice, data, max(len(data) // 20, 2))


def received(conn: Connection, pieces: list[bytes]) -> list[Event]:
    return [event for piece in pieces for event in conn.receive_data(piece)]


def joined(events: list[Event]) -> list[Event]:
    """The events, with the parts of each message joined."""
    whole: list[Event] = []
    parts = b""
    inside = False
    for event in events:
        if not isinstance(event, MessagePart):
            whole.append(event)
            continue
        assert event.first == (not inside)
        assert event.frame_end or not event.last
        assert isinstance(event.data, bytes)
        parts += event.data
        inside = not event.last
        if event.last:
            whole.append(message(event.opcode, parts))
            parts = b""
    return whole


@every_window
def test_messages_within_the_window_are_received(side: str, mode: str, bits: int) -> None:
    """From a peer that keeps to the window; `side` is ours. Whole and in fragments, between
    pings and uncompressed messages, cut anywhere."""
    dice = random.Random(bits)
    us, no_context = SIDES[side], MODES[mode]
    key = wire.KEY if us is SERVER else None
    them = Compressor(bits, no_context)
    data = b""
    expected: list[Event] = []
    for opcode, content in samples(dice, bits):
        fragments = cut(dice, them.message(content), dice.choice((1, 1, 2, 5)))
        data += frames(opcode, fragments, key)
        expected.append(message(opcode, content))
        data += wire.frame(FIN | PING, b"between", key)
        data += wire.frame(FIN | TEXT, b"plain", key)
        expected += [Ping(b"between"), Message("plain", Opcode.TEXT)]
    terms = agreed(other(us), bits, no_context)
    for pieces in cuts(dice, data):
        assert received(Connection(us, deflate=terms), pieces) == expected
        streaming = Connection(us, deflate=terms, stream=True)
        assert joined(received(streaming, pieces)) == expected


@pytest.mark.parametrize("mode", MODES)
def test_messages_are_received_byte_by_byte(mode: str) -> None:
    dice = random.Random(1)
    them = Compressor(15, MODES[mode])
    data = b""
    expected: list[Event] = []
    for content in (b"", prose(dice, 2000), dice.randbytes(500), b"x" * 5000, b"", b"y"):
        payload = them.message(content)
        data += frames(BINARY, cut(dice, payload, 3), wire.KEY)
        expected.append(message(BINARY, content))
    pieces = list(pieces_of(data, 1))
    terms = agreed(CLIENT, 15, MODES[mode])
    assert received(Connection(SERVER, deflate=terms), pieces) == expected
    streaming = Connection(SERVER, deflate=terms, stream=True)
    assert joined(received(streaming, pieces)) == expected


@pytest.mark.parametrize("strategy", range(5))
@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_every_kind_of_block_is_received(level: int, strategy: int) -> None:
    """Stored blocks, fixed codes, dynamic codes; small and large messages."""
    dice = random.Random(level)
    for mem_level in (1, 9):
        them = Compressor(level=level, mem_level=mem_level, strategy=strategy)
        conn = Connection(SERVER, deflate=Deflate())
        for content in (prose(dice, 100), prose(dice, 100_000), dice.randbytes(70_000), b""):
            payload = them.message(content)
            data = wire.frame(FIN | RSV1 | BINARY, payload)
            assert received(conn, cut(dice, data, 5)) == [message(BINARY, content)]


def test_every_kind_of_flush_within_a_message_is_received() -> None:
    """All kinds of blocks are allowed (7.2.1)."""
    dice = random.Random(1)
    parts = [prose(dice, 3000) for _ in range(4)]
    for flush in (zlib.Z_PARTIAL_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_BLOCK):
        stream = zlib.compressobj(wbits=-15)
        payload = b"".join(stream.compress(part) + stream.flush(flush) for part in parts)
        payload += stream.flush(zlib.Z_SYNC_FLUSH)
        if payload.endswith(b"\x00\x00\xff\xff"):
            payload = payload[:-4]
        else:
            payload += b"\x00"
        conn = Connection(SERVER, deflate=Deflate())
        data = wire.frame(FIN | RSV1 | BINARY, payload)
        assert received(conn, [data]) == [message(BINARY, b"".join(parts))], flush


def test_a_final_block_may_end_a_message() -> None:
    """With or without an empty block after it (7.2.3.4, 7.2.1); the context is kept."""
    dice = random.Random(1)
    one, two = prose(dice, 3000), prose(dice, 1000)

    def final(data: bytes, context: bytes = b"") -> bytes:
        stream = zlib.compressobj(wbits=-15, zdict=context)
        return stream.compress(data) + stream.flush()

    for payload, content in (
        (final(one), one),
        (final(one) + b"\x00", one),
        (final(one) + final(two), one + two),
        (final(one) + final(two) + b"\x00", one + two),
        (final(one) + Compressor().message(two), one + two),
        (b"\x03\x00", b""),
        (b"\x03\x00\x00", b""),
        (b"\x01\x00\x00\xff\xff", b""),
        (b"\x01\x03\x00\xfc\xffabc", b"abc"),
    ):
        conn = Connection(SERVER, deflate=Deflate())
        for pieces in ([payload], list(pieces_of(payload, 1))):
            data = frames(BINARY, pieces, wire.KEY)
            assert received(conn, cut(dice, data, 4)) == [message(BINARY, content)]
        again = wire.frame(FIN | RSV1 | BINARY, final(one, content))
        assert received(conn, [again]) == [message(BINARY, one)]


def test_a_window_wider_than_agreed_on_is_accepted() -> None:
    data = at_distance(random.Random(1), 30_000, 250)
    conn = Connection(SERVER, deflate=Deflate(client_max_window_bits=8))
    payload = Compressor(15).message(data)
    assert received(conn, [wire.frame(FIN | RSV1 | BINARY, payload)]) == [message(BINARY, data)]


def test_empty_fragments_of_a_compressed_message_are_accepted() -> None:
    conn = Connection(SERVER, deflate=Deflate())
    payload = Compressor().message(b"Hello")
    data = frames(TEXT, [b"", payload[:3], b"", b"", payload[3:], b""], wire.KEY)
    for pieces in ([data], list(pieces_of(data, 1))):
        assert received(conn, pieces) == [Message("Hello", Opcode.TEXT)]


def test_our_client_and_our_server_read_each_other() -> None:
    """Our client and our server, through the opening handshake."""
    dice = random.Random(1)
    for number in range(60):
        wanted = Deflate(*random_terms(dice))
        request = wscodec.build_request("localhost", extensions=wscodec.deflate_offer(wanted))
        server, reply = Connection.accept(request, deflate=Deflate(*random_terms(dice)))
        assert server and server.deflate
        client = Connection(CLIENT, deflate=wscodec.deflate_confirm(reply, wanted))
        assert client.deflate and client.deflate.server_max_window_bits >= 8
        messages = [
            message(BINARY, prose(dice, dice.choice((0, 10, 2000, 20_000)))) for _ in range(6)
        ]
        for sender, receiver in ((client, server), (server, client)):
            for sent in messages:
                sender.send(sent.opcode, sent.data)
            found = received(receiver, cut(dice, sender.data_to_send(), number % 5 + 1))
            assert found == messages


def random_terms(dice: random.Random) -> tuple[bool, bool, int, int, int, int]:
    return (
        dice.random() < 0.5,
        dice.random() < 0.5,
        dice.choice(BITS),
        dice.choice(BITS),
        dice.randrange(1, 10),
        dice.randrange(1, 10),
    )
