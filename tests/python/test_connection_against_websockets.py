"""Connection and the sans-I/O core of websockets: as peers, and on the same random streams.

On the same stream they must report the same messages, pings and pongs, send the same replies,
and end in the same way: with a close of the same code, with an error of the same close code, or
not at all. Where they may differ, TOLERATED names the clause of RFC 6455 that decides.

WSCODEC_CONNECTIONS sets the number of streams (5,000).
"""

from __future__ import annotations

import codecs
import os
import random
from collections import Counter
from typing import NamedTuple

import pytest
import wire
import wscodec
from deflated import cut
from test_against_websockets import damage
from websockets.client import ClientProtocol
from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame
from websockets.http11 import Request, Response
from websockets.protocol import CLIENT, OPEN, SERVER, Protocol, Side
from websockets.protocol import State as TheirState
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT
from wscodec import Close, Connection, Message, MessagePart, Ping, Pong, State, WsError, errors

STREAMS = int(os.environ.get("WSCODEC_CONNECTIONS", "5000"))
MAX_MESSAGE = 250

TOLERATED = {
    "minimal": "5.2: 'the minimal number of bytes MUST be used to encode the length'; and of"
    " a 64-bit length 'the most significant bit MUST be 0'. websockets checks neither, so that"
    " it also takes a control frame with an extended length (5.5).",
    "early": "5.2, 5.4, 5.5, 8.1: an error in a header or a text is reported at the byte"
    " that proves it; websockets waits for the whole frame, and may find another error in it"
    " by then.",
    "close in message": "5.4: 'Control frames MAY be injected in the middle of a fragmented"
    " message'. websockets fails at a close there.",
    "close wrong twice": "7.4.2 forbids the code, 8.1 the reason; neither rule comes"
    " first. We report the code, which comes first in the payload, websockets the reason.",
    "control is no message": "10.4: limits are for 'frame or message sizes'; ours is for"
    " messages, without control frames. websockets counts control frames, too.",
}

EARLY = {
    "WS_ERR_RESERVED_BITS",
    "WS_ERR_FRAGMENTATION",
    "WS_ERR_CONTROL_FRAME",
    "WS_ERR_OPCODE",
    "WS_ERR_UTF8",
}

SAMPLES = ("", "hi", "Hellö, Wörld 🎉", "x" * 120, "€" * 45, "🎉" * 70)


class Report(NamedTuple):
    """Everything that an application learns."""

    events: list[tuple[int, bytes]]
    """Opcodes and payloads of messages, pings and pongs."""
    end: str
    """"close 1000", "error 1002", or "" if it is still open."""
    why: str = ""
    """The name of our error; "too big" for websockets."""
    replies: list[tuple[int, bytes]] = []
    """Opcodes and payloads; of a close only the code."""


def replies_in(data: bytes, side: Side) -> list[tuple[int, bytes]]:
    """The frames that `side` sent."""
    decoder = wscodec.Decoder(wscodec.CLIENT if side is SERVER else wscodec.SERVER)
    return [
        (frame.opcode, frame.payload[:2] if frame.opcode == CLOSE else frame.payload)
        for frame in decoder.feed(data)
    ]


def ours(pieces: tuple[bytes, ...], side: Side, stream: bool) -> Report:
    conn = Connection(
        wscodec.SERVER if side is SERVER else wscodec.CLIENT,
        max_message=MAX_MESSAGE,
        stream=stream,
    )
    events: list[tuple[int, bytes]] = []
    end = why = ""
    parts = b""
    in_message = False
    sent = b""
    try:
        for piece in pieces:
            for event in conn.receive_data(piece):
                if isinstance(event, Close):
                    end = f"close {event.code}"
                elif isinstance(event, Message):
                    data = event.data
                    events.append(
                        (event.opcode, data.encode() if isinstance(data, str) else data)
                    )
                elif isinstance(event, MessagePart):
                    assert event.first == (not in_message)
                    in_message = not event.last
                    assert isinstance(event.data, bytes)
                    parts += event.data
                    if event.last:
                        events.append((event.opcode, parts))
                        parts = b""
                else:
                    events.append((PING if isinstance(event, Ping) else PONG, event.data))
            sent += conn.data_to_send()
    except WsError as error:
        end, why = f"error {error.close_code}", error.name
        sent += conn.data_to_send()
    states = {"": State.OPEN, "close": State.CLOSED, "error": State.FAILED}
    assert conn.state == states[end.partition(" ")[0]]
    return Report(events, end, why, replies_in(sent, side))


