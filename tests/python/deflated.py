"""Compressed messages made and read by Python's zlib (RFC 7692, 7.2)."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator

import wire
import wscodec
from wire import BINARY, CONTINUATION, FIN, TEXT

RSV1 = 0x40
MARKER = b"\x00\x00\xff\xff"
"""The end of a flush, which a message leaves out."""


class Compressor:
    """Compresses one direction. zlib has no window of 8 bits, so there it makes no
    back-references."""

    def __init__(
        self,
        bits: int = 15,
        no_context: bool = False,
        level: int = 6,
        mem_level: int = 8,
        strategy: int = zlib.Z_DEFAULT_STRATEGY,
    ) -> None:
        self.no_context = no_context
        strategy = zlib.Z_HUFFMAN_ONLY if bits == 8 else strategy
        self.settings = level, zlib.DEFLATED, -max(bits, 9), mem_level, strategy
        self.stream = zlib.compressobj(*self.settings)

    def message(self, data: bytes) -> bytes:
        if self.no_context:
            self.stream = zlib.compressobj(*self.settings)
        flushed = self.stream.compress(data) + self.stream.flush(zlib.Z_SYNC_FLUSH)
        if not flushed:  # because the flush before had no data after it
            return b"\x00"
        assert flushed.endswith(MARKER)
        return flushed[:-4]


class Decompressor:
    """Decompresses one direction; a reference beyond the window is an error."""

    def __init__(self, bits: int, no_context: bool) -> None:
        self.bits, self.no_context = bits, no_context
        self.stream = zlib.decompressobj(-bits)

    def message(self, payload: bytes) -> bytes:
        if self.no_context:
            self.stream = zlib.decompressobj(-self.bits)
        data = b"".join(map(self._piece, pieces_of(payload + MARKER, 256)))
        assert not self.stream.eof, "a final block"
        return data

    def _piece(self, piece: bytes) -> bytes:
        # A call accepts references to all of its own output, so each makes one byte.
        out = bytearray()
        decompress = self.stream.decompress
        while byte := decompress(piece, 1):
            out += byte
            piece = self.stream.unconsumed_tail
        return bytes(out)


def pieces_of(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def cut(dice: random.Random, data: bytes, count: int) -> list[bytes]:
    """Cuts the data into `count` pieces, some of which may be empty."""
    places = sorted(dice.randrange(len(data) + 1) for _ in range(count - 1))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)])]


def frames(opcode: int, pieces: list[bytes], key: bytes | None) -> bytes:
    """A compressed message with one frame for each piece."""
    firsts = [RSV1 | opcode] + [CONTINUATION] * (len(pieces) - 1)
    firsts[-1] |= FIN
    return b"".join(wire.frame(first, piece, key) for first, piece in zip(firsts, pieces))


def messages_in(data: bytes) -> Iterator[tuple[int, bool, bytes]]:
    """The opcode, whether it is compressed, and the payload of each message and control frame;
    fragments are joined."""
    opcode, compressed, parts = 0, False, b""
    for frame in wscodec.Decoder(any_mask=True, deflate=True).feed(data):
        if frame.opcode >= wire.CLOSE:
            yield frame.opcode, bool(frame.flags & RSV1), frame.payload
            continue
        if frame.opcode != CONTINUATION and frame.begin:
            opcode, compressed, parts = frame.opcode, bool(frame.flags & RSV1), b""
        parts += frame.payload
        if frame.fin and frame.end:
            yield opcode, compressed, parts


WORDS = [
    word.encode()
    for word in "the of and to in is was for on are as with his they at be this from have or "
    'Grüße 你好 🎉 websocket compression {"id": "name": true, false, null} 1024 65536'.split()
]


def prose(dice: random.Random, size: int) -> bytes:
    """Text that compresses like English text. It may end inside a character."""
    text = b" ".join(dice.choices(WORDS, k=size // 3 + 1))
    return text[:size]


def at_distance(dice: random.Random, distance: int, length: int) -> bytes:
    """Random bytes that are repeated at this distance."""
    start = dice.randbytes(length)
    return start + dice.randbytes(distance - length) + start


def samples(dice: random.Random, bits: int) -> list[tuple[int, bytes]]:
    """Messages of all sizes and kinds. Some are repeated, and some repeat bytes at about the
    distance that a window of so many bits covers."""
    text = "Hellö, Wörld 🎉 " * 3
    binary = [
        b"",
        b"\0",
        dice.randbytes(300),
        prose(dice, 5000),
        dice.randbytes(dice.randrange(5000)),
        b"x" * 70_000,
        prose(dice, 70_000),
        prose(dice, dice.randrange(2000)),
        b"",
    ]
    for around in (-300, -262, -258, -1, 0, 1, 20):
        binary.append(at_distance(dice, max((1 << bits) + around, 60), 50 if bits < 9 else 200))
    binary += [binary[2], binary[3]]
    messages = [(BINARY, data) for data in binary]
    for size in (0, 1, 2, 10, 3000):
        messages.append((TEXT, (text * (size // len(text) + 1))[:size].encode()))
    messages.append((TEXT, text.encode()))
    dice.shuffle(messages)
    return messages
