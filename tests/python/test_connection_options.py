"""Options of a connection, and the properties that report its state."""

from __future__ import annotations

import gc
import random
import time
import weakref
from collections.abc import Iterator
from typing import Any

import needs
import pytest
import wire
import wscodec
from echo_checks import echo, goodbye
from test_connection import client, converse, cuts, feed, server, state, text
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, frame
from wscodec import (
    CLIENT,
    RSV1,
    RSV2,
    RSV3,
    SERVER,
    Close,
    CloseCode,
    Connection,
    Deflate,
    Event,
    Message,
    MessagePart,
    Opcode,
    Ping,
    State,
    errors,
)

# Input that waits is read in the pieces in which it arrived


def test_events_taken_later_are_the_same() -> None:
    """For any cut of the input, and whenever the events are taken."""
    dice = random.Random(1)
    data = (
        frame(FIN | TEXT, b"hi")
        + frame(BINARY, bytes(300))
        + frame(FIN | PING, b"1")
        + frame(FIN | CONTINUATION, bytes(5))
        + frame(FIN | TEXT) * 3
        + wire.close(1000, b"bye")
        + b"late"
    )
    for stream in (False, True):
        expected = together(feed(server(stream=stream), data)[0])
        for pieces in cuts(data):
            conn = server(stream=stream)
            found: list[Event] = []
            for piece in pieces:
                iterator = conn.receive_data(piece)
                if dice.random() < 0.3:
                    found.append(next(iterator, Close(0, "")))
            found += conn.events()
            assert together([e for e in found if e != Close(0, "")]) == expected, pieces


def together(events: list[Event]) -> list[Event]:
    """The events, with the parts of each message joined; control frames first."""
    control = [event for event in events if not isinstance(event, MessagePart)]
    whole = b""
    messages: list[Event] = []
    for event in events:
        if isinstance(event, MessagePart):
            assert isinstance(event.data, bytes)
            whole += event.data
            if event.last:
                messages.append(Message(whole, event.opcode))
                whole = b""
    return control + messages


def test_an_error_comes_after_the_events_that_wait() -> None:
    conn = server()
    conn.receive_data(frame(FIN | TEXT, b"hi"))
    conn.receive_data(b"\x83")
    conn.receive_data(frame(FIN | TEXT, b"never"))
    assert feed(conn, b"") == ([text("hi")], "WS_ERR_OPCODE")
    assert conn.data_to_send() == goodbye(1002)
    assert feed(conn, frame(FIN | TEXT, b"never")) == ([], "WS_ERR_OPCODE")


def test_finish_is_refused_while_input_waits() -> None:
    conn = server()
    for _ in range(2):
        conn.receive_data(frame(TEXT, b"x"))
        with pytest.raises(errors.InvalidState):
            conn.finish()
    with pytest.raises(errors.InvalidFragmentation):
        list(conn.events())


def test_every_frame_has_one_part_with_frame_end() -> None:
    """With `stream`; an empty part if necessary."""
    data = frame(TEXT, b"Hel") + frame(CONTINUATION) + frame(FIN | CONTINUATION, b"lo")
    for pieces in cuts(data):
        parts = [e for e in feed(server(stream=True), *pieces)[0] if isinstance(e, MessagePart)]
        assert [e.frame_end for e in parts].count(True) == 3
        assert parts[-1].last and parts[-1].frame_end


# The largest frame


def test_a_data_frame_over_the_limit_is_too_big() -> None:
    data = frame(BINARY, bytes(5)) + frame(FIN | CONTINUATION, bytes(5))
    for max_frame, failed in ((0, ""), (5, ""), (4, "WS_ERR_TOO_BIG")):
        conn = server(max_frame=max_frame)
        assert conn.max_frame == max_frame
        assert feed(conn, data)[1] == failed
        assert conn.announced == (5 if failed else 0)
    conn = server(max_frame=4)
    assert (
        feed(conn, frame(FIN | PING, bytes(125)))[1] == ""
    )  # the limit is for data frames only
    conn.max_frame = 5
    assert feed(conn, wire.header(FIN | BINARY, 6)) == ([], "WS_ERR_TOO_BIG")
    assert conn.data_to_send() == echo(FIN | PONG, bytes(125)) + goodbye(1009)