def theirs(data: bytes, side: Side) -> Report:
    """Joins messages as the connections of websockets do: texts are decoded frame by frame."""
    protocol = Protocol(side, state=OPEN, max_size=MAX_MESSAGE)
    protocol.receive_data(data)
    events: list[tuple[int, bytes]] = []
    end = why = ""
    parts = b""
    opcode = 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    for frame in protocol.events_received():
        assert isinstance(frame, Frame)
        if frame.opcode == CLOSE:
            break
        if frame.opcode > CLOSE:
            events.append((frame.opcode, bytes(frame.data)))
            continue
        if frame.opcode != CONTINUATION:
            opcode, parts = frame.opcode, b""
            decoder.reset()
        parts += frame.data
        if opcode == TEXT:
            try:
                decoder.decode(frame.data, frame.fin)
            except UnicodeDecodeError:
                replies = [(PONG, data) for kind, data in events if kind == PING]
                return Report(events, "error 1007", "", [*replies, (CLOSE, b"\x03\xef")])
        if frame.fin:
            events.append((opcode, parts))
    if protocol.parser_exc:
        assert protocol.close_sent
        end = f"error {protocol.close_sent.code}"
        why = "too big" if isinstance(protocol.parser_exc, PayloadTooBig) else ""
    elif protocol.close_rcvd:
        end = f"close {protocol.close_rcvd.code}"
    return Report(events, end, why, replies_in(b"".join(protocol.data_to_send()), side))


def random_payload(dice: random.Random, is_text: bool) -> bytes:
    if is_text and dice.random() < 0.97:
        return dice.choice(SAMPLES).encode()
    return dice.randbytes(dice.choice((0, 1, 2, 5, 20, 125, 126, 127, 300)))


def random_stream(dice: random.Random, side: Side) -> bytes:
    """Mostly valid frames; texts are cut anywhere."""
    frames: list[tuple[int, bytes]] = []

    def control() -> None:
        while dice.random() < 0.25:
            opcode = dice.choice((PING, PONG))
            frames.append((FIN | opcode, random_payload(dice, False)[:125]))

    for _ in range(dice.randrange(1, 6)):
        control()
        if dice.random() < 0.12:
            code = dice.choice((999, 1000, 1001, 1005, 1011, 3000, 5000))
            reason = dice.choice((b"", b"bye", "tschüß".encode(), b"\xff"))
            payload = code.to_bytes(2, "big") + reason
            frames.append((FIN | CLOSE, dice.choice((b"", b"x", payload, payload, payload))))
        opcode = dice.choice((TEXT, BINARY))
        payload = random_payload(dice, opcode == TEXT)
        while dice.random() < 0.4:
            at = dice.randrange(len(payload) + 1)
            frames.append((opcode, payload[:at]))
            opcode, payload = CONTINUATION, payload[at:]
            control()
        if dice.random() < 0.97:
            frames.append((FIN | opcode, payload))
    parts = []
    for first, payload in frames:
        data = wire.frame(first, payload, dice.randbytes(4) if side is SERVER else None)
        if len(payload) < 126 and dice.random() < 0.005:  # a length that is not minimal
            longer = bytes([data[0], data[1] & 0x80 | 126, 0, len(payload)])
            data = longer + data[2:]
        parts.append(data)
    return b"".join(parts)


def compare(data: bytes, side: Side, pieces: tuple[bytes, ...], stream: bool) -> str:
    """Asserts that both agree. Returns how the stream ends, or the difference."""
    us, them = ours(pieces, side, stream), theirs(data, side)
    if us._replace(why="") == them._replace(why=""):
        return us.end
    if them.why == "too big":
        more_of_ours = [opcode for opcode, _ in us.events[len(them.events) :]]
        if more_of_ours and more_of_ours[0] >= CLOSE:
            assert us.events[: len(them.events)] == them.events
            return "control is no message"
        if us.why not in (*EARLY, "WS_ERR_LENGTH", "WS_ERR_TOO_BIG"):
            assert us.events == them.events
            return "control is no message"
    if us.end.startswith("close") and them.end == "error 1002":
        assert us.events == them.events and us.replies[:-1] == them.replies[:-1]
        return "close in message"
    assert us.end.startswith("error")
    assert them.events[: len(us.events)] == us.events
    assert us.replies[:-1] == them.replies[: len(us.replies) - 1]
    more = them.events[len(us.events) :]
    if us.why == "WS_ERR_LENGTH":
        return "minimal"
    if us.why == "WS_ERR_CONTROL_FRAME" and (more or them.end):
        return "minimal"
    assert not more
    if us.why == "WS_ERR_CLOSE_PAYLOAD" and them.end == "error 1007":
        return "close wrong twice"
    assert us.why in EARLY
    if them.end == "":
        them = theirs(data + bytes(2**17), side)
        if us.why == "WS_ERR_CONTROL_FRAME" and them.events[: len(us.events) + 1] != us.events:
            return "minimal"
        assert them.events == us.events
        assert them.end.startswith("error") or them.end == ""
    else:
        assert them.why == "too big"  # the length follows the byte where we failed
    return "early"


