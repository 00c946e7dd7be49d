"""Builds frames without the library, so that it is not tested against itself."""

from __future__ import annotations

import struct
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

FIN = 0x80
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

KEY = b"\x37\xfa\x21\x3d"
"""The masking key of RFC 6455, 5.7."""


def xor(payload: bytes, key: bytes) -> bytes:
    """Masks or unmasks."""
    stream = (key * (len(payload) // 4 + 1))[: len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")
    return number.to_bytes(len(payload), "big")


def header(first: int, length: int, key: bytes | None = KEY) -> bytes:
    """A frame's header; `first` is its first byte."""
    masked = 0 if key is None else 0x80
    if length < 126:
        head = struct.pack("!BB", first, masked | length)
    elif length < 65536:
        head = struct.pack("!BBH", first, masked | 126, length)
    else:
        head = struct.pack("!BBQ", first, masked | 127, length)
    return head + (key or b"")


def frame(first: int, payload: bytes = b"", key: bytes | None = KEY) -> bytes:
    """A whole frame."""
    return header(first, len(payload), key) + (xor(payload, key) if key else payload)


def close(code: int, reason: bytes = b"", key: bytes | None = KEY) -> bytes:
    """A close frame."""
    return frame(FIN | CLOSE, struct.pack("!H", code) + reason, key)