def test_a_lower_limit_holds_for_the_current_message() -> None:
    conn = server()
    assert feed(conn, frame(BINARY, bytes(100))) == ([], "")
    conn.max_message = 50
    assert feed(conn, frame(FIN | CONTINUATION, b"x")) == ([], "WS_ERR_TOO_BIG")


# Masks


def test_any_mask_accepts_masked_and_unmasked_frames() -> None:
    data = frame(FIN | TEXT, b"hi") + frame(FIN | TEXT, b"yo", None)
    for conn in (server(any_mask=True), client(any_mask=True)):
        assert conn.any_mask
        assert feed(conn, data) == ([text("hi"), text("yo")], "")
    masked = client(any_mask=True)
    masked.send_text("x")
    assert masked.data_to_send()[1] & 0x80
    assert not server().any_mask
    assert feed(server(), data)[1] == feed(client(), data)[1] == "WS_ERR_MASK"


# Without auto_close


@pytest.mark.parametrize("pieces", list(cuts(frame(FIN | PING, b"p") + wire.close(4000, b"x"))))
def test_a_close_gets_no_reply_without_auto_close(pieces: tuple[bytes, ...]) -> None:
    conn = server(auto_close=False)
    assert not conn.auto_close
    assert feed(conn, *pieces) == ([Ping(b"p"), Close(4000, "x")], "")
    assert conn.data_to_send() == echo(FIN | PONG, b"p")
    assert state(conn) == State.CLOSING
    conn.send_text("last words")
    assert conn.data_to_send() == echo(FIN | TEXT, b"last words")
    conn.close(1000)
    conn.close(1001)
    assert conn.data_to_send() == goodbye(1000)
    assert state(conn) == State.CLOSED
    conn.finish()


def test_an_error_sends_no_close_without_auto_close() -> None:
    conn = server(auto_close=False)
    assert feed(conn, b"\x83") == ([], "WS_ERR_OPCODE")
    assert (conn.data_to_send(), state(conn)) == (b"", State.FAILED)
    conn.close(1002, "what?")
    assert conn.data_to_send() == wire.close(1002, b"what?", None)


# Reserved bits of other extensions

BITS = [RSV1, RSV2, RSV3, RSV1 | RSV3, RSV1 | RSV2 | RSV3]


@pytest.mark.parametrize("bits", BITS)
def test_allowed_reserved_bits_are_reported_with_the_message(bits: int) -> None:
    """Such a message is reported as it was received, even if it is not UTF-8."""
    data = (
        frame(FIN | bits | TEXT, b"\xff")
        + frame(bits | BINARY, b"a")
        + frame(FIN | PING, b"p")
        + frame(FIN | CONTINUATION, b"b")
        + frame(FIN | TEXT, b"plain")
    )
    for pieces in cuts(data):
        conn = server(allow_rsv=bits)
        assert conn.allow_rsv == bits
        assert feed(conn, *pieces) == (
            [
                Message(b"\xff", Opcode.TEXT, bits),
                Ping(b"p"),
                Message(b"ab", Opcode.BINARY, bits),
                text("plain"),
            ],
            "",
        )
        streaming = feed(server(allow_rsv=bits, stream=True), *pieces)[0]
        parts = [event for event in streaming if isinstance(event, MessagePart)]
        assert [part.rsv for part in parts if part.first] == [bits, bits, 0]
        assert {part.rsv for part in parts if part.opcode == BINARY} == {bits}


@pytest.mark.parametrize("bits", BITS)
def test_other_reserved_bits_are_refused(bits: int) -> None:
    for more in (RSV1, RSV2, RSV3):
        if not more & bits:
            wrong = frame(FIN | bits | more | TEXT, b"x")
            assert feed(server(allow_rsv=bits), wrong) == ([], "WS_ERR_RESERVED_BITS")
    for wrong in (
        frame(FIN | bits | PING),
        frame(FIN | bits | CLOSE),
        frame(bits | TEXT, b"x") + frame(FIN | bits | CONTINUATION, b"x"),
    ):
        assert feed(server(allow_rsv=bits), wrong) == ([], "WS_ERR_RESERVED_BITS")
    assert feed(server(), frame(FIN | bits | TEXT, b"x")) == ([], "WS_ERR_RESERVED_BITS")


