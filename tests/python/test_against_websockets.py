"""The decoder and the sans-I/O core of websockets, on the same random and damaged streams.

They must report the same frames, and agree whether the stream has an error. Where they may
differ, TOLERATED names the clause of RFC 6455 that decides.

WSCODEC_STREAMS sets the number of streams (20,000).
"""

from __future__ import annotations

import os
import random
from collections import Counter

import wire
import wscodec
from websockets.exceptions import ProtocolError
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import CLIENT, OPEN, SERVER, Protocol, Side
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT
from wscodec import WsError, errors

STREAMS = int(os.environ.get("WSCODEC_STREAMS", "20000"))

TOLERATED = {
    "minimal": "5.2: 'the minimal number of bytes MUST be used to encode the length'; and of"
    " a 64-bit length 'the most significant bit MUST be 0'. websockets checks neither, so that"
    " it also takes a control frame with an extended length (5.5).",
    "early": "5.2, 5.4, 5.5: an error in a header is reported at once; websockets waits"
    " for the payload.",
    "close in message": "5.4: 'Control frames MAY be injected in the middle of a fragmented"
    " message'. websockets fails at a close there.",
}

LATE = ("WS_ERR_RESERVED_BITS", "WS_ERR_FRAGMENTATION", "WS_ERR_CONTROL_FRAME")
"""Errors that websockets reports only when the whole frame has arrived."""

Found = tuple[list[tuple[int, bool, bytes]], str]
"""Whole frames (opcode, FIN, payload) up to a close frame, and the end: the name of an error,
"close", or "" if there is none."""


def ours(data: bytes, side: Side, cut: int) -> Found:
    decoder = wscodec.Decoder(wscodec.SERVER if side is SERVER else wscodec.CLIENT)
    frames: list[tuple[int, bool, bytes]] = []
    payload = b""
    in_message = False
    try:
        for piece in (data[:cut], data[cut:]):
            for chunk in decoder.feed(piece):
                payload += chunk.payload
                if not chunk.end:
                    continue
                if chunk.opcode < CLOSE:
                    in_message = not chunk.fin
                elif chunk.opcode == CLOSE:
                    wscodec.close_parse(payload)
                frames.append((chunk.opcode, chunk.fin, payload))
                payload = b""
                if chunk.opcode == CLOSE:
                    return frames, "close in message" if in_message else "close"
    except WsError as error:
        return frames, error.name
    return frames, ""


class Theirs:
    def __init__(self, side: Side) -> None:
        self.protocol = Protocol(side, state=OPEN, max_size=None)
        self.frames: list[tuple[int, bool, bytes]] = []

    def feed(self, data: bytes) -> None:
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            assert isinstance(event, Frame)
            self.frames.append((event.opcode, event.fin, bytes(event.data)))

    @property
    def end(self) -> str:
        if self.protocol.parser_exc:
            return "error"
        return "close" if self.protocol.close_rcvd else ""


def random_payload(dice: random.Random) -> bytes:
    length = dice.choice((0, 1, 2, 5, 20, 125, 126, 127, 300))
    return dice.randbytes(length)


def random_stream(dice: random.Random, side: Side) -> bytes:
    """Mostly valid frames."""
    parts = []
    in_message = False
    for _ in range(dice.randrange(1, 8)):
        fin = dice.random() < 0.6
        kind = dice.random()
        if kind < 0.25:
            first = FIN | dice.choice((PING, PONG))
            payload = random_payload(dice)[:125]
        elif kind < 0.32:
            first = FIN | CLOSE
            code = dice.choice((999, 1000, 1001, 1005, 1011, 3000, 5000))
            payload = dice.choice(
                (b"", code.to_bytes(2, "big") + b"bye", b"\x03\xe8\xff", b"x")
            )
        else:
            first = CONTINUATION if in_message else dice.choice((TEXT, BINARY))
            first |= FIN if fin else 0
            in_message = not fin
            payload = random_payload(dice)
        key = dice.randbytes(4) if side is SERVER else None
        parts.append(wire.frame(first, payload, key))
    return b"".join(parts)


def damage(dice: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randrange(1, 3)):
        at = min(dice.choice((0, 1, dice.randrange(len(changed) + 1))), len(changed))
        how = dice.randrange(5)
        if how == 0:
            changed[at : at + 1] = bytes((1 << dice.randrange(8),))
        elif how == 1 and at < len(changed):
            changed[at] ^= 1 << dice.randrange(8)
        elif how == 2:
            del changed[at:]
        elif how == 3:
            changed[at:at] = dice.randbytes(dice.randrange(1, 4))
        else:
            del changed[at : at + dice.randrange(1, 4)]
    return bytes(changed)


