"""Connection: events, the order of replies, errors, the closing handshake, limits."""

from __future__ import annotations

import copy
import gc
import pickle
import random
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import wire
import wscodec
from echo_checks import (
    GOOD_CLOSES,
    GOOD_TEXT,
    INVALID_TEXTS,
    PLAIN_ANSWER,
    PLAIN_REQUEST,
    PROTOCOL_ERRORS,
    REFUSED,
    RFC_ANSWER,
    RFC_REQUEST,
    answer,
    echo,
    goodbye,
)
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, frame
from wscodec import (
    CLIENT,
    SERVER,
    Close,
    Connection,
    Event,
    Message,
    MessagePart,
    Opcode,
    Ping,
    Pong,
    State,
    WsError,
    errors,
)


def text(data: str) -> Message:
    return Message(data, Opcode.TEXT)


def binary(data: bytes) -> Message:
    return Message(data, Opcode.BINARY)


def server(**options: Any) -> Connection:
    return Connection(SERVER, **options)


def client(**options: Any) -> Connection:
    return Connection(CLIENT, **options)


def state(conn: Connection) -> State:
    """The state; mypy believes that the property never changes."""
    return conn.state


def feed(conn: Connection, *pieces: bytes) -> tuple[list[Event], str]:
    """The events, and the name of the error if there is one."""
    events: list[Event] = []
    try:
        for piece in pieces:
            for event in conn.receive_data(piece):
                events.append(event)
    except WsError as error:
        return events, error.name
    return events, ""


def converse(conn: Connection, *pieces: bytes) -> tuple[list[Event], str, bytes]:
    """Runs an echo server: the events, the name of its error, and all data sent."""
    events: list[Event] = []
    sent = b""
    failed = ""
    for piece in pieces:
        try:
            for event in conn.receive_data(piece):
                events.append(event)
                if isinstance(event, Message):
                    conn.send(event.opcode, event.data)
                elif isinstance(event, MessagePart):
                    conn.send(event.opcode, event.data, more=not event.last)
        except WsError as error:
            failed = error.name
        sent += conn.data_to_send()
    return events, failed, sent


def cuts(data: bytes) -> Iterator[tuple[bytes, ...]]:
    """The data whole, in any two pieces, and byte by byte."""
    yield (data,)
    for at in range(1, len(data)):
        yield data[:at], data[at:]
    yield tuple(data[i : i + 1] for i in range(len(data)))


# Events, and the order of replies

HI_PING_YO_CLOSE = (
    frame(FIN | TEXT, b"hi")
    + frame(FIN | PING, b"ping")
    + frame(FIN | TEXT, b"yo")
    + wire.close(1000, b"bye")
)
IN_ORDER = (
    echo(FIN | TEXT, b"hi")
    + echo(FIN | PONG, b"ping")
    + echo(FIN | TEXT, b"yo")
    + goodbye(1000)
)
HI, YO = text("hi"), text("yo")

CORPUS: dict[str, tuple[bytes, list[Event], str, bytes]] = {
    "nothing": (b"", [], "", b""),
    "hi, ping, yo, close": (
        HI_PING_YO_CLOSE,
        [HI, Ping(b"ping"), YO, Close(1000, "bye")],
        "",
        IN_ORDER,
    ),
    "fragments around control frames": (
        frame(TEXT, GOOD_TEXT[:5])
        + frame(FIN | PING, b"1")
        + frame(CONTINUATION)
        + frame(FIN | PONG, b"2")
        + frame(FIN | CONTINUATION, GOOD_TEXT[5:])
        + frame(FIN | PING, b"3"),
        [Ping(b"1"), Pong(b"2"), text(GOOD_TEXT.decode()), Ping(b"3")],
        "",
        echo(FIN | PONG, b"1") + echo(FIN | TEXT, GOOD_TEXT) + echo(FIN | PONG, b"3"),
    ),
    "empty messages": (
        frame(FIN | TEXT) + frame(BINARY) + frame(FIN | CONTINUATION) + frame(FIN | PING),
        [text(""), binary(b""), Ping(b"")],
        "",
        echo(FIN | TEXT) + echo(FIN | BINARY) + echo(FIN | PONG),
    ),
    "many pings": (
        b"".join(frame(FIN | PING, bytes([i])) for i in range(5)),
        [Ping(bytes([i])) for i in range(5)],
        "",
        b"".join(echo(FIN | PONG, bytes([i])) for i in range(5)),
    ),
    "close without a code, and more": (
        frame(FIN | BINARY, b"\xff")
        + frame(FIN | CLOSE)
        + frame(FIN | TEXT, b"late")
        + b"\x83",
        [binary(b"\xff"), Close(1005, "")],
        "",
        echo(FIN | BINARY, b"\xff") + echo(FIN | CLOSE),
    ),
    "close inside a message": (
        frame(TEXT, b"Hel") + wire.close(1001),
        [Close(1001, "")],
        "",
        goodbye(1001),
    ),
    "an error after a ping": (
        frame(FIN | TEXT, b"hi") + frame(FIN | PING, b"ping") + b"\x83" + b"rest",
        [HI, Ping(b"ping")],
        "WS_ERR_OPCODE",
        echo(FIN | TEXT, b"hi") + echo(FIN | PONG, b"ping") + goodbye(1002),
    ),
    "a longer message": (
        frame(FIN | BINARY, bytes(200)) + frame(FIN | TEXT, b"yo"),
        [binary(bytes(200)), YO],
        "",
        echo(FIN | BINARY, bytes(200)) + echo(FIN | TEXT, b"yo"),
    ),
}