def test_allowed_reserved_bits_can_be_sent() -> None:
    conn = server(allow_rsv=RSV1 | RSV2)
    conn.send(Opcode.TEXT, "a", rsv=RSV1)
    conn.send(Opcode.BINARY, b"b", rsv=RSV2, more=True)
    conn.send(Opcode.BINARY, b"c")
    assert conn.data_to_send() == (
        echo(FIN | RSV1 | TEXT, b"a")
        + echo(RSV2 | BINARY, b"b")
        + echo(FIN | CONTINUATION, b"c")
    )
    for sender, bits in ((conn, RSV3), (server(), RSV1), (conn, 0x80), (conn, 1), (conn, -1)):
        with pytest.raises(errors.InvalidArgument):
            sender.send(Opcode.TEXT, "x", rsv=bits)
        assert sender.data_to_send() == b""


@pytest.mark.parametrize("wrong", [0x80, 0x08, 1, -1, 2**64])
def test_only_reserved_bits_can_be_allowed(wrong: int) -> None:
    with pytest.raises(errors.InvalidArgument):
        server(allow_rsv=wrong)


# Properties


def test_both_close_codes_and_who_closed_first_are_reported() -> None:
    def close_codes() -> tuple[int | None, int | None, bool]:
        return conn.close_sent, conn.close_received, conn.closed_by_peer

    conn = server()
    assert close_codes() == (None, None, False)
    events = conn.receive_data(frame(FIN | TEXT, b"hi") + wire.close(4000))
    assert next(events) == text("hi")
    assert close_codes() == (None, None, False)  # not ahead of the events
    assert list(events) == [Close(4000, "")]
    assert close_codes() == (None, 4000, True)
    conn.data_to_send()
    assert close_codes() == (4000, 4000, True)
    conn = server()
    conn.close(CloseCode.NO_STATUS)
    assert close_codes() == (1005, None, False)
    feed(conn, frame(FIN | CLOSE))
    assert close_codes() == (1005, 1005, False)
    conn = server()
    feed(conn, b"\x83")
    assert close_codes() == (None, None, False)
    conn.data_to_send()
    assert close_codes() == (1002, None, False)


def test_incomplete_messages_are_reported() -> None:
    conn = server()
    assert (conn.sending, conn.receiving, conn.buffered) == (None, None, 0)
    conn.send_text("a", more=True)
    assert conn.sending == Opcode.TEXT
    conn.ping()
    assert conn.sending == Opcode.TEXT
    conn.send_text("b")
    assert conn.sending is None
    feed(conn, frame(BINARY, b"abc"), frame(FIN | PING), frame(CONTINUATION, b"d"))
    assert (conn.receiving, conn.buffered) == (Opcode.BINARY, 4)
    feed(conn, frame(FIN | CONTINUATION))
    assert (conn.receiving, conn.buffered) == (None, 0)


def test_announced_is_the_size_that_was_too_big() -> None:
    conn = server(max_message=10)
    assert conn.announced == 0
    assert feed(conn, wire.header(FIN | BINARY, 2**62)) == ([], "WS_ERR_TOO_BIG")
    assert conn.announced == 2**62
    conn = server(max_message=10)
    assert feed(conn, frame(BINARY, bytes(8)), wire.header(FIN | CONTINUATION, 7))[1]
    assert conn.announced == 15
    conn = server()
    assert feed(conn, b"\x83")[1]
    assert conn.announced == 0


def test_a_freed_connection_has_no_properties() -> None:
    conn = server()
    conn.free()
    for name in ("close_sent", "close_received", "closed_by_peer", "sending", "receiving",
                 "announced", "buffered", "max_frame", "compress_from"):  # fmt: skip
        with pytest.raises(errors.InvalidState):
            getattr(conn, name)


