"""When pongs and the reply to a close are due: without iteration, unless a message precedes."""

from __future__ import annotations

import random

import pytest
import wire
from echo_checks import echo, goodbye
from test_connection import client, feed, server, state, text
from wire import BINARY, CLOSE, FIN, PING, PONG, TEXT, frame
from wscodec import Close, Connection, Event, Message, Ping, Pong, State, errors

HI, PING_P = frame(FIN | TEXT, b"hi"), frame(FIN | PING, b"p")
PONG_P = echo(FIN | PONG, b"p")


def test_a_pong_is_due_without_iteration() -> None:
    conn = server()
    for number in range(3):
        conn.receive_data(frame(FIN | PING, b"%d" % number))
        assert conn.data_to_send() == echo(FIN | PONG, b"%d" % number)
    conn.receive_data(frame(FIN | PONG) + PING_P * 2)
    assert conn.data_to_send() == PONG_P * 2
    assert list(conn.events()) == [
        *(Ping(b"%d" % number) for number in range(3)),
        Pong(b""),
        Ping(b"p"),
        Ping(b"p"),
    ]
    assert conn.data_to_send() == b""


def test_a_pong_to_a_ping_in_parts_is_due_once_it_is_complete() -> None:
    conn = server()
    for byte in PING_P[:-1]:
        conn.receive_data(bytes([byte]))
        assert conn.data_to_send() == b""
    conn.receive_data(PING_P[-1:])
    assert conn.data_to_send() == PONG_P


def test_the_reply_to_a_close_is_due_without_iteration() -> None:
    conn = server()
    conn.receive_data(PING_P + wire.close(4000, b"x") + HI)
    assert conn.data_to_send() == PONG_P + goodbye(4000)
    # Its event was not yielded yet.
    assert (state(conn), conn.close_sent, conn.close_received) == (State.CLOSING, 4000, None)
    assert list(conn.events()) == [Ping(b"p"), Close(4000, "x")]
    assert (state(conn), conn.close_received) == (State.CLOSED, 4000)
    conn.finish()


def test_the_close_of_an_error_is_due_without_iteration() -> None:
    conn = server()
    conn.receive_data(PING_P + b"\x83")
    assert conn.data_to_send() == PONG_P + goodbye(1002)
    assert state(conn) == State.FAILED
    assert feed(conn, HI) == ([Ping(b"p")], "WS_ERR_OPCODE")
    assert feed(conn, b"") == ([], "WS_ERR_OPCODE")


def test_nothing_is_due_behind_a_message_that_was_not_taken() -> None:
    """So that the reply to the message precedes it."""
    for behind, reply in (
        (PING_P, PONG_P),
        (wire.close(1000), goodbye(1000)),
        (b"\x83", goodbye(1002)),
    ):
        for reads in ([HI + behind], [HI, behind], [HI[:3], HI[3:] + behind[:1], behind[1:]]):
            conn = server()
            for read in reads:
                conn.receive_data(read)
                assert (conn.data_to_send(), state(conn)) == (b"", State.OPEN)
            events = conn.events()
            assert next(events) == text("hi")
            for _ in range(2):  # the message may still be handled
                assert (conn.data_to_send(), state(conn)) == (b"", State.OPEN)
            conn.send_text("hi")
            assert conn.data_to_send() == echo(FIN | TEXT, b"hi")
            try:
                rest = list(events)
            except errors.ReservedOpcode:
                rest = []
            assert len(rest) <= 1
            assert conn.data_to_send() == reply


def test_a_pong_before_a_message_is_due() -> None:
    conn = server()
    conn.receive_data(PING_P + HI + frame(FIN | PING, b"q"))
    assert conn.data_to_send() == PONG_P
    assert list(conn.events()) == [Ping(b"p"), text("hi"), Ping(b"q")]
    assert conn.data_to_send() == echo(FIN | PONG, b"q")


def test_a_pong_behind_a_part_of_a_message_waits_for_it() -> None:
    conn = server(stream=True)
    conn.receive_data(frame(BINARY, b"part") + PING_P)
    assert conn.data_to_send() == b""
    assert len(list(conn.events())) == 2
    assert conn.data_to_send() == PONG_P
    conn.receive_data(PING_P)
    assert conn.data_to_send() == PONG_P


