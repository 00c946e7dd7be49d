"""Headers of the frames that a server sends, without a call of the library (RFC 6455, 5.2)."""

from __future__ import annotations

from struct import Struct

from ._ffi import FIN, OPCODE_BINARY, OPCODE_PING, OPCODE_PONG, OPCODE_TEXT

SHORT_HEADERS = {
    opcode: tuple(bytes((FIN | opcode, size)) for size in range(126))
    for opcode in (OPCODE_TEXT, OPCODE_BINARY, OPCODE_PING, OPCODE_PONG)
}
"""For each opcode, the headers of whole messages by the length of their payloads, if that is
below 126."""

medium_header, _long = Struct("!BBH").pack, Struct("!BBQ").pack


def server_header(first: int, size: int) -> bytes:
    """The header of an unmasked frame with a payload of `size` bytes.

    first  Its first byte: FIN, reserved bits and opcode.
    """
    if size < 126:
        return bytes((first, size))
    if size < 1 << 16:
        return medium_header(first, 126, size)
    return _long(first, 127, size)
