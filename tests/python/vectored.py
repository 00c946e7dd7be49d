"""What the tests of vectors share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
import vectors
from wscodec import RSV1, RSV2, RSV3, Deflate, Side, WsError

Result = TypeVar("Result")


def every(kind: str) -> pytest.MarkDecorator:
    """Calls the test with each vector of a file."""
    loaded = vectors.load(kind)
    return pytest.mark.parametrize("vector", loaded, ids=[v["name"] for v in loaded])


def side_of(vector: vectors.Vector) -> Side:
    return Side.SERVER if vector["role"] == "server" else Side.CLIENT


def rsv_of(frame: dict[str, Any]) -> int:
    """The reserved bits of a frame or an event."""
    bits = {"rsv1": RSV1, "rsv2": RSV2, "rsv3": RSV3}
    return sum(bit for name, bit in bits.items() if frame.get(name))


def deflate_of(parameters: dict[str, Any] | None) -> Deflate:
    return Deflate(**(parameters or {}))


@contextlib.contextmanager
def expected(vector: vectors.Vector) -> Iterator[None]:
    """The error of the vector, if it has one."""
    if "error" not in vector:
        yield
        return
    with pytest.raises(WsError) as caught:
        yield
    assert caught.value.name == vector["error"]


def ends_of(size: int, at: int) -> list[int]:
    """Lengths of prefixes: all; of long inputs those at the start, at `at` and at the end."""
    near = {*range(min(size, 400)), *range(max(0, at - 3), min(size, at + 4)), size}
    return sorted(near)


def parsed_at_its_last_byte(
    vector: vectors.Vector, head: bytes, parse: Callable[[bytes], Result | None]
) -> Result | None:
    """Parses every prefix of a head: it is incomplete before the byte that completes it or
    proves the error, and has one result from there on. Returns that of a valid head."""
    at = vector.get("error_at", len(head) - 1)
    for size in ends_of(len(head), at):
        if size <= at:
            assert parse(head[:size]) is None, size
        else:
            with expected(vector):
                assert parse(head[:size]) is not None
    return None if "error" in vector else parse(head)


def cuts(size: int) -> Iterator[list[int]]:
    """The ends of pieces: whole, in two at each place, and byte by byte."""
    yield [size]
    for cut in range(1, size) if size <= 500 else (1, 3, 14, 15, size // 2, size - 1):
        yield [cut, size]
    yield list(range(1, size + 1)) if size <= 500 else [*range(1, 40), size]


def pieces(data: bytes, ends: list[int]) -> list[bytes]:
    return [data[start:end] for start, end in zip([0, *ends], ends)]