@pytest.mark.parametrize("name", CORPUS)
def test_a_server_reports_and_sends_the_same_for_every_cut(name: str) -> None:
    data, *expected = CORPUS[name]
    for pieces in cuts(data):
        assert list(converse(server(), *pieces)) == expected, pieces


def unmasked(data: bytes) -> bytes:
    """The same frames as a server sends them. Data after the last whole frame is kept."""
    parts = []
    while (whole := wscodec.frame_decode(data)) is not None:
        parts.append(frame(whole.flags & FIN | whole.opcode, whole.payload, None))
        data = data[whole.size :]
        if data[:1] == b"\x83":
            break
    return b"".join(parts) + data


@pytest.mark.parametrize("name", CORPUS)
def test_a_client_reports_and_sends_the_same_for_every_cut(name: str) -> None:
    data, events, failed, sent = CORPUS[name]
    for pieces in cuts(unmasked(data)):
        *got, masked = converse(client(), *pieces)
        assert got == [events, failed]
        assert unmasked(masked) == sent


def test_a_client_masks_with_fresh_keys() -> None:
    conn = client()
    for _ in range(100):
        conn.send_bytes(bytes(4))
    conn.close()
    frames = list(wscodec.Decoder().feed(conn.data_to_send()))
    assert len({f.mask_key for f in frames}) == 101
    assert {f.payload for f in frames[:-1]} == {bytes(4)}


@pytest.mark.parametrize("stop_after", [1, 2, 3])
def test_events_not_taken_come_with_the_next_call(stop_after: int) -> None:
    conn = server()
    events: list[Event] = []
    sent = b""

    def some(data: bytes) -> None:
        nonlocal sent
        for count, event in enumerate(conn.receive_data(data), 1):
            events.append(event)
            if isinstance(event, Message):
                conn.send(event.opcode, event.data)
            if count == stop_after:
                break
        sent += conn.data_to_send()

    half = len(HI_PING_YO_CLOSE) // 2
    some(HI_PING_YO_CLOSE[:half])
    some(HI_PING_YO_CLOSE[half:])
    for _ in range(4):
        some(b"")
    assert events == [HI, Ping(b"ping"), YO, Close(1000, "bye")]
    assert sent == IN_ORDER
    assert state(conn) == State.CLOSED


def test_input_is_read_only_while_events_are_taken() -> None:
    conn = server()
    first = conn.receive_data(HI_PING_YO_CLOSE[:20])
    second = conn.receive_data(HI_PING_YO_CLOSE[20:])
    assert state(conn) == State.OPEN
    assert conn.data_to_send() == b""
    assert next(second) == HI  # both iterators share the input
    assert next(first) == Ping(b"ping")
    assert conn.data_to_send() == echo(FIN | PONG, b"ping")
    assert list(first) == [YO, Close(1000, "bye")]
    assert list(second) == []


def test_nested_iterators_keep_the_order_of_events() -> None:
    conn = server()
    seen: list[Event] = []
    for event in conn.receive_data(HI_PING_YO_CLOSE[:-5]):
        seen.append(event)
        seen += conn.receive_data(HI_PING_YO_CLOSE[-5:])
    assert seen == [HI, Ping(b"ping"), YO, Close(1000, "bye")]


