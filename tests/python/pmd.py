"""permessage-deflate without the library, for peers that send exactly what a test wants."""

from __future__ import annotations

import struct
import zlib

from deflated import MARKER, Compressor
from echo_checks import PLAIN_REQUEST, Peer, Server, answer

OFFER = "permessage-deflate"


def deflate(payload: bytes) -> bytes:
    """A message compressed without a context."""
    return Compressor().message(payload)


def inflate(data: bytes, bits: int = 15) -> bytes:
    """Decompresses such a message."""
    return zlib.decompressobj(wbits=-bits).decompress(data + MARKER)


def opened(server: Server, offer: str = OFFER) -> tuple[Peer, str]:
    """A client that has made this offer, and the extensions in the server's response."""
    peer = server.raw()
    field = f"Sec-WebSocket-Extensions: {offer}\r\n\r\n".encode()
    peer.send(PLAIN_REQUEST[:-2] + field)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = peer.read(1)
        assert byte, head
        head += byte
    status, fields, _ = answer(head)
    assert status == 101
    return peer, fields.get("sec-websocket-extensions", "")


def read_frame(peer: Peer) -> tuple[int, bytes]:
    """The first byte and the payload of the next frame."""
    first, length = peer.read(2)
    if length >= 126:
        size = 2 if length == 126 else 8
        length = int.from_bytes(peer.read(size), "big")
    return first, peer.read(length)


def close_code(peer: Peer) -> int:
    """The code of the close frame, which must be the last data of the server."""
    data = peer.rest()
    assert data[:1] == b"\x88" and len(data) == 2 + data[1], data
    (code,) = struct.unpack("!H", data[2:4])
    return int(code)
