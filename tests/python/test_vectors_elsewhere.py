"""Other implementations agree with the vectors: Python's SHA-1, base64, UTF-8 and zlib, and
websockets. Where one of them is known to differ, the difference is listed."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
from typing import Any

from test_connection_against_websockets import MAX_MESSAGE, theirs
from test_deflate_damage import by_zlib
from test_deflate_negotiation import (
    EIGHT,
    MALFORMED_LIST,
    TOLERATED,
    their_client,
    their_server,
)
from test_text import expected as judged_text
from vectored import deflate_of, every
from vectors import Vector
from websockets import frames
from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.protocol import Side as their_side

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@every("accept_keys")
def test_accept_keys(vector: Vector) -> None:
    key = vector["key"]
    try:
        is_valid = len(key) == 24 and len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        is_valid = False
    assert is_valid == ("accept" in vector)
    if is_valid:
        assert base64.b64encode(hashlib.sha1(key + GUID).digest()) == vector["accept"]


@every("utf8")
def test_utf8(vector: Vector) -> None:
    text = vector["text"]
    invalid = [n for n in range(len(text)) if judged_text(text[: n + 1]) == "invalid"]
    if invalid:
        assert vector["error_at"] == invalid[0]
    else:
        assert "error" not in vector
        assert (judged_text(text) == "incomplete") == ("incomplete" in vector)


@every("close_payloads")
def test_close_payloads(vector: Vector) -> None:
    with contextlib.suppress(ProtocolError, UnicodeDecodeError):
        if len(vector.get("payload", bytes(126))) <= 125:
            close = frames.Close.parse(vector["payload"])
            assert (close.code, close.reason.encode()) == (vector["code"], vector["reason"])
            assert close.code == 1005 or close.serialize() == vector["payload"]
            return
    assert "error" in vector


def reader(data: bytes) -> Any:
    """Reads exactly, as websockets wants it."""
    rest = [data]

    def read_exact(size: int) -> Any:
        assert len(rest[0]) >= size
        part, rest[0] = rest[0][:size], rest[0][size:]
        return part
        yield

    return read_exact


def their_frame(vector: Vector) -> frames.Frame | None:
    """None if it refuses the frame."""
    mask = vector["role"] == "server"
    parsing = frames.Frame.parse(reader(vector["wire"] + bytes(20)), mask=mask)
    try:
        next(parsing)
    except StopIteration as stop:
        frame: frames.Frame = stop.value
        return frame
    except (ProtocolError, PayloadTooBig, AssertionError):
        return None
    raise AssertionError


@every("frames")
def test_frames(vector: Vector) -> None:
    """websockets does not check that a length is minimal, and has none of the options."""
    if vector.get("error") == "WS_ERR_LENGTH" or "options" in vector:
        return
    frame = their_frame(vector)
    assert (frame is None) == ("error" in vector)
    if frame is not None:
        described = vector["frame"]
        assert (frame.opcode, frame.fin) == (described["opcode"], described["fin"])
        assert frame.data == described["payload"]


@every("deflate_accept")
def test_deflate_accept(vector: Vector) -> None:
    """A server without requirements."""
    text = ", ".join(offer.decode() for offer in vector["offers"])
    if "willing" in vector or not text:
        return
    them = their_server(text)
    if "error" in vector:
        assert them == MALFORMED_LIST
    elif vector["response"] is None:
        assert them is None or ('"' in text and them == MALFORMED_LIST), TOLERATED["quoted"]
    elif vector["agreed"].get("server_max_window_bits") == 8:
        assert them is None, EIGHT
    else:
        assert them == deflate_of(vector["agreed"])


@every("deflate_confirm")
def test_deflate_confirm(vector: Vector) -> None:
    """A client with permessage-deflate alone."""
    offered = deflate_of(vector.get("offered"))
    text = ", ".join(value.decode() for value in vector["responses"])
    if vector.get("agreed") is None and "error" not in vector:
        return
    if offered.client_max_window_bits == 8:
        return  # EIGHT
    factory = ClientPerMessageDeflateFactory(
        offered.server_no_context_takeover,
        offered.client_no_context_takeover,
        None if offered.server_max_window_bits == 15 else offered.server_max_window_bits,
        True if offered.client_max_window_bits == 15 else offered.client_max_window_bits,
    )
    them = their_client(text.strip(","), factory)
    if "error" in vector:
        assert them is None
    elif "," not in text.strip(","):
        assert them == deflate_of(vector["agreed"])


@every("deflate_messages")
def test_deflate_messages(vector: Vector) -> None:
    window = b""
    side = "client" if vector["role"] == "server" else "server"
    resets = vector.get("parameters", {}).get(f"{side}_no_context_takeover", False)
    for message in vector["messages"]:
        out = by_zlib(b"".join(message["payloads"]), window)
        assert out == message.get("message")
        window = b"" if resets or out is None else (window + out)[-32768:]


DIFFERENT = {
    "a close inside a message ends it": "5.4: 'Control frames MAY be injected in the middle of"
    " a fragmented message'. websockets fails at a close there.",
}


@every("connection_streams")
def test_connection_streams(vector: Vector) -> None:
    """websockets reads a frame when it is whole. Of lengths it does not check that they are
    minimal."""
    longest = max([0, *(len(event["payload"]) for event in vector["events"])])
    is_plain = "options" not in vector and "parameters" not in vector
    if not is_plain or vector.get("error") == "WS_ERR_LENGTH" or longest > MAX_MESSAGE:
        return
    side = their_side.SERVER if vector["role"] == "server" else their_side.CLIENT
    rest = bytes(2**17) if "error" in vector else b""
    them = theirs(vector["input"] + rest, side)
    if "error" not in vector and (them.why or vector["name"] in DIFFERENT):
        return  # They have a limit of MAX_MESSAGE.
    events = [(e["opcode"], e["payload"]) for e in vector["events"] if e["opcode"] != 8]
    assert them.events == events
    codes = [frame["payload"] for frame in vector["output"] if frame["opcode"] == 8]
    if "error" in vector:
        code = int.from_bytes(codes[0], "big")
        assert them.end in (f"error {code}", f"error {1009 if them.why else code}")
    elif codes:
        assert them.end == f"close {int.from_bytes(codes[0], 'big') or 1005}"
    else:
        assert them.end == ""
