"""Every kind of bytes-like object is accepted with all of its bytes, and nothing else is."""

from __future__ import annotations

import array
from collections.abc import Callable
from typing import Any

import needs
import pytest
import wire
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST
from wscodec import Connection, Decoder, Opcode, OutFrame

KEY = wire.KEY
DATA = b"sixteen bytes it"

TAKES: dict[str, Callable[[Any], object]] = {
    "mask": lambda data: wscodec.mask(data, KEY),
    "frame_encode": lambda data: wscodec.frame_encode(2, data),
    "frames_encode": lambda data: wscodec.frames_encode([OutFrame(2, data), OutFrame(2, b"x")]),
    "frame_decode": lambda data: wscodec.frame_decode(data, any_rsv=True, any_mask=True),
    "Decoder.feed": lambda data: list(Decoder(any_mask=True, any_rsv=True).feed(data)),
    "Utf8Validator.push": lambda data: wscodec.Utf8Validator().push(data),
    "close_parse": lambda data: wscodec.close_parse(data),
    "parse_handshake": lambda data: wscodec.parse_handshake(data),
    "head_length": lambda data: wscodec.head_length(data)[0],
    "build_reply": lambda data: wscodec.build_reply(200, body=data),
    "Connection.accept": lambda data: tuple(Connection.accept(data)),
    "parse_response": lambda data: wscodec.parse_response(data, PLAIN_REQUEST),
    "Connection.confirm": lambda data: Connection.confirm(data, PLAIN_REQUEST),
    "Connection.send": lambda data: sent(lambda conn: conn.send_bytes(data)),
    "Connection.ping": lambda data: sent(lambda conn: conn.ping(data)),
}
MORE: dict[str, Callable[[Any], object]] = {
    "mask, key": lambda data: wscodec.mask(b"secret", data),
    "mask_in_place": lambda data: wscodec.mask_in_place(data, KEY),
    "mask_in_place, key": lambda data: wscodec.mask_in_place(bytearray(5), data),
    "frame_encode, key": lambda data: wscodec.frame_encode(2, b"x", mask_key=data),
    "frame_header, key": lambda data: wscodec.frame_header(2, 5, mask_key=data),
    "frames_encode, key": lambda data: wscodec.frames_encode([OutFrame(2, b"", mask_key=data)]),
    "accept_key": lambda data: wscodec.accept_key(data),
    "headers": lambda data: list(wscodec.headers(data)),
    "find_header": lambda data: wscodec.find_header(data, "x"),
    "find_header, name": lambda data: wscodec.find_header(PLAIN_REQUEST, data),
    "select_protocol": lambda data: wscodec.select_protocol(data, "x"),
    "select_protocol, ours": lambda data: wscodec.select_protocol(PLAIN_REQUEST, data),
    "select_protocol_value": lambda data: wscodec.select_protocol_value(data, "x"),
    "origin_allowed": lambda data: wscodec.origin_allowed(data, "http://a"),
    "build_response": lambda data: wscodec.build_response(data),
    "build_response, protocol": lambda data: wscodec.build_response(
        "dGhlIHNhbXBsZSBub25jZQ==", protocol=data
    ),
    "build_request": lambda data: wscodec.build_request(data),
    "a header's name": lambda data: wscodec.build_reply(200, [(data, "x")]),
    "a header's value": lambda data: wscodec.build_reply(200, [("x", data)]),
    "check_request": lambda data: wscodec.check_request(data, []),
    "check_request, value": lambda data: wscodec.check_request("GET", [("host", data)]),
    "check_response": lambda data: wscodec.check_response(101, [("upgrade", data)]),
    "parse_response, request": lambda data: wscodec.parse_response(PLAIN_ANSWER, data),
    "Connection.receive_data": lambda data: Connection(wscodec.SERVER).receive_data(data),
    "Control.feed": lambda data: wscodec.Control(wscodec.CLIENT, random=lambda _: data).close(),
}
if wscodec.library_can_deflate():
    MORE |= {
        "deflate_accept": lambda data: wscodec.deflate_accept(data),
        "deflate_accept_value": lambda data: wscodec.deflate_accept_value(data),
        "deflate_confirm": lambda data: wscodec.deflate_confirm(data),
        "deflate_confirm_value": lambda data: wscodec.deflate_confirm_value(data),
        "compress": lambda data: wscodec.Deflater(wscodec.SERVER).compress(data),
        "decompress": lambda data: wscodec.Deflater(wscodec.SERVER).decompress(
            data, max_size=9
        ),
    }


def sent(send: Callable[[Connection], None]) -> bytes:
    conn = Connection(wscodec.SERVER)
    send(conn)
    return conn.data_to_send()


@pytest.mark.parametrize("name", [*TAKES, *MORE])
def test_other_types_than_bytes_are_a_type_error(name: str) -> None:
    take = TAKES.get(name) or MORE[name]
    for wrong in (0, 4, 5, 2**40, 4.0, [1, 2, 3, 4], (0, 0, 0, 0), object(), range(4)):
        with pytest.raises(TypeError):
            take(wrong)


def strided(data: bytes) -> memoryview:
    twice = bytearray(2 * len(data))
    twice[::2] = data
    return memoryview(twice)[::2]


def wide(data: bytes) -> memoryview:
    return memoryview(array.array("I", data))


def square(data: bytes) -> memoryview:
    return memoryview(data).cast("B", (4, 4))


KINDS: list[Callable[[bytes], Any]] = [
    bytearray,
    memoryview,
    strided,
    wide,
    square,
    lambda data: array.array("H", data),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TAKES)
def test_every_bytes_like_object_equals_its_bytes(
    name: str, kind: Callable[[bytes], Any]
) -> None:
    def outcome(data: Any) -> object:
        try:
            return TAKES[name](data)
        except wscodec.WsError as error:
            return error.name

    for data in (DATA, b"\x81\x0e" + DATA[2:]):
        assert outcome(kind(data)) == outcome(data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_accepts_every_bytes_like_object(kind: Callable[[bytes], Any]) -> None:
    data = wire.frame(0x82, b"0123456789")
    conn = Connection(wscodec.SERVER)
    (message,) = conn.receive_data(kind(data))
    assert message == wscodec.Message(b"0123456789", Opcode.BINARY)


@needs.compression
def test_a_deflater_accepts_every_bytes_like_object() -> None:
    for kind in KINDS:
        ours, theirs = wscodec.Deflater(wscodec.SERVER), wscodec.Deflater(wscodec.CLIENT)
        payload = ours.compress(kind(DATA))
        assert theirs.decompress(payload, max_size=99) == DATA
