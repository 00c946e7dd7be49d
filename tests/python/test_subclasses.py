"""Only the bytes and characters that C sees count: a subclass that lies about its length, or
overrides other methods, is treated like what it holds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import wire
import wscodec
from echo_checks import PLAIN_REQUEST
from test_bytes import DATA, MORE, TAKES
from test_fields import KEY, REQUEST
from wscodec import Decoder, OutFrame


def lying(base: type, length: int) -> Any:
    class Lying(base):  # type: ignore[misc]
        def __len__(self) -> int:
            return length

        def __iter__(self) -> Iterator[int]:
            return iter([0, 0, 0, 0])

        def __getitem__(self, index: Any) -> Any:
            return b"\xff" * 100

        def __bytes__(self) -> bytes:
            return b"lies"

        def decode(self, *_: Any) -> str:
            return "lies"

        def encode(self, *_: Any) -> Any:
            return lying(bytes, 10**6)(b"lies")

        def lower(self) -> Any:
            return self

    return Lying


LIES = [
    lying(base, length) for base in (bytes, bytearray) for length in (0, 1, 10**6, sys.maxsize)
]
FUNCTIONS = {**TAKES, **MORE}
del FUNCTIONS["build_request"]  # its key is new in every call


def outcome(take: Any, data: Any) -> object:
    try:
        result = take(data)
        return list(result) if isinstance(result, Iterator) else result
    except wscodec.WsError as error:
        return type(error)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("lie", LIES)
def test_bytes_that_lie_about_their_length_are_their_bytes(name: str, lie: Any) -> None:
    take = FUNCTIONS[name]
    honest: type[bytes | bytearray] = bytes if issubclass(lie, bytes) else bytearray
    for data in (DATA, b"\x81\x0e" + DATA[2:], b"", b"1", b"1234"):
        assert outcome(take, lie(data)) == outcome(take, honest(data))


@pytest.mark.parametrize("lie", LIES[4:])
def test_feed_never_writes_beyond_a_buffer(lie: Any) -> None:
    wanted = b"x" * 100
    given = lie(wire.frame(0x82, wanted))
    assert [f.payload for f in Decoder().feed(given)] == [wanted]
    assert bytes(memoryview(given)) == wire.frame(0x82, wanted)
    assert [f.payload for f in Decoder().feed(given, in_place=True)] == [wanted]
    assert bytes(memoryview(given))[6:] == wanted
    buffer = lie(b"abcd" * 10)
    wscodec.mask_in_place(buffer, wire.KEY)
    assert bytes(memoryview(buffer)) == wscodec.mask(b"abcd" * 10, wire.KEY)


@pytest.mark.parametrize("lie", LIES)
def test_every_part_of_a_batch_is_measured(lie: Any) -> None:
    frames = [OutFrame(2, lie(b"one"), mask_key=lie(b"1234")), OutFrame(2, b"two")]
    honest = [OutFrame(2, b"one", mask_key=b"1234"), OutFrame(2, b"two")]
    assert wscodec.frames_encode(frames) == wscodec.frames_encode(honest)


@pytest.mark.parametrize("length", [0, 1, 10**6])
def test_a_str_that_overrides_its_methods_is_its_characters(length: int) -> None:
    lie = lying(str, length)
    built = wscodec.build_request("a", "/", key=KEY, headers=[("X-Name", "value")])
    assert built == wscodec.build_request(
        lie("a"), lie("/"), key=lie(KEY), headers=[(lie("X-Name"), lie("value"))]
    )
    assert wscodec.close_build(1000, lie("bye")) == wscodec.close_build(1000, "bye")
    assert wscodec.Control().close(1000, lie("bye")) == wscodec.Control().close(1000, "bye")
    assert wscodec.find_header(PLAIN_REQUEST, lie("Host")) == "server.example.com"
    assert wscodec.field_value(REQUEST, lie("Host")) == "server.example.com"
    assert wscodec.select_protocol_value(lie("a, b"), lie("b")) == "b"
    assert wscodec.origin_allowed(lie("http://a"), lie("http://a"))


def test_text_of_ordinary_subclasses_is_accepted() -> None:
    from enum import Enum

    class Name(str, Enum):
        HOST = "Host"

    assert wscodec.find_header(PLAIN_REQUEST, Name.HOST) == "server.example.com"
