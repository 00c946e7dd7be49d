"""Compress once, send to all: a message compressed with server_no_context_takeover is valid for
every client that agreed on that, and on a window at least as wide."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import needs
import pytest
import wscodec
from deflated import Decompressor, messages_in, prose
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame
from websockets.protocol import OPEN
from websockets.uri import parse_uri
from wire import TEXT
from wscodec import CLIENT, RSV1, SERVER, Connection, Deflate, Deflater, Message, Opcode

pytestmark = needs.compression

WILLING = Deflate(server_no_context_takeover=True, server_max_window_bits=12)


class Room:
    """A server's broadcast, as shown in python/README.md."""

    def __init__(self, members: list[Member]) -> None:
        self.deflater = Deflater(SERVER, WILLING)
        self.plain = Connection(SERVER)
        self.members = members

    def send(self, text: str) -> None:
        self.plain.send_text(text)
        shared = plain = self.plain.data_to_send()
        if len(text.encode()) >= wscodec.COMPRESS_FROM:
            payload = self.deflater.compress(text.encode())
            shared = wscodec.frame_encode(Opcode.TEXT, payload, rsv=RSV1)
        for member in self.members:
            deflate = member.conn.deflate
            if deflate is None:
                member.receive(text, plain)
            elif deflate.server_max_window_bits >= WILLING.server_max_window_bits:
                member.receive(text, shared)
            else:
                member.send(text)


class Member:
    """A client, read by three implementations: websockets, our Connection, and zlib with the
    window that was agreed on. `received` has each message as text and as bytes."""

    def __init__(self, factory: ClientPerMessageDeflateFactory | None) -> None:
        self.protocol = ClientProtocol(
            parse_uri("ws://localhost/"),
            extensions=[factory] if factory else None,
            max_size=None,
        )
        self.protocol.send_request(self.protocol.connect())
        request = b"".join(self.protocol.data_to_send())
        conn, reply = Connection.accept(request, deflate=WILLING)
        assert conn
        self.conn = conn
        self.protocol.receive_data(reply)
        self.protocol.events_received()
        assert self.protocol.state is OPEN
        self.ours = Connection(CLIENT, deflate=conn.deflate)
        bits = conn.deflate.server_max_window_bits if conn.deflate else 15
        self.zlib = Decompressor(bits, no_context=True)
        self.received: list[tuple[str, bytes]] = []

    def receive(self, text: str, data: bytes) -> None:
        self.received.append((text, data))

    def send(self, text: str) -> None:
        """Sends to this client alone."""
        self.conn.send_text(text)
        self.receive(text, self.conn.data_to_send())

    def check(self) -> None:
        """All three implementations read all messages."""
        for text, data in self.received:
            assert list(self.ours.receive_data(data)) == [Message(text, Opcode.TEXT)]
            self.protocol.receive_data(data)
            (frame,) = self.protocol.events_received()
            assert isinstance(frame, Frame) and frame.opcode == TEXT
            assert bytes(frame.data) == text.encode()
            ((_, compressed, payload),) = messages_in(data)
            assert compressed == (self.conn.deflate is not None and len(text.encode()) >= 1024)
            assert (self.zlib.message(payload) if compressed else payload) == text.encode()


OFFERS = [
    ClientPerMessageDeflateFactory(*offer)
    for offer in itertools.product(
        (False, True), (False, True), (None, 8, 10, 12, 15), (None, True, 10)
    )
]


def test_one_compressed_message_is_valid_for_all_clients() -> None:
    dice = random.Random(1)
    members = [Member(factory) for factory in (*OFFERS, None, None)]
    room = Room(members)
    for size in (0, 1, 1023, 1024, 5000, 20_000, 40_000, 3000):
        room.send(prose(dice, size).decode(errors="ignore"))
        for member in members[::7]:  # must not disturb the broadcast
            member.send(prose(dice, 2000).decode(errors="ignore"))
    room.send(prose(dice, 20_000).decode(errors="ignore"))
    for member in members:
        member.check()
    last = Counter(member.received[-1][1] for member in members)
    alone = 2 * 2 * 2 * 3  # clients that asked for 8 or 10 bits
    assert sorted(last.values())[-1] == len(OFFERS) - alone
    assert sum(last.values()) == len(members)


def test_a_message_with_context_is_not_valid_for_others() -> None:
    """A client that joins later cannot read messages of an encoder that keeps its context."""
    encoder = Connection(SERVER, deflate=Deflate())
    text = prose(random.Random(1), 3000).decode(errors="ignore")
    encoder.send_text(text)
    encoder.data_to_send()
    encoder.send_text(text)
    late = Connection(CLIENT, deflate=Deflate())
    with pytest.raises(wscodec.errors.CompressionError):
        list(late.receive_data(encoder.data_to_send()))
