"""The vectors that say how pieces are judged: keys, close payloads, UTF-8, one frame, heads."""

from __future__ import annotations

import contextlib
from typing import Any

import check
import pytest
import wscodec
from vectored import ends_of, every, expected, parsed_at_its_last_byte, rsv_of, side_of
from vectors import Vector
from wscodec import BEGIN, END, FIN, MASKED, Connection, Side, Utf8Validator, WsError, errors


@every("accept_keys")
def test_accept_keys(vector: Vector) -> None:
    with expected(vector):
        assert wscodec.accept_key(vector["key"]) == vector["accept"].decode()


@every("close_payloads")
def test_close_payloads(vector: Vector) -> None:
    if "payload" in vector:
        with expected(vector):
            close = wscodec.close_parse(vector["payload"])
            assert close == (vector["code"], vector["reason"].decode())
    # In Python a reason is a str, which has no form for most that is not UTF-8.
    if "code" in vector and is_text(vector["reason"]):
        with expected(vector):
            built = wscodec.close_build(vector["code"], vector["reason"].decode())
            assert built == vector["payload"]


def is_text(data: bytes) -> bool:
    with contextlib.suppress(UnicodeDecodeError):
        data.decode()
        return True
    return False


def pushed(text: bytes) -> bool:
    """Whether a text is complete. Raises InvalidUtf8."""
    validator = Utf8Validator()
    validator.push(text)
    return validator.complete


@every("utf8")
def test_utf8(vector: Vector) -> None:
    text = vector["text"]
    for cut in range(len(text) + 1):
        validator = Utf8Validator()
        with expected(vector):
            validator.push(text[:cut])
            validator.push(text[cut:])
        assert validator.complete == ("incomplete" not in vector and "error" not in vector)
    at = vector.get("error_at", len(text))
    pushed(text[:at])
    for size in range(at + 1, len(text) + 1):
        with pytest.raises(errors.InvalidUtf8):
            pushed(text[:size])


@every("frames")
def test_frames(vector: Vector) -> None:
    wire, options = vector["wire"], vector.get("options", {})
    client = side_of(vector) is Side.CLIENT
    at = vector.get("error_at", len(wire) - 1)
    for size in ends_of(len(wire), at):
        if size <= at:
            assert wscodec.frame_decode(wire[:size], client=client, **options) is None
        else:
            with expected(vector):
                decoded = wscodec.frame_decode(wire[:size], client=client, **options)
                assert decoded is not None and described(decoded) == vector["frame"]
                assert decoded.flags & (BEGIN | END) == BEGIN | END
                assert decoded.size == len(wire)
    if "frame" in vector:
        assert encoded(vector["frame"]) == wire


def described(frame: wscodec.Frame) -> dict[str, Any]:
    """A frame as a vector describes it."""
    found: dict[str, Any] = {"opcode": frame.opcode, "fin": bool(frame.flags & FIN)}
    for name, bit in (("rsv1", 0x40), ("rsv2", 0x20), ("rsv3", 0x10)):
        if frame.flags & bit:
            found[name] = True
    if frame.flags & MASKED:
        found["mask_key"] = frame.mask_key.hex()
    return {**found, "payload": frame.payload}


def key_of(frame: dict[str, Any]) -> bytes | None:
    return bytes.fromhex(frame["mask_key"]) if "mask_key" in frame else None


def encoded(frame: dict[str, Any]) -> bytes:
    return wscodec.frame_encode(
        frame["opcode"],
        frame["payload"],
        fin=frame["fin"],
        rsv=rsv_of(frame),
        mask_key=key_of(frame),
    )


@every("frame_headers")
def test_frame_headers(vector: Vector) -> None:
    header, size = vector["header"], int(vector["payload_length"])
    made = wscodec.frame_header(
        vector["opcode"], size, fin=vector["fin"], mask_key=key_of(vector)
    )
    assert made == header
    assert wscodec.frame_size(size, masked="mask_key" in vector) == len(header) + size
    client = side_of(vector) is Side.CLIENT
    if size:
        assert wscodec.frame_decode(header, client=client) is None
        assert wscodec.frame_missing(header) == size


@every("requests")
def test_requests(vector: Vector) -> None:
    request = vector["request"]
    read: Any = parsed_at_its_last_byte(vector, request, wscodec.parse_handshake)
    if vector.get("error") == "WS_ERR_NOT_UPGRADE":
        with pytest.raises(errors.NotUpgrade) as caught:
            wscodec.parse_handshake(request)
        read = caught.value.request
    for name, value in vector.get("fields", {}).items():
        assert as_bytes(getattr(read, name)) == value, name
    if "error" not in vector:
        assert len(read.head) == len(request)


def as_bytes(value: Any) -> Any:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


@every("responses")
def test_responses(vector: Vector) -> None:
    request, response = vector["request"], vector["response"]
    read: Any = parsed_at_its_last_byte(
        vector, response, lambda head: wscodec.parse_response(head, request)
    )
    if vector.get("error") == "WS_ERR_HANDSHAKE_STATUS":
        with pytest.raises(errors.HandshakeStatus) as caught:
            wscodec.parse_response(response, request)
        read = caught.value.response
    for name, value in vector.get("fields", {}).items():
        assert (as_bytes(getattr(read, name)) or None) == (value or None), name
    if "error" not in vector:
        assert len(read.head) == len(response)


@every("policies")
def test_policies(vector: Vector) -> None:
    policy = {**vector.get("policy", {})}
    if "origins" in policy:
        policy["origins"] = policy["origins"].split()
    accepted = Connection.accept(vector["request"], **policy)
    if "error" in vector:
        assert isinstance(accepted.error, WsError) and accepted.error.name == vector["error"]
        assert accepted.reply.startswith(b"HTTP/1.1 %d " % vector["status"])
    else:
        assert accepted.error is None and accepted.connection is not None
        assert accepted.connection.protocol == vector["protocol"]


def test_the_files_are_valid() -> None:
    assert check.faults() == []