def test_the_state_changes_only_with_its_event() -> None:
    for close_first in (False, True):
        conn = server()
        states = []
        for event in conn.receive_data(frame(FIN | TEXT, b"hi") + wire.close(1000)):
            if close_first:
                conn.close()
            conn.data_to_send()
            states.append((type(event), conn.state))
        before = State.CLOSING if close_first else State.OPEN
        assert states == [(Message, before), (Close, State.CLOSED)]


def test_sending_is_possible_until_the_close_is_collected() -> None:
    conn = server()
    assert list(conn.receive_data(HI_PING_YO_CLOSE))[-1] == Close(1000, "bye")
    assert state(conn) == State.CLOSING
    conn.send_text("last words")
    sent = conn.data_to_send()
    assert sent.endswith(echo(FIN | TEXT, b"last words") + goodbye(1000))
    assert state(conn) == State.CLOSED
    for send in (conn.send_text, conn.send_bytes, conn.ping, conn.pong):
        with pytest.raises(errors.InvalidState):
            send(b"")
    assert conn.data_to_send() == b""


def test_a_thousand_events_come_from_one_read() -> None:
    conn = server()
    data = b"".join(frame(FIN | TEXT, b"%d" % i) for i in range(1000))
    events, failed, sent = converse(conn, data)
    assert (events, failed) == ([text(str(i)) for i in range(1000)], "")
    assert sent == b"".join(echo(FIN | TEXT, b"%d" % i) for i in range(1000))


def test_events_are_immutable_values() -> None:
    assert Ping(b"x") != Pong(b"x") and Pong(b"x") != Ping(b"x")
    assert Ping(b"x") == Ping(b"x") and not Ping(b"x") != Ping(b"x")
    assert Pong(b"x") == Pong(b"x") and len({Ping(b"x"), Pong(b"x"), Ping(b"x")}) == 2
    assert Message("x", Opcode.TEXT).data == "x"
    with pytest.raises(AttributeError):
        HI.data = "yo"  # type: ignore[misc]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_input_may_be_any_bytes_like_object(kind: Callable[[bytes], Any]) -> None:
    data = kind(HI_PING_YO_CLOSE)
    assert converse(server(), data)[2] == IN_ORDER
    assert bytes(data) == HI_PING_YO_CLOSE
    spaced = bytearray(2 * len(HI_PING_YO_CLOSE))
    spaced[::2] = HI_PING_YO_CLOSE
    assert converse(server(), memoryview(spaced)[::2])[2] == IN_ORDER  # type: ignore[arg-type]
    conn = server()
    conn.send_text(kind(b"hi"))
    conn.send_bytes(kind(b"yo"))
    assert conn.data_to_send() == echo(FIN | TEXT, b"hi") + echo(FIN | BINARY, b"yo")


def test_input_may_change_after_the_call() -> None:
    data = bytearray(HI_PING_YO_CLOSE)
    conn = server()
    events = conn.receive_data(data)
    data[:] = bytes(len(data))
    assert next(events) == HI


# Errors


@pytest.mark.parametrize("name", [*PROTOCOL_ERRORS, *INVALID_TEXTS])
def test_an_error_comes_after_the_events_before_it_and_is_final(name: str) -> None:
    wrong = PROTOCOL_ERRORS.get(name) or INVALID_TEXTS[name]
    code = 1002 if name in PROTOCOL_ERRORS else 1007
    data = frame(FIN | TEXT, b"good") + frame(FIN | PING, b"p") + wrong
    good = echo(FIN | TEXT, b"good") + echo(FIN | PONG, b"p")
    for pieces in cuts(data):
        conn = server()
        events, failed, sent = converse(conn, *pieces)
        assert events == [text("good"), Ping(b"p")]
        assert failed and errors.error_for(getattr(wscodec._ffi, failed[3:])).close_code == code
        assert sent == good + goodbye(code)
        assert state(conn) == State.FAILED
        for later in (b"", frame(FIN | TEXT, b"hi")):
            assert feed(conn, later) == ([], failed)
        assert conn.data_to_send() == b""
        with pytest.raises(WsError) as caught:
            conn.finish()
        assert caught.value.name == failed
        with pytest.raises(errors.InvalidState):
            conn.send_text("hi")
        conn.close(1000)
        assert conn.data_to_send() == b""


