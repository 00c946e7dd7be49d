"""Control, fed by a Decoder, sends the same replies as a Connection."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
import wire
from deflated import cut
from echo_checks import echo, goodbye
from test_connection import cuts
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, frame
from wscodec import CLIENT, SERVER, Close, Connection, Control, Decoder, WsError, errors


def by_control(pieces: Iterable[bytes]) -> tuple[bytes, str]:
    """All data that a server with a decoder sends, and the error."""
    decoder, control, sent = Decoder(), Control(), b""
    try:
        for piece in pieces:
            for chunk in decoder.feed(piece):
                sent += control.feed(chunk)
                if control.received is not None:
                    return sent, ""
    except WsError as error:
        return sent + control.close(error.close_code), error.name
    return sent, ""


def by_connection(pieces: Iterable[bytes]) -> tuple[bytes, str]:
    conn, sent = Connection(SERVER, check_utf8=False), b""
    try:
        for piece in pieces:
            for _ in conn.receive_data(piece):
                pass
            sent += conn.data_to_send()
    except WsError as error:
        return sent + conn.data_to_send(), error.name
    return sent, ""


STREAMS = {
    "pings": frame(FIN | PING, b"a") + frame(FIN | PING) + frame(FIN | PING, bytes(125)),
    "pings within a message": frame(TEXT, b"Hel")
    + frame(FIN | PING, b"1")
    + frame(CONTINUATION)
    + frame(FIN | PONG, b"2")
    + frame(FIN | CONTINUATION, b"lo")
    + frame(FIN | PING, b"3"),
    "a close": frame(FIN | PING, b"a") + wire.close(4000, b"bye") + frame(FIN | PING, b"late"),
    "a close without a code": frame(FIN | CLOSE) + frame(FIN | PING),
    "a close of one byte": frame(FIN | PING) + frame(FIN | CLOSE, b"\x03"),
    "an invalid code": wire.close(999),
    "a reason that is not UTF-8": wire.close(1000, b"abc\xff"),
    "a reserved opcode": frame(FIN | PING, b"x") + b"\x83",
}


@pytest.mark.parametrize("name", STREAMS)
def test_replies_are_those_of_a_connection_for_every_cut(name: str) -> None:
    data = STREAMS[name]
    expected = by_connection([data])
    for pieces in cuts(data):
        assert by_control(pieces) == expected, pieces


def test_replies_are_those_of_a_connection_on_random_streams() -> None:
    dice = random.Random(6455)
    for _ in range(2000):
        data = b""
        for _ in range(dice.randrange(6)):
            payload = dice.randbytes(dice.choice((0, 1, 2, 5, 125)))
            kind = dice.random()
            if kind < 0.5:
                data += frame(FIN | dice.choice((PING, PONG, BINARY)), payload)
            elif kind < 0.7:
                data += frame(BINARY, payload) + frame(FIN | PING) + frame(FIN | CONTINUATION)
            elif kind < 0.9:
                data += wire.close(dice.choice((1000, 1001, 3000, 1005, 2**16 - 1)), b"x")
            else:
                data += frame(FIN | CLOSE, payload)
        pieces = cut(dice, data, dice.randrange(1, 5))
        assert by_control(pieces) == by_connection(pieces), pieces


def test_received_is_the_close_of_the_peer() -> None:
    for reason in ("", "tschüß", "x" * 123):
        control = Control()
        assert control.received is None
        for chunk in Decoder().feed(wire.close(4000, reason.encode())):
            assert control.feed(chunk) == goodbye(4000)
        assert control.received == Close(4000, reason)
    control = Control()
    (chunk,) = Decoder().feed(frame(FIN | CLOSE))
    assert control.feed(chunk) == echo(FIN | CLOSE)
    assert control.received == Close(1005, "")


def test_pings_get_pongs_after_our_close() -> None:
    """Until the peer's close (RFC 6455, 5.5.2)."""
    control, decoder = Control(), Decoder()
    assert control.close(1001, "bye") == wire.close(1001, b"bye", None)
    assert control.close(1000) == b""
    (ping,) = decoder.feed(frame(FIN | PING, b"p"))
    assert control.feed(ping) == echo(FIN | PONG, b"p")
    (close,) = decoder.feed(wire.close(1001))
    assert control.feed(close) == b""  # our close was written before
    assert control.received == Close(1001, "")
    (ping,) = decoder.feed(frame(FIN | PING, b"p"))
    assert control.feed(ping) == b""


def test_an_invalid_close_is_raised_again_by_every_call() -> None:
    control, decoder = Control(), Decoder()
    for chunk in decoder.feed(wire.close(1006) + frame(FIN | PING) + frame(FIN | TEXT, b"x")):
        with pytest.raises(errors.InvalidClosePayload) as raised:
            control.feed(chunk)
    assert control.received is None
    assert control.close(raised.value.close_code, "what?") == wire.close(1002, b"what?", None)
    assert control.close(1000) == b""


def test_a_chunk_out_of_order_is_refused() -> None:
    control = Control()
    first, second = (list(Decoder().feed(data)) for data in (frame(FIN | PING, b"ab"), b""))
    halves = []
    decoder = Decoder()
    for piece in (frame(FIN | PING, b"abcd")[:8], frame(FIN | PING, b"abcd")[8:]):
        halves += list(decoder.feed(piece))
    assert len(halves) == 2 and not second
    with pytest.raises(errors.InvalidArgument):
        control.feed(halves[1])
    assert control.feed(first[0]) == echo(FIN | PONG, b"ab")  # nothing has changed
    assert control.feed(halves[0]) == b""
    assert control.feed(halves[1]) == echo(FIN | PONG, b"abcd")


def test_a_client_masks_with_fresh_keys() -> None:
    control, decoder = Control(CLIENT), Decoder(CLIENT)
    sent = b""
    for _ in range(50):
        (ping,) = decoder.feed(frame(FIN | PING, b"p", None))
        sent += control.feed(ping)
    sent += control.close(1000)
    frames = list(Decoder(SERVER).feed(sent))
    assert len({f.mask_key for f in frames}) == 51
    assert [f.payload for f in frames] == [b"p"] * 50 + [b"\x03\xe8"]


def test_masking_keys_can_come_from_a_function() -> None:
    control = Control(CLIENT, random=lambda size: wire.KEY[:size])
    assert control.close(1000) == wire.close(1000, b"", wire.KEY)
    (ping,) = Decoder(CLIENT).feed(frame(FIN | PING, b"p", None))
    assert control.feed(ping) == frame(FIN | PONG, b"p", wire.KEY)
    for wrong in (b"", b"123", b"12345"):
        with pytest.raises(errors.InvalidArgument):
            Control(CLIENT, random=lambda _, key=wrong: key).close()  # type: ignore[misc]


def test_invalid_arguments_are_refused() -> None:
    for side in (2, -1, "server"):
        with pytest.raises(errors.InvalidArgument):
            Control(side)  # type: ignore[arg-type]
    control = Control()
    for code, reason in (
        (0, ""),
        (1006, ""),
        (2**16 + 1000, ""),
        (1000, "x" * 124),
        (1005, "x"),
    ):
        with pytest.raises(errors.InvalidArgument):
            control.close(code, reason)
    assert control.close(1005) == echo(FIN | CLOSE)
