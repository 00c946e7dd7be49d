"""Compressed messages between us and websockets, after an opening handshake: every window and
takeover mode that it supports, as server and as client."""

from __future__ import annotations

import itertools
import random

import needs
import pytest
import wscodec
from deflated import cut, messages_in, samples
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import OPEN, Protocol
from websockets.server import ServerProtocol
from websockets.uri import parse_uri
from wire import BINARY, CONTINUATION, TEXT
from wscodec import CLIENT, Connection, Deflate, Message, Opcode

pytestmark = needs.compression

BOTH = (False, True)
MODES = list(itertools.product(BOTH, BOTH))


class Pair:
    """Both ends of a connection."""

    def __init__(self, us: Connection, them: Protocol) -> None:
        assert them.state is OPEN and len(them.extensions) == 1
        self.us, self.them = us, them

    def check(self, dice: random.Random, bits: int) -> None:
        messages = samples(dice, bits)
        self.check_what_we_send(dice, messages)
        self.check_what_they_send(dice, messages)

    def check_what_we_send(
        self, dice: random.Random, messages: list[tuple[int, bytes]]
    ) -> None:
        for opcode, data in messages:
            *pieces, last = cut(dice, data, dice.choice((1, 1, 3)))
            for piece in pieces:
                self.us.send(opcode, piece, more=True)
            self.us.send(opcode, last)
        sent = self.us.data_to_send()
        assert all(compressed for _, compressed, _ in messages_in(sent))
        for piece in cut(dice, sent, 10):
            self.them.receive_data(piece)
        assert self.them.parser_exc is None
        found: list[tuple[int, bytes]] = []
        parts = b""
        for frame in self.them.events_received():
            assert isinstance(frame, Frame)
            parts += frame.data
            opcode = opcode if frame.opcode == CONTINUATION else frame.opcode
            if frame.fin:
                found.append((opcode, parts))
                parts = b""
        assert found == messages

    def check_what_they_send(
        self, dice: random.Random, messages: list[tuple[int, bytes]]
    ) -> None:
        for opcode, data in messages:
            first, *rest = cut(dice, data, dice.choice((1, 1, 3)))
            send = self.them.send_text if opcode == TEXT else self.them.send_binary
            send(first, fin=not rest)
            for piece in rest[:-1]:
                self.them.send_continuation(piece, fin=False)
            if rest:
                self.them.send_continuation(rest[-1], fin=True)
        sent = b"".join(self.them.data_to_send())
        assert all(compressed for _, compressed, _ in messages_in(sent))
        found = [e for piece in cut(dice, sent, 10) for e in self.us.receive_data(piece)]
        assert found == [
            Message(data.decode() if opcode == TEXT else data, Opcode(opcode))
            for opcode, data in messages
        ]


def our_server(deflate: Deflate, theirs: ClientPerMessageDeflateFactory) -> Pair:
    protocol = ClientProtocol(parse_uri("ws://localhost/"), extensions=[theirs], max_size=None)
    protocol.send_request(protocol.connect())
    request = b"".join(protocol.data_to_send())
    conn, reply = Connection.accept(request, deflate=deflate, compress_from=0)
    assert conn
    protocol.receive_data(reply)
    protocol.events_received()
    return Pair(conn, protocol)


def our_client(deflate: Deflate, theirs: ServerPerMessageDeflateFactory) -> Pair:
    protocol = ServerProtocol(extensions=[theirs], max_size=None)
    request = wscodec.build_request("localhost", extensions=wscodec.deflate_offer(deflate))
    protocol.receive_data(request)
    (parsed,) = protocol.events_received()
    assert isinstance(parsed, Request)
    protocol.send_response(protocol.accept(parsed))
    reply = b"".join(protocol.data_to_send())
    response = wscodec.parse_response(reply, request)
    assert response
    agreed = wscodec.deflate_confirm(response.head, deflate)
    return Pair(Connection(CLIENT, deflate=agreed, compress_from=0), protocol)


@pytest.mark.parametrize("no_context", MODES)
@pytest.mark.parametrize("bits", range(8, 16))
def test_our_server_and_a_client_that_limits_both_windows(
    bits: int, no_context: tuple[bool, bool]
) -> None:
    """The client asks for our window, and limits its own to at least 9 bits."""
    theirs = ClientPerMessageDeflateFactory(*no_context, bits, max(bits, 9))
    pair = our_server(Deflate(), theirs)
    assert pair.us.deflate == Deflate(*no_context, bits, max(bits, 9))
    pair.check(random.Random(bits), bits)


@pytest.mark.parametrize("no_context", MODES)
@pytest.mark.parametrize("bits", range(9, 16))
def test_our_server_limits_both_windows(bits: int, no_context: tuple[bool, bool]) -> None:
    pair = our_server(Deflate(*no_context, bits, bits), ClientPerMessageDeflateFactory())
    assert pair.us.deflate == Deflate(*no_context, bits, bits)
    pair.check(random.Random(bits), bits)


@pytest.mark.parametrize("no_context", MODES)
@pytest.mark.parametrize("bits", range(8, 16))
def test_our_client_and_a_server_that_limits_both_windows(
    bits: int, no_context: tuple[bool, bool]
) -> None:
    """The server limits our window, and its own to at least 9 bits."""
    pair = our_client(
        Deflate(), ServerPerMessageDeflateFactory(*no_context, max(bits, 9), bits)
    )
    assert pair.us.deflate == Deflate(*no_context, max(bits, 9), bits)
    pair.check(random.Random(bits), bits)


@pytest.mark.parametrize("no_context", MODES)
@pytest.mark.parametrize("bits", range(8, 16))
def test_our_client_limits_both_windows(bits: int, no_context: tuple[bool, bool]) -> None:
    wanted = Deflate(*no_context, max(bits, 9), bits)
    pair = our_client(wanted, ServerPerMessageDeflateFactory())
    assert pair.us.deflate == wanted
    pair.check(random.Random(bits), bits)


def test_damaged_data_fails_on_both_sides() -> None:
    for payload in (b"\x07", b"\xff" * 20):
        pair = our_server(Deflate(), ClientPerMessageDeflateFactory())
        data = bytes([0xC2, len(payload)]) + payload
        pair.them.receive_data(data)
        assert pair.them.parser_exc is not None
        conn = Connection(CLIENT, deflate=Deflate())
        with pytest.raises(wscodec.errors.CompressionError):
            list(conn.receive_data(data))


def test_messages_are_not_compressed_without_an_offer() -> None:
    protocol = ClientProtocol(parse_uri("ws://localhost/"))
    protocol.send_request(protocol.connect())
    request = b"".join(protocol.data_to_send())
    conn, reply = Connection.accept(request, deflate=Deflate(), compress_from=0)
    assert conn and conn.deflate is None
    protocol.receive_data(reply)
    protocol.events_received()
    assert protocol.state is OPEN and not protocol.extensions
    conn.send_text("hi")
    protocol.receive_data(conn.data_to_send())
    (frame,) = protocol.events_received()
    assert isinstance(frame, Frame) and frame.data == b"hi" and frame.opcode != BINARY


def test_parameters_named_server_are_about_messages_of_the_server() -> None:
    """server_... is about the messages of the server, on both sides."""
    pair = our_server(Deflate(True), ClientPerMessageDeflateFactory())
    extension = pair.them.extensions[0]
    assert extension.remote_no_context_takeover  # type: ignore[attr-defined]
    assert not extension.local_no_context_takeover  # type: ignore[attr-defined]