def test_sending_is_possible_until_the_close_of_an_error_is_collected() -> None:
    conn = server()
    iterator = conn.receive_data(frame(FIN | TEXT, b"hi") + b"\x83")
    assert next(iterator) == HI
    assert state(conn) == State.OPEN
    conn.send_text("reply")
    with pytest.raises(errors.ReservedOpcode):
        next(iterator)
    assert state(conn) == State.FAILED
    conn.send_text("and more")
    assert conn.data_to_send() == (
        echo(FIN | TEXT, b"reply") + echo(FIN | TEXT, b"and more") + goodbye(1002)
    )
    with pytest.raises(StopIteration):
        next(iterator)


def test_the_close_of_an_error_may_have_another_reason() -> None:
    conn = server()
    with pytest.raises(errors.ReservedOpcode) as caught:
        list(conn.receive_data(b"\x83"))
    conn.close(caught.value.close_code, "what?")
    assert conn.data_to_send() == wire.close(1002, b"what?", None)
    assert conn.data_to_send() == b""


def test_a_client_fails_on_masked_frames() -> None:
    conn = client()
    assert feed(conn, frame(FIN | TEXT, b"hi")) == ([], "WS_ERR_MASK")
    (close,) = wscodec.Decoder().feed(conn.data_to_send())
    assert (close.opcode, close.payload) == (CLOSE, b"\x03\xea")


# The closing handshake


@pytest.mark.parametrize("code", GOOD_CLOSES)
def test_the_close_of_the_peer_is_reported_and_echoed(code: int) -> None:
    conn = server()
    for pieces in cuts(wire.close(code, "tschüß".encode())):
        conn = server()
        assert feed(conn, *pieces) == ([Close(code, "tschüß")], "")
        assert state(conn) == State.CLOSING
        assert conn.data_to_send() == goodbye(code)
        assert state(conn) == State.CLOSED
        assert feed(conn, b"\x83 ignored") == ([], "")
        conn.finish()
        assert state(conn) == State.CLOSED


def test_the_reply_to_a_close_may_have_another_code() -> None:
    conn = server()
    feed(conn, wire.close(1000))
    conn.close(4000, "ü")
    assert conn.data_to_send() == wire.close(4000, "ü".encode(), None)
    assert state(conn) == State.CLOSED
    conn.close(1001)
    assert conn.data_to_send() == b""
    conn.finish()


def test_messages_and_pings_are_handled_after_our_close() -> None:
    conn = server()
    conn.send_text("bye")
    conn.close(1001, "going")
    conn.close(1000, "again")
    assert state(conn) == State.CLOSING
    assert conn.data_to_send() == echo(FIN | TEXT, b"bye") + wire.close(1001, b"going", None)
    with pytest.raises(errors.InvalidState):
        conn.send_text("hi")
    # Messages that were on their way; the ping gets a pong (5.5.2).
    assert feed(conn, HI_PING_YO_CLOSE) == (
        [HI, Ping(b"ping"), YO, Close(1000, "bye")],
        "",
    )
    assert state(conn) == State.CLOSED
    assert conn.data_to_send() == echo(FIN | PONG, b"ping")
    conn.finish()


def test_closing_between_events_loses_none() -> None:
    conn = server()
    seen = []
    for event in conn.receive_data(HI_PING_YO_CLOSE):
        seen.append(event)
        conn.close(1001)
    assert seen == [HI, Ping(b"ping"), YO, Close(1000, "bye")]
    assert conn.data_to_send() == goodbye(1001) + echo(FIN | PONG, b"ping")
    assert state(conn) == State.CLOSED


def test_an_error_after_our_close_sends_no_second_close() -> None:
    conn = server()
    conn.close()
    assert feed(conn, b"\x83") == ([], "WS_ERR_OPCODE")
    assert state(conn) == State.FAILED
    assert conn.data_to_send() == goodbye(1000)


@pytest.mark.parametrize("data", [b"", frame(FIN | TEXT, b"hi"), frame(TEXT), b"\x81"])
@pytest.mark.parametrize("close", [False, True])
def test_the_end_without_a_close_is_an_error(data: bytes, close: bool) -> None:
    conn = server()
    feed(conn, data)
    if close:
        conn.close()
    with pytest.raises(errors.UnexpectedEof):
        conn.finish()
    assert state(conn) == State.FAILED
    assert conn.data_to_send() == (goodbye(1000) if close else b"")
    assert feed(conn, b"") == ([], "WS_ERR_EOF")
    with pytest.raises(errors.InvalidState):
        conn.send_text("hi")
    conn.close()
    assert conn.data_to_send() == b""