def test_an_iterator_that_was_left_early_makes_pongs_wait() -> None:
    """Nobody knows when its last message was handled."""
    conn = server()
    for event in conn.receive_data(HI):
        assert event == text("hi")
        break
    conn.receive_data(PING_P)
    assert conn.data_to_send() == b""
    assert list(conn.events()) == [Ping(b"p")]
    assert conn.data_to_send() == PONG_P
    conn.receive_data(PING_P)
    assert conn.data_to_send() == PONG_P


def test_finish_still_asks_for_iteration() -> None:
    conn = server()
    conn.receive_data(wire.close(1000))
    assert conn.data_to_send() == goodbye(1000)
    with pytest.raises(errors.InvalidState):
        conn.finish()
    assert list(conn.events()) == [Close(1000, "")]
    conn.finish()


def test_a_pong_that_cannot_be_masked_stays_due() -> None:
    def fill(size: int) -> bytes:
        if broken:
            raise OSError
        return wire.KEY * (size // 4)

    broken = True
    conn = client(random=fill)
    conn.receive_data(frame(FIN | PING, b"p", None))
    for _ in range(2):
        with pytest.raises(errors.NoRandomness):
            conn.data_to_send()
    broken = False
    assert conn.data_to_send() == frame(FIN | PONG, b"p", wire.KEY)
    assert list(conn.events()) == [Ping(b"p")]


def script(dice: random.Random) -> list[bytes]:
    frames = [
        dice.choice((HI, frame(FIN | BINARY, dice.randbytes(dice.choice((3, 300)))), PING_P))
        for _ in range(dice.randrange(12))
    ]
    if dice.random() < 0.3:
        frames.append(dice.choice((frame(FIN | CLOSE), b"\x83")))
    data = b"".join(frames)
    cuts = sorted(dice.randrange(len(data) + 1) for _ in range(dice.randrange(6)))
    return [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)])]


def converse(reads: list[bytes], dice: random.Random | None) -> tuple[list[Event], str, bytes]:
    """An echo server; with `dice` it iterates and collects whenever it likes."""
    conn = server()
    events: list[Event] = []
    sent, failed = b"", ""

    def maybe_collect() -> None:
        nonlocal sent
        if dice and dice.random() < 0.5:
            sent += conn.data_to_send()

    def take(some: int) -> None:
        nonlocal failed
        try:
            for event in conn.events():
                events.append(event)
                maybe_collect()
                if isinstance(event, Message):
                    conn.send(event.opcode, event.data)
                maybe_collect()
                some -= 1
                if not some:
                    break
        except errors.WsError as error:
            failed = error.name

    for read in reads:
        conn.receive_data(read)
        maybe_collect()
        if not dice or dice.random() < 0.4:
            take(dice.randrange(1, 5) if dice else -1)
        maybe_collect()
    take(-1)
    return events, failed, sent + conn.data_to_send()


def test_the_order_of_the_wire_does_not_depend_on_when_it_is_collected() -> None:
    """What is sent for a message always precedes the replies to what follows it."""
    dice = random.Random(4)
    ends = set()
    for _ in range(1500):
        reads = script(dice)
        expected = converse(reads, None)
        ends.add(expected[1] or expected[2][-2:])
        for _ in range(3):
            assert converse(reads, dice) == expected, reads
    assert {"WS_ERR_OPCODE", b"\x88\x00"} <= ends


def test_a_flood_of_pings_costs_linear_work() -> None:
    conn = server()
    conn.receive_data(PING_P * 5000)
    assert conn.data_to_send() == PONG_P * 5000
    for _ in range(5000):
        conn.receive_data(PING_P)
        assert conn.data_to_send() == PONG_P
    assert list(conn.events()) == [Ping(b"p")] * 10_000


def test_a_freed_connection_is_due_nothing() -> None:
    conn: Connection = server()
    conn.receive_data(PING_P)
    conn.free()
    with pytest.raises(errors.InvalidState):
        conn.data_to_send()