@needs.compression
def test_the_first_piece_decides_about_compression() -> None:
    conn = Connection(SERVER, deflate=Deflate(), compress_from=10)
    conn.send_bytes(bytes(9))
    conn.send_bytes(bytes(10))
    conn.send_bytes(b"", more=True)
    conn.send_bytes(b"")
    frames = wscodec.Decoder(CLIENT, deflate=True).feed(conn.data_to_send())
    assert [f.flags & RSV1 for f in frames] == [0, RSV1, RSV1, 0]
    conn.send_bytes(b"x", compress=True)
    assert conn.compress_from == 10
    with pytest.raises(errors.InvalidArgument):
        conn.send(3, b"x", compress=True)
    assert conn.compress_from == 10


# Pings after our close


def test_pings_get_pongs_until_both_have_closed() -> None:
    conn = server()
    conn.close(1000)
    assert feed(conn, frame(FIN | PING, b"1")) == ([Ping(b"1")], "")
    conn.ping(b"mine")
    pong, ping = echo(FIN | PONG, b"1"), echo(FIN | PING, b"mine")
    assert conn.data_to_send() == goodbye(1000) + pong + ping
    with pytest.raises(errors.InvalidState):
        conn.send_text("x")
    feed(conn, wire.close(1000))
    for send in (conn.ping, conn.pong):
        with pytest.raises(errors.InvalidState):
            send()


# Masking keys from a function


def keys(dice: random.Random) -> Iterator[bytes]:
    while True:
        yield dice.randbytes(4)


def test_masks_are_reproducible_with_a_seeded_function() -> None:
    sent = []
    for _ in range(2):
        conn = client(random=random.Random(7).randbytes)
        for number in range(100):
            conn.send_bytes(b"%d" % number)
        sent.append(conn.data_to_send())
    assert sent[0] == sent[1]
    block = random.Random(7)
    expected = b"".join(block.randbytes(256) for _ in range(2))
    found = [f.mask_key for f in wscodec.Decoder(SERVER).feed(sent[0])]
    assert found == [expected[i : i + 4] for i in range(0, 400, 4)]


def test_nothing_is_sent_without_masking_keys() -> None:
    def fails(_: int) -> bytes:
        raise OSError("no entropy")

    def interrupted(_: int) -> bytes:
        raise KeyboardInterrupt

    wrong: Any
    for wrong in (fails, interrupted, lambda _: b"short", lambda _: None, lambda _: 256):
        conn = client(random=wrong)
        for _ in range(2):
            with pytest.raises(errors.NoRandomness):
                conn.send_text("secret")
        assert (conn.data_to_send(), state(conn)) == (b"", State.OPEN)


def test_a_pong_waits_for_masking_keys() -> None:
    """A failure changes nothing: the pong stays pending."""
    broken = True

    def fill(size: int) -> bytes:
        if broken:
            raise OSError
        return wire.KEY * (size // 4)

    conn = client(random=fill)
    assert feed(conn, frame(FIN | PING, b"p", None)) == ([Ping(b"p")], "WS_ERR_RANDOM")
    with pytest.raises(errors.NoRandomness):
        conn.data_to_send()
    broken = False
    assert conn.data_to_send() == frame(FIN | PONG, b"p", wire.KEY)


def test_a_server_needs_no_masking_keys() -> None:
    conn = server(random=lambda _: b"")
    assert converse(conn, frame(FIN | TEXT, b"hi"))[2] == echo(FIN | TEXT, b"hi")


def test_the_function_lives_as_long_as_the_connection() -> None:
    conn = client(random=random.Random(1).randbytes)
    gc.collect()
    conn.send_text("x")
    there = weakref.ref(conn)
    del conn
    gc.collect()
    assert there() is None


# Cost


def test_receiving_now_and_handling_later_costs_linear_work() -> None:
    read = frame(FIN | BINARY, bytes(4090))

    def cost(reads: int) -> float:
        conn = server()
        start = time.process_time()
        for _ in range(reads):
            conn.receive_data(read)
        assert sum(1 for _ in conn.events()) == reads
        return time.process_time() - start

    costs = [(cost(500), cost(2000)) for _ in range(3)]
    few, many = map(min, zip(*costs))
    assert many < 10 * few  # 4 times the reads; quadratic work would take 16 times