def test_finish_is_refused_while_events_wait() -> None:
    conn = server()
    iterator = conn.receive_data(frame(FIN | TEXT, b"hi") + frame(FIN | TEXT, b"yo"))
    for _ in range(2):
        with pytest.raises(errors.InvalidState):
            conn.finish()
        next(iterator)
    assert list(iterator) == []
    with pytest.raises(errors.UnexpectedEof):
        conn.finish()


def test_finish_is_allowed_before_the_reply_to_a_close_is_sent() -> None:
    conn = server()
    assert feed(conn, wire.close(1000)) == ([Close(1000, "")], "")
    conn.finish()
    assert conn.data_to_send() == goodbye(1000)
    assert state(conn) == State.CLOSED


# Limits and options


def test_a_message_over_the_limit_fails_at_its_header() -> None:
    start = frame(FIN | TEXT, b"hi")
    header_alone = wire.header(FIN | BINARY, 11)
    fragments = frame(BINARY, bytes(6)) + frame(FIN | PING) + wire.header(CONTINUATION, 5)
    for stream in (False, True):
        for wrong in (header_alone, fragments):
            for pieces in cuts(start + wrong):
                conn = server(max_message=10, stream=stream)
                failed, sent = converse(conn, *pieces)[1:]
                assert failed == "WS_ERR_TOO_BIG"
                assert stream or sent.startswith(echo(FIN | TEXT, b"hi"))
                assert sent.endswith(goodbye(1009))
    good = frame(FIN | BINARY, bytes(10)) + frame(BINARY, bytes(6))
    good += frame(FIN | CONTINUATION, bytes(4))
    assert converse(server(max_message=10), good)[1] == ""
    assert feed(server(), wire.header(FIN | BINARY, 2**20 + 1)) == ([], "WS_ERR_TOO_BIG")
    assert feed(server(), wire.header(FIN | BINARY, 2**20)) == ([], "")
    assert feed(server(max_message=0), wire.header(FIN | BINARY, 2**62)) == ([], "")


def test_a_limit_may_change_between_messages() -> None:
    conn = server()
    conn.max_message = 3
    assert feed(conn, frame(FIN | TEXT, b"123")) == ([text("123")], "")
    conn.max_message = 4
    assert feed(conn, frame(FIN | TEXT, b"1234")) == ([text("1234")], "")
    assert feed(conn, frame(FIN | TEXT, b"12345")) == ([], "WS_ERR_TOO_BIG")


def test_options_have_defaults_and_can_be_changed() -> None:
    conn = server()
    assert (conn.max_message, conn.stream, conn.auto_pong) == (wscodec.MAX_MESSAGE, False, True)
    assert (conn.check_utf8, conn.keep_buffer, conn.protocol) == (True, 0, None)
    conn = client(
        max_message=2**64 - 1, stream=True, auto_pong=False, check_utf8=False, keep_buffer=9
    )
    assert (conn.max_message, conn.stream, conn.auto_pong) == (2**64 - 1, True, False)
    assert (conn.check_utf8, conn.keep_buffer) == (False, 9)
    conn.auto_pong, conn.keep_buffer = True, 2**64 - 1
    assert (conn.auto_pong, conn.keep_buffer) == (True, 2**64 - 1)


def test_pings_get_no_pong_without_auto_pong() -> None:
    conn = server(auto_pong=False)
    for event in conn.receive_data(frame(FIN | PING, b"1") + frame(FIN | PING, b"2")):
        assert isinstance(event, Ping)
        if event.data == b"2":
            conn.pong(event.data)
            conn.auto_pong = True
    list(conn.receive_data(frame(FIN | PING, b"3")))
    assert conn.data_to_send() == echo(FIN | PONG, b"2") + echo(FIN | PONG, b"3")