def compare(data: bytes, side: Side, cut: int) -> str:
    """Asserts that both agree. Returns how the stream ends, or the difference."""
    frames, end = ours(data, side, cut)
    theirs = Theirs(side)
    theirs.feed(data)
    early = end.startswith("WS_ERR") and theirs.end == ""
    if early:
        theirs.feed(bytes(2**17))
    more_of_theirs = theirs.frames[len(frames) :]
    long_control = (
        end == "WS_ERR_CONTROL_FRAME" and more_of_theirs and more_of_theirs[0][0] >= CLOSE
    )
    if end == "WS_ERR_LENGTH" or long_control:
        # websockets reads on, so only the frames before it can be compared.
        assert theirs.frames[: len(frames)] == frames
        return "minimal"
    if end == "close in message":
        assert theirs.frames == frames[:-1] and theirs.end == "error"
        return end
    assert theirs.frames == frames
    if early:
        if theirs.end == "":  # the payload announced is longer than the bytes added
            assert end in (
                "WS_ERR_RESERVED_BITS",
                "WS_ERR_FRAGMENTATION",
                "WS_ERR_CONTROL_FRAME",
            )
        else:
            assert theirs.end == "error"
        return "early"
    assert theirs.end == ("error" if end.startswith("WS_ERR") else end)
    return theirs.end


def test_both_agree_on_random_streams() -> None:
    dice = random.Random(6455)
    seen: Counter[str] = Counter()
    for number in range(STREAMS):
        side = dice.choice((SERVER, CLIENT))
        data = random_stream(dice, side)
        if number % 3:
            data = damage(dice, data)
        cut = dice.randrange(len(data) + 1)
        try:
            seen[compare(data, side, cut)] += 1
        except AssertionError as error:
            raise AssertionError(f"{side!r} {data.hex()} cut at {cut}: {error}") from error
    assert sum(seen.values()) == STREAMS
    assert set(seen) == {"", "close", "error", *TOLERATED}
    for agreed in ("", "close", "error"):
        assert seen[agreed] > STREAMS / 40, seen


def test_both_agree_on_random_bytes() -> None:
    dice = random.Random(5)
    seen: Counter[str] = Counter()
    for _ in range(STREAMS // 4):
        side = dice.choice((SERVER, CLIENT))
        first = FIN | dice.choice((TEXT, BINARY, CLOSE, PING, PONG))
        data = bytes((first, dice.randrange(8) | (side is SERVER) << 7)) + dice.randbytes(40)
        seen[compare(data, side, dice.randrange(len(data)))] += 1
    assert seen["error"] > 100 and seen["early"] > 100 and seen["close"] > 0, seen


def test_websockets_reads_our_frames() -> None:
    dice = random.Random(1)
    for _ in range(STREAMS // 10):
        side = dice.choice((SERVER, CLIENT))
        key = dice.randbytes(4) if side is SERVER else None
        expected = [
            (opcode, True, random_payload(dice)[:125])
            for opcode in dice.choices((TEXT, BINARY, PING, PONG), k=5)
        ]
        theirs = Theirs(side)
        theirs.feed(
            wscodec.frames_encode(
                [wscodec.OutFrame(o, p, fin=f, mask_key=key) for o, f, p in expected]
            )
        )
        assert theirs.frames == expected
    for length in (0, 125, 126, 65535, 65536, 300000):
        theirs = Theirs(SERVER)
        payload = bytes(i % 251 for i in range(length))
        theirs.feed(wscodec.frame_encode(BINARY, payload, mask_key=b"\1\2\3\4"))
        assert theirs.frames == [(BINARY, True, payload)]


def test_we_read_frames_of_websockets() -> None:
    dice = random.Random(2)
    for _ in range(STREAMS // 10):
        mask = dice.random() < 0.5
        opcode = dice.choice((Opcode.TEXT, Opcode.BINARY, Opcode.PING))
        payload = random_payload(dice)[:125]
        data = Frame(opcode, payload).serialize(mask=mask)
        frame = wscodec.frame_decode(data, client=not mask)
        assert frame is not None
        assert (int(frame.opcode), frame.fin, frame.payload) == (opcode, True, payload)
        assert frame.size == len(data)


def test_both_agree_on_close_payloads() -> None:
    dice = random.Random(3)
    good = 0
    for number in range(STREAMS // 4):
        code = dice.choice((number % 5100, 1000))
        payload = code.to_bytes(2, "big") + dice.choice((b"", b"bye", dice.randbytes(3)))
        payload = payload[: dice.choice((0, 1, 5, 5, 5, 5))]
        try:
            theirs = Close.parse(payload)
        except (ProtocolError, UnicodeDecodeError):
            try:
                wscodec.close_parse(payload)
            except errors.ProtocolError:
                continue
            raise AssertionError(f"they refuse {payload!r}") from None
        assert wscodec.close_parse(payload) == (theirs.code, theirs.reason)
        good += 1
    assert good > STREAMS / 40
