"""Headers of the frames that a server sends, without a call of the library."""

from __future__ import annotations

from .frame import FIN, Opcode

TEXT_HEADERS = tuple(bytes((FIN | Opcode.TEXT, size)) for size in range(126))
"""The headers of whole texts by the length of their payloads, if that is below 126."""
BINARY_HEADERS = tuple(bytes((FIN | Opcode.BINARY, size)) for size in range(126))
"""The same for binary messages."""


def server_header(first: int, size: int) -> bytes:
    """The header of an unmasked frame with a payload of `size` bytes (RFC 6455, 5.2).

    first  Its first byte: FIN, reserved bits and opcode.
    """
    if size < 126:
        return bytes((first, size))
    if size < 1 << 16:
        return bytes((first, 126, size >> 8, size & 0xFF))
    return bytes((first, 127)) + size.to_bytes(8, "big")