def test_text_is_bytes_without_check_utf8() -> None:
    conn = server(check_utf8=False)
    data = frame(FIN | TEXT, b"\xff") + frame(TEXT, b"\xc3") + frame(FIN | CONTINUATION, b"(")
    events, failed, sent = converse(conn, data, wire.close(1000, b"ok"))
    assert events == [
        Message(b"\xff", Opcode.TEXT),
        Message(b"\xc3(", Opcode.TEXT),
        Close(1000, "ok"),
    ]
    assert (failed, sent) == (
        "",
        echo(FIN | TEXT, b"\xff") + echo(FIN | TEXT, b"\xc3(") + goodbye(1000),
    )
    assert feed(server(check_utf8=False), wire.close(1000, b"\xff")) == ([], "WS_ERR_UTF8")


# Messages in pieces


@pytest.mark.parametrize("name", CORPUS)
def test_parts_of_messages_join_to_the_messages(name: str) -> None:
    data, events, failed, _ = CORPUS[name]
    for pieces in cuts(data):
        conn = server(stream=True)
        got, error, sent = converse(conn, *pieces)
        assert error == failed
        in_message = False
        parts: list[bytes] = []
        rest = list(events)
        for event in got:
            if not isinstance(event, MessagePart):
                if event in rest:
                    rest.remove(event)
                continue
            assert event.first == (not in_message)
            in_message = not event.last
            assert isinstance(event.data, bytes)
            parts.append(event.data)
            if event.last:
                whole = b"".join(parts)
                parts.clear()
                message = text(whole.decode()) if event.opcode == TEXT else binary(whole)
                assert rest.pop(0) == message
        assert not rest
        assert feed(client(), sent)[1] == ""


def test_the_valid_start_of_an_invalid_text_is_a_part() -> None:
    conn = server(stream=True)
    data = wire.header(FIN | TEXT, 100) + wire.xor(b"ok\xff", wire.KEY)
    part = MessagePart(b"ok", Opcode.TEXT, first=True, last=False, frame_end=False)
    assert feed(conn, data) == ([part], "WS_ERR_UTF8")


