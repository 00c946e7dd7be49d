"""decode_text: which texts are str, and where their parts are cut."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import needs
import pytest
import wire
import wscodec
from deflated import RSV1, Compressor, cut, pieces_of
from echo_checks import GOOD_TEXT, INVALID_TEXTS, PLAIN_ANSWER, PLAIN_REQUEST, echo
from test_connection import cuts, feed, server
from wire import BINARY, CONTINUATION, FIN, PING, TEXT, frame
from wscodec import Deflate, Message, MessagePart, Opcode, errors

WORD = "aé€🎉"  # characters of 1, 2, 3 and 4 bytes


def parts_of(pieces: tuple[bytes, ...] | list[bytes], **options: Any) -> list[MessagePart]:
    events, failed = feed(server(stream=True, **options), *pieces)
    assert not failed
    return [event for event in events if isinstance(event, MessagePart)]


@pytest.mark.parametrize("decode_text", [None, True])
def test_a_text_is_a_str(decode_text: bool | None) -> None:
    data = frame(FIN | TEXT, WORD.encode()) + frame(FIN | BINARY, b"\xff")
    for pieces in cuts(data):
        conn = server(decode_text=decode_text)
        assert conn.decode_text is decode_text
        assert feed(conn, *pieces) == (
            [Message(WORD, Opcode.TEXT), Message(b"\xff", Opcode.BINARY)],
            "",
        )


def test_texts_are_checked_bytes_without_decode_text() -> None:
    data = frame(FIN | TEXT, WORD.encode()) + frame(FIN | TEXT)
    for pieces in cuts(data):
        conn = server(decode_text=False)
        events, failed = feed(conn, *pieces)
        assert events == [Message(WORD.encode(), Opcode.TEXT), Message(b"", Opcode.TEXT)]
        for event in events:
            assert isinstance(event, Message) and type(event.data) is bytes
            conn.send(event.opcode, event.data)
        assert conn.data_to_send() == echo(FIN | TEXT, WORD.encode()) + echo(FIN | TEXT)
    for wrong in INVALID_TEXTS.values():
        assert feed(server(decode_text=False), wrong) == ([], "WS_ERR_UTF8")
        assert feed(server(decode_text=False, stream=True), wrong)[1] == "WS_ERR_UTF8"


@pytest.mark.parametrize("decode_text", [None, False])
def test_parts_are_bytes_unless_asked_otherwise(decode_text: bool | None) -> None:
    for pieces in cuts(frame(FIN | TEXT, WORD.encode())):
        parts = parts_of(pieces, decode_text=decode_text)
        assert b"".join(bytes_in(parts)) == WORD.encode()


def bytes_in(parts: list[MessagePart]) -> Iterator[bytes]:
    for part in parts:
        assert type(part.data) is bytes
        yield part.data


def texts_in(parts: list[MessagePart]) -> Iterator[str]:
    for part in parts:
        assert type(part.data) is str
        yield part.data


def test_decoded_parts_end_between_characters() -> None:
    """Wherever the input or the frames are cut."""
    payload = (WORD + GOOD_TEXT.decode()).encode()
    for at in range(len(payload) + 1):
        data = frame(TEXT, payload[:at]) + frame(FIN | PING) + frame(CONTINUATION)
        data += frame(FIN | CONTINUATION, payload[at:])
        for pieces in ((data,), (data[: at + 4], data[at + 4 :]), pieces_of(data, 1)):
            parts = parts_of(tuple(pieces), decode_text=True)
            assert "".join(texts_in(parts)) == payload.decode()
            assert [part.first for part in parts] == [True] + [False] * (len(parts) - 1)
            assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
            assert [part.frame_end for part in parts].count(True) == 3


def test_the_start_of_a_cut_character_comes_with_the_next_part() -> None:
    data = "x🎉y".encode()
    head = wire.header(FIN | TEXT, len(data))
    masked = wire.xor(data, wire.KEY)
    parts = parts_of([head + masked[:3], masked[3:4], masked[4:]], decode_text=True)
    assert [part.data for part in parts] == ["x", "", "🎉y"]
    assert [part.last for part in parts] == [False, False, True]


def test_binary_parts_stay_bytes_with_decode_text() -> None:
    parts = parts_of([frame(FIN | BINARY, "é".encode())], decode_text=True)
    assert [part.data for part in parts] == ["é".encode()]


def test_an_invalid_text_fails_with_its_valid_start_decoded() -> None:
    conn = server(stream=True, decode_text=True)
    data = wire.header(FIN | TEXT, 100) + wire.xor("éé".encode()[:3] + b"\xff", wire.KEY)
    events, failed = feed(conn, data)
    assert failed == "WS_ERR_UTF8"
    assert [event.data for event in events if isinstance(event, MessagePart)] == ["é"]


def test_texts_with_reserved_bits_stay_bytes() -> None:
    data = frame(FIN | wscodec.RSV2 | TEXT, b"\xff") + frame(FIN | TEXT, "é".encode())
    parts = parts_of([data], decode_text=True, allow_rsv=wscodec.RSV2)
    assert [part.data for part in parts] == [b"\xff", "é"]
    conn = server(decode_text=True, allow_rsv=wscodec.RSV2)
    assert feed(conn, data)[0] == [
        Message(b"\xff", Opcode.TEXT, wscodec.RSV2),
        Message("é", Opcode.TEXT),
    ]


@needs.compression
def test_compressed_texts_are_decoded_in_parts() -> None:
    dice = random.Random(1)
    text = "".join(dice.choice(WORD) for _ in range(50_000))
    data = frame(FIN | RSV1 | TEXT, Compressor().message(text.encode()))
    for pieces in ([data], cut(dice, data, 9)):
        parts = parts_of(pieces, decode_text=True, deflate=Deflate())
        assert "".join(texts_in(parts)) == text and len(parts) > 3
    (message,) = feed(server(decode_text=False, deflate=Deflate()), data)[0]
    assert message == Message(text.encode(), Opcode.TEXT)


def test_only_checked_text_can_be_decoded() -> None:
    with pytest.raises(errors.InvalidArgument):
        server(decode_text=True, check_utf8=False)
    for decode_text in (None, False):
        conn = server(decode_text=decode_text, check_utf8=False)
        assert feed(conn, frame(FIN | TEXT, b"\xff"))[0] == [Message(b"\xff", Opcode.TEXT)]
    for wrong in ("utf-8", 1, 0):
        with pytest.raises(TypeError, match="decode_text"):
            server(decode_text=wrong)


def test_accept_and_confirm_take_decode_text() -> None:
    accepted = wscodec.Connection.accept(PLAIN_REQUEST, decode_text=False)
    assert accepted.connection and accepted.connection.decode_text is False
    confirmed = wscodec.Connection.confirm(PLAIN_ANSWER, PLAIN_REQUEST, decode_text=True)
    assert confirmed and confirmed[0].decode_text is True
