"""Echoes binary messages without I/O: the bytes of a read in, the bytes to write out."""

from __future__ import annotations

from collections.abc import Callable

import decode
import wscodec

Side = Callable[[bytes], bytes]


def connection() -> Side:
    conn = wscodec.Connection(wscodec.Side.SERVER)

    def side(data: bytes) -> bytes:
        for event in conn.receive_data(data):
            if isinstance(event, wscodec.Message):
                conn.send(event.opcode, event.data)
        return conn.data_to_send()

    return side


# ---- peers ----


def websockets() -> Side:
    from websockets.frames import Opcode
    from websockets.protocol import OPEN
    from websockets.server import ServerProtocol

    protocol = ServerProtocol(state=OPEN)

    def side(data: bytes) -> bytes:
        protocol.receive_data(data)
        for frame in protocol.events_received():
            if frame.opcode is Opcode.BINARY:
                protocol.send_binary(frame.data)
        return b"".join(protocol.data_to_send())

    return side


def wsproto() -> Side:
    from wsproto.connection import Connection, ConnectionType
    from wsproto.events import BytesMessage

    conn = Connection(ConnectionType.SERVER)

    def side(data: bytes) -> bytes:
        conn.receive_data(data)
        replies = [
            conn.send(BytesMessage(data=event.data))
            for event in conn.events()
            if isinstance(event, BytesMessage)
        ]
        return b"".join(replies)

    return side


# ---- the floor ----


def slices() -> Side:
    """The payloads as bytes, and the answers joined. They are not unmasked."""
    payloads_of = decode.slices()

    def side(data: bytes) -> bytes:
        return b"".join(payloads_of(data))

    return side


ECHO = {"Connection": connection, "websockets": websockets, "wsproto": wsproto}