def test_messages_can_be_sent_in_pieces() -> None:
    conn = server()
    conn.send_text("Hel", more=True)
    conn.ping(b"p")
    conn.pong(b"q")
    with pytest.raises(errors.InvalidState):
        conn.send_bytes(b"x")
    with pytest.raises(errors.InvalidState):
        conn.send_bytes(b"x", more=True)
    conn.send_text("", more=True)
    conn.send_text("lo")
    conn.send_bytes(b"\xff", more=True)
    conn.send_bytes(b"")
    conn.send(Opcode.BINARY, b"x")
    sent = conn.data_to_send()
    assert sent == (
        echo(TEXT, b"Hel")
        + echo(FIN | PING, b"p")
        + echo(FIN | PONG, b"q")
        + echo(CONTINUATION)
        + echo(FIN | CONTINUATION, b"lo")
        + echo(BINARY, b"\xff")
        + echo(FIN | CONTINUATION)
        + echo(FIN | BINARY, b"x")
    )
    assert feed(client(), sent) == (
        [Ping(b"p"), Pong(b"q"), text("Hello"), binary(b"\xff"), binary(b"x")],
        "",
    )


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 2**20, 2**20 + 1])
def test_messages_of_all_header_lengths_arrive(size: int) -> None:
    payload = bytes(i % 251 for i in range(256)) * (size // 256 + 1)
    for one, other in ((client(), server(max_message=0)), (server(), client(max_message=0))):
        one.send_bytes(payload[:size])
        sent = one.data_to_send()
        assert len(sent) == wscodec.frame_size(size, masked=bool(sent[1] & 0x80))
        assert feed(other, sent) == ([binary(payload[:size])], "")
        one.send_bytes(payload[:size])
        sent = one.data_to_send()
        half = len(sent) // 2
        assert feed(other, sent[:half], sent[half:]) == ([binary(payload[:size])], "")


# Both sides


@pytest.mark.parametrize("seed", range(20))
def test_random_messages_of_both_sides_arrive(seed: int) -> None:
    """Both send random messages, cut anywhere; all arrive, in order."""
    dice = random.Random(seed)
    conns = [client(max_message=0), server(max_message=0)]
    wires = [b"", b""]  # data for each
    sent_messages: list[list[Event]] = [[], []]
    received: list[list[Event]] = [[], []]
    open_ = [b"", b""]  # the message that each is sending in pieces

    def step(me: int) -> None:
        kind = dice.random()
        if kind < 0.5:
            at = dice.randrange(len(wires[me]) + 1)
            piece, wires[me] = wires[me][:at], wires[me][at:]
            for event in conns[me].receive_data(piece):
                if not isinstance(event, Pong):
                    received[me].append(event)
        elif kind < 0.6:
            conns[me].ping(b"%d" % dice.randrange(100))
        else:
            payload = dice.randbytes(dice.choice((0, 5, 125, 126, 1000, 70000)))
            more = dice.random() < 0.4
            conns[me].send_bytes(payload, more=more)
            open_[me] += payload
            if not more:
                sent_messages[me].append(binary(open_[me]))
                open_[me] = b""
        wires[1 - me] += conns[me].data_to_send()

    for _ in range(200):
        step(dice.randrange(2))
    for me in (0, 1):
        conns[me].send_bytes(b"")
        sent_messages[me].append(binary(open_[me]))
        wires[1 - me] += conns[me].data_to_send()
    conns[0].close(4000, "enough")
    wires[1] += conns[0].data_to_send()
    while any(wires):
        for me in (0, 1):
            data, wires[me] = wires[me], b""
            received[me] += [e for e in conns[me].receive_data(data) if not isinstance(e, Pong)]
            wires[1 - me] += conns[me].data_to_send()
    for me in (0, 1):
        assert [e for e in received[1 - me] if isinstance(e, Message)] == sent_messages[me]
        assert received[me][-1] == Close(4000, "" if me == 0 else "enough")
        assert conns[me].state == State.CLOSED
        conns[me].finish()


# The opening handshake


def test_accept_returns_a_connection_and_the_response() -> None:
    conn, reply = Connection.accept(PLAIN_REQUEST)
    assert reply == PLAIN_ANSWER
    assert conn and conn.protocol is None and conn.state == State.OPEN
    assert conn.max_message == wscodec.MAX_MESSAGE
    assert converse(conn, HI_PING_YO_CLOSE)[2] == IN_ORDER


def test_accept_ignores_data_after_the_head() -> None:
    conn, reply = Connection.accept(bytearray(RFC_REQUEST + b"\x83" * 1000), protocols="chat")
    assert conn and reply == RFC_ANSWER


@pytest.mark.parametrize("at", [0, 1, 20, len(RFC_REQUEST) - 1])
def test_accept_returns_nothing_for_an_incomplete_head(at: int) -> None:
    assert Connection.accept(RFC_REQUEST[:at]) == (None, b"")


@pytest.mark.parametrize("protocols", [["chat", "superchat"], "chat, superchat", ("x", "chat")])
def test_accept_chooses_a_protocol(protocols: Any) -> None:
    conn, reply = Connection.accept(RFC_REQUEST, protocols=protocols)
    assert conn and conn.protocol == "chat"
    assert reply == RFC_ANSWER
    conn, _ = Connection.accept(RFC_REQUEST, protocols=["superchat", "chat"])
    assert conn and conn.protocol == "superchat"
    conn, reply = Connection.accept(RFC_REQUEST, protocols=["other"])
    assert conn and conn.protocol is None
    assert reply == PLAIN_ANSWER


def test_accept_takes_headers_and_options() -> None:
    conn, reply = Connection.accept(
        PLAIN_REQUEST,
        headers=[("Set-Cookie", "a=b"), ("X", "y" * 3000)],
        protocols=["p" * 5000],
        max_message=5,
        stream=True,
        auto_pong=False,
        check_utf8=False,
        keep_buffer=7,
    )
    fields = b"Set-Cookie: a=b\r\nX: " + b"y" * 3000 + b"\r\n"
    assert reply == PLAIN_ANSWER[:-2] + fields + b"\r\n"
    assert conn and (conn.max_message, conn.stream, conn.auto_pong) == (5, True, False)
    assert (conn.check_utf8, conn.keep_buffer) == (False, 7)


@pytest.mark.parametrize("name", REFUSED)
def test_accept_refuses_invalid_requests_with_a_status(name: str) -> None:
    old, new, status = REFUSED[name]
    conn, reply = Connection.accept(RFC_REQUEST.replace(old, new, 1), protocols="chat")
    assert conn is None
    got, fields, body = answer(reply)
    assert got == status
    assert fields["connection"] == ("Upgrade, close" if got == 426 else "close")
    assert fields["content-length"] == str(len(body))


def test_accept_refuses_ordinary_requests_with_426() -> None:
    conn, reply = Connection.accept(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
    assert conn is None
    assert answer(reply)[0] == 426


@pytest.mark.parametrize(
    "options",
    [
        {"protocols": "two words"},
        {"protocols": ["chat\r\nX: y"]},
        {"protocols": ["chät\u20ac"]},
        {"headers": [("Upgrade", "h2c")]},
        {"headers": [("Sec-WebSocket-Accept", "x")]},
        {"headers": [("X: y\r\nZ", "x")]},
        {"headers": [("X", "y\r\nZ: z")]},
        {"max_message": -1},
        {"keep_buffer": 2**64},
    ],
)
def test_accept_raises_invalid_arguments(options: Any) -> None:
    with pytest.raises(errors.InvalidArgument):
        Connection.accept(RFC_REQUEST, **options)


# Invalid arguments, and the lifetime of the handle


def test_invalid_arguments_are_raised_without_effect() -> None:
    for side in (2, -1, 2**32, 4, "server"):
        with pytest.raises(errors.InvalidArgument):
            Connection(side)  # type: ignore[arg-type]
    for options in ({"max_message": -1}, {"max_message": 2**64}, {"keep_buffer": -1}):
        with pytest.raises(errors.InvalidArgument):
            server(**options)
    conn = server()
    with pytest.raises(errors.InvalidArgument):
        conn.max_message = -1
    for opcode in (0, 3, 8, 11, 16, -1, 2**32 + 1):
        with pytest.raises(errors.InvalidArgument):
            conn.send(opcode, b"")
    for send in (conn.ping, conn.pong):
        with pytest.raises(errors.InvalidArgument):
            send(bytes(126))
    with pytest.raises(errors.InvalidArgument):
        conn.send(Opcode.PING, b"", more=True)
    with pytest.raises(errors.InvalidArgument):
        conn.send_text("\ud800")
    with pytest.raises(errors.InvalidArgument):
        conn.send_bytes("text")  # type: ignore[arg-type]
    for wrong in (5, None, [1]):
        with pytest.raises(TypeError):
            conn.send_bytes(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            conn.receive_data(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        conn.receive_data("text")  # type: ignore[arg-type]
    for code in (0, 999, 1004, 1006, 1015, 5000, -1, 2**16 + 1000):
        with pytest.raises(errors.InvalidArgument):
            conn.close(code)
    for code, reason in ((1000, "x" * 124), (1005, "x"), (1000, "\ud800")):
        with pytest.raises(errors.InvalidArgument):
            conn.close(code, reason)
    # None of these calls had an effect.
    assert (conn.state, conn.data_to_send()) == (State.OPEN, b"")
    conn.close(1005)
    assert conn.data_to_send() == echo(FIN | CLOSE)


def test_a_freed_connection_refuses_every_use() -> None:
    with server() as conn:
        iterator = conn.receive_data(HI_PING_YO_CLOSE)
        assert next(iterator) == HI
        conn.send_text("hi")
    conn.free()
    uses: list[Callable[[], object]] = [
        conn.data_to_send,
        conn.finish,
        conn.close,
        conn.ping,
        lambda: conn.send_text("hi"),
        lambda: conn.receive_data(b""),
        lambda: next(iterator),
        lambda: conn.state,
        lambda: conn.max_message,
        lambda: setattr(conn, "auto_pong", True),
    ]
    for use in uses:
        with pytest.raises(errors.InvalidState):
            use()


def test_a_handle_is_freed_with_its_last_user() -> None:
    conn = server()
    feed(conn, frame(TEXT, b"half"))
    there = weakref.ref(conn)
    finalizer = conn._finalizer
    iterator = conn.receive_data(HI_PING_YO_CLOSE)
    del conn
    assert there() is not None and finalizer.alive  # the iterator keeps it
    del iterator
    gc.collect()
    assert there() is None and not finalizer.alive


def test_connections_cannot_be_copied() -> None:
    conn = server()
    for copy_ in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            copy_(conn)
    assert feed(conn, frame(FIN | TEXT, b"hi")) == ([HI], "")


def test_events_can_be_taken_after_several_reads() -> None:
    connection = wscodec.Connection(wscodec.SERVER)
    connection.receive_data(bytes.fromhex("8182000000006869"))
    connection.receive_data(bytes.fromhex("818200000000796f"))
    messages = [event for event in connection.events() if isinstance(event, wscodec.Message)]
    assert [message.data for message in messages] == ["hi", "yo"]
    assert list(connection.events()) == []