def test_both_agree_on_random_streams() -> None:
    dice = random.Random(6455)
    seen: Counter[str] = Counter()
    for number in range(STREAMS):
        side = dice.choice((SERVER, CLIENT))
        data = random_stream(dice, side)
        if number % 3 == 0:
            data = damage(dice, data)
        pieces = tuple(cut(dice, data, dice.randrange(1, 5)))
        try:
            seen[compare(data, side, pieces, dice.random() < 0.3)] += 1
        except AssertionError as error:
            raise AssertionError(f"{side!r} {[p.hex() for p in pieces]}: {error}") from error
    assert sum(seen.values()) == STREAMS
    ends = {"", "close 1000", "close 1005", "error 1002", "error 1007", "error 1009"}
    assert ends | set(TOLERATED) <= set(seen), seen
    others = set(seen) - ends - set(TOLERATED)
    assert all(other.startswith("close ") for other in others), seen
    for end in ends:
        assert seen[end] > STREAMS / 250, seen


# As peers


def test_our_server_talks_to_a_client_of_websockets() -> None:
    protocol = ClientProtocol(
        parse_uri("ws://localhost/x"), subprotocols=[Subprotocol("chat")], max_size=None
    )
    protocol.send_request(protocol.connect())
    conn, reply = Connection.accept(b"".join(protocol.data_to_send()), protocols=["chat"])
    assert conn
    protocol.receive_data(reply)
    (response,) = protocol.events_received()
    assert isinstance(response, Response) and protocol.state is TheirState.OPEN
    assert protocol.subprotocol == conn.protocol == "chat"

    protocol.send_text("hellö".encode(), fin=False)
    protocol.send_ping(b"ping")
    protocol.send_continuation(b"!", fin=True)
    protocol.send_binary(bytes(70000))
    events = list(conn.receive_data(b"".join(protocol.data_to_send())))
    assert events == [
        Ping(b"ping"),
        Message("hellö!", wscodec.Opcode.TEXT),
        Message(bytes(70000), wscodec.Opcode.BINARY),
    ]
    conn.send_text("Hel", more=True)
    conn.send_text("lo")
    conn.close(3000, "bye")
    protocol.receive_data(conn.data_to_send())
    frames = [(f.opcode, f.fin, bytes(f.data)) for f in protocol.events_received()]  # type: ignore[union-attr]
    assert frames == [
        (PONG, True, b"ping"),
        (TEXT, False, b"Hel"),
        (CONTINUATION, True, b"lo"),
        (CLOSE, True, b"\x0b\xb8bye"),
    ]
    assert protocol.close_rcvd and protocol.close_rcvd.code == 3000
    last = list(conn.receive_data(b"".join(protocol.data_to_send())))
    assert last == [Close(3000, "bye")] and conn.state == State.CLOSED
    conn.finish()


def test_our_client_talks_to_a_server_of_websockets() -> None:
    protocol = ServerProtocol(subprotocols=[Subprotocol("chat")], max_size=None)
    request = wscodec.build_request("localhost", "/x", protocols="chat")
    protocol.receive_data(request)
    (parsed,) = protocol.events_received()
    assert isinstance(parsed, Request)
    protocol.send_response(protocol.accept(parsed))
    protocol.send_text(b"first")
    data = b"".join(protocol.data_to_send())
    response = wscodec.parse_response(data, request)
    assert response and response.protocol == "chat"
    conn = Connection(wscodec.CLIENT)
    events = list(conn.receive_data(data[len(response.head) :]))
    assert events == [Message("first", wscodec.Opcode.TEXT)]

    conn.send_text("Hel", more=True)
    conn.ping(b"ping")
    conn.send_text("lo")
    conn.send_bytes(bytes(70000))
    protocol.receive_data(conn.data_to_send())
    frames = [(f.opcode, f.fin, len(f.data)) for f in protocol.events_received()]  # type: ignore[union-attr]
    assert frames == [
        (TEXT, False, 3),
        (PING, True, 4),
        (CONTINUATION, True, 2),
        (BINARY, True, 70000),
    ]
    protocol.send_ping(b"p")
    protocol.send_close(1001, "going")
    events = list(conn.receive_data(b"".join(protocol.data_to_send())))
    assert events == [Pong(b"ping"), Ping(b"p"), Close(1001, "going")]
    protocol.receive_data(conn.data_to_send())
    frames = [(f.opcode, f.fin, len(f.data)) for f in protocol.events_received()]  # type: ignore[union-attr]
    assert frames == [(PONG, True, 1), (CLOSE, True, 2)]
    assert protocol.close_rcvd and protocol.close_rcvd.code == 1001
    conn.finish()


@pytest.mark.parametrize("wrong", ["text", "frame", "size"])
def test_websockets_receives_the_close_code_of_our_error(wrong: str) -> None:
    conn = Connection(wscodec.SERVER, max_message=10)
    protocol = Protocol(CLIENT, state=OPEN)
    if wrong == "text":
        protocol.send_text(b"\xff")
    elif wrong == "size":
        protocol.send_binary(bytes(11))
    else:
        protocol.writes = [b"\x83"]
    with pytest.raises(errors.ProtocolError) as caught:
        list(conn.receive_data(b"".join(protocol.data_to_send())))
    protocol.receive_data(conn.data_to_send())
    assert protocol.close_rcvd
    assert protocol.close_rcvd.code == caught.value.close_code
    assert caught.value.close_code == {"text": 1007, "frame": 1002, "size": 1009}[wrong]
