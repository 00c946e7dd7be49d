"""The vectors about streams of frames and about compression."""

from __future__ import annotations

from typing import Any

import needs
import pytest
import wire
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST
from vectored import cuts, deflate_of, every, expected, pieces, side_of
from vectors import Vector
from wscodec import (
    BEGIN,
    CLIENT,
    END,
    FIN,
    MASKED,
    Close,
    Connection,
    Decoder,
    Deflate,
    Deflater,
    Event,
    Frame,
    Message,
    MessagePart,
    Opcode,
    Ping,
    Pong,
    WsError,
    deflate_accept,
    deflate_accept_value,
    deflate_confirm,
    deflate_confirm_value,
    deflate_offer,
    library_can_deflate,
)

Entry = dict[str, Any]


def refused(call: Any) -> str:
    """The name of the error that a call raises."""
    with pytest.raises(WsError) as caught:
        call()
    return caught.value.name


# The decoder


class Decoded:
    """A decoder with the frames that it has reported."""

    def __init__(self, vector: Vector) -> None:
        self.decoder = Decoder(side_of(vector), **vector.get("options", {}))
        self.frames: list[Entry] = []

    def feed(self, data: bytes) -> None:
        for chunk in self.decoder.feed(data):
            if chunk.flags & BEGIN:
                self.frames.append(first_of(chunk))
            frame = self.frames[-1]
            frame["payload"] += chunk.payload
            if chunk.flags & END:
                del frame["payload_length"]


def first_of(chunk: Frame) -> Entry:
    """A frame as a vector describes it, without its payload."""
    entry: Entry = {"opcode": chunk.opcode, "fin": bool(chunk.flags & FIN), "payload": b""}
    entry |= {f"rsv{n}": True for n in (1, 2, 3) if chunk.flags & 0x80 >> n}
    if chunk.flags & MASKED:
        entry["mask_key"] = chunk.mask_key.hex()
    if chunk.opcode == Opcode.CONTINUATION:
        entry["message_opcode"] = chunk.message_opcode
    return {**entry, "payload_length": str(chunk.payload_len)}


@every("decoder_streams")
def test_decoder_streams(vector: Vector) -> None:
    data = vector["input"]
    for ends in cuts(len(data)):
        decoded = Decoded(vector)
        with expected(vector):
            for piece in pieces(data, ends):
                decoded.feed(piece)
        assert decoded.frames == vector["frames"], ends
        end = vector.get("error", vector.get("end"))
        if end:
            assert refused(decoded.decoder.finish) == end
        else:
            decoded.decoder.finish()


@every("decoder_streams")
def test_decoders_fail_at_the_byte_that_proves_it(vector: Vector) -> None:
    if "error" in vector:
        data, at = vector["input"], vector["error_at"]
        decoded = Decoded(vector)
        decoded.feed(data[:at])
        assert refused(lambda: decoded.feed(data[at : at + 1])) == vector["error"]


# The connection


def connection(vector: Vector) -> Connection:
    options = dict(vector.get("options", {}))
    for switch in ("stream", "auto_pong", "auto_close", "check_utf8", "any_mask"):
        if switch in options:
            options[switch] = bool(options[switch])
    deflate = deflate_of(vector["parameters"]) if "parameters" in vector else None
    return Connection(side_of(vector), deflate=deflate, **options)


class Received:
    """A connection with the events that it has reported, as a vector describes them."""

    def __init__(self, vector: Vector) -> None:
        self.conn = connection(vector)
        self.events: list[Entry] = []
        self.sent = b""

    def feed(self, data: bytes) -> None:
        try:
            for event in self.conn.receive_data(data):
                self.take(event)
                self.sent += self.conn.data_to_send()
        finally:
            self.sent += self.conn.data_to_send()

    def take(self, event: Event) -> None:
        if isinstance(event, MessagePart):
            if event.first:
                self.events.append({"opcode": event.opcode, "payload": b"", "last": False})
            message = next(e for e in reversed(self.events) if "last" in e)
            message["payload"] += event.data
            if event.last:
                del message["last"]
        else:
            self.events.append(entry_of(event))


def entry_of(event: Close | Message | Ping | Pong) -> Entry:
    if isinstance(event, Close):
        return {"opcode": 8, "close_code": event.code, "payload": event.reason.encode()}
    if isinstance(event, Message):
        data = event.data.encode() if isinstance(event.data, str) else event.data
        bits = {f"rsv{n}": True for n in (1, 2, 3) if event.rsv & 0x80 >> n}
        return {"opcode": event.opcode, "payload": data, **bits}
    return {"opcode": 9 if isinstance(event, Ping) else 10, "payload": event.data}


def output_of(vector: Vector) -> bytes:
    """What a server sends; a client's masks are random."""
    return b"".join(
        wire.frame(0x80 | frame["opcode"], frame["payload"], None) for frame in vector["output"]
    )


def unmasked(sent: bytes) -> bytes:
    """What a client sends, without masks; all its frames are short."""
    result = b""
    while sent:
        size = sent[1] & 0x7F
        payload = wire.xor(sent[6 : 6 + size], sent[2:6])
        result, sent = result + wire.frame(sent[0], payload, None), sent[6 + size :]
    return result


@every("connection_streams")
def test_connection_streams(vector: Vector) -> None:
    skip_without_compression(vector)
    data = vector["input"]
    for ends in cuts(len(data)):
        received = Received(vector)
        with expected(vector):
            for piece in pieces(data, ends):
                received.feed(piece)
        assert received.events == vector["events"], ends
        sent = received.sent
        if side_of(vector) is CLIENT:
            sent = unmasked(sent)
        assert sent == output_of(vector), ends
        end = vector.get("error", vector.get("end"))
        if end:
            assert refused(received.conn.finish) == end
        else:
            received.conn.finish()


@every("connection_streams")
def test_connections_fail_at_the_byte_that_proves_it(vector: Vector) -> None:
    skip_without_compression(vector)
    if "error_at" in vector:
        data, at = vector["input"], vector["error_at"]
        received = Received(vector)
        received.feed(data[:at])
        assert refused(lambda: received.feed(data[at : at + 1])) == vector["error"]


@every("frames")
def test_frames_are_judged_alike_by_decoders_and_connections(vector: Vector) -> None:
    data = vector["wire"]
    is_continuation = not data[0] & 0x0F
    if "error" not in vector or "options" in vector or is_continuation:
        return
    at = vector["error_at"]
    for reader in (Decoded(vector), Received(vector)):
        reader.feed(data[:at])
        assert refused(lambda r=reader: r.feed(data[at : at + 1])) == vector["error"]


def skip_without_compression(vector: Vector) -> None:
    if "parameters" in vector and not library_can_deflate():
        pytest.skip("the library cannot compress")


# Compression


def head(start: str, fields: list[bytes]) -> bytes:
    lines = [b"Sec-WebSocket-Extensions: " + field + b"\r\n" for field in fields]
    return start.encode() + b"".join(lines) + b"\r\n"


def joined(fields: list[bytes]) -> bytes | None:
    """One value for all fields (RFC 9110, 5.3)."""
    return b", ".join(fields) if fields else None


@needs.compression
@every("deflate_accept")
def test_deflate_accept(vector: Vector) -> None:
    offers, willing = vector["offers"], deflate_of(vector.get("willing"))
    agreed = None
    if vector.get("response"):
        agreed = (deflate_of(vector["agreed"]), vector["response"])
    request = head("GET / HTTP/1.1\r\n", offers)
    with expected(vector):
        assert deflate_accept(request, willing) == agreed
    with expected(vector):
        assert deflate_accept_value(joined(offers), willing) == agreed


@needs.compression
@every("deflate_accept")
def test_connections_agree_on_the_same_parameters(vector: Vector) -> None:
    request = head(PLAIN_REQUEST[:-2].decode(), vector["offers"])
    conn, reply = accepted = Connection.accept(
        request, deflate=deflate_of(vector.get("willing"))
    )
    if "error" in vector:
        assert accepted.error and accepted.error.name == vector["error"]
        assert conn is None and reply.startswith(b"HTTP/1.1 400 ")
        return
    assert conn is not None
    values = [vector["response"].encode()] if vector["response"] else []
    assert reply == head(PLAIN_ANSWER[:-2].decode(), values)
    assert conn.deflate == (deflate_of(vector["agreed"]) if values else None)
    plain, reply = Connection.accept(request)
    assert plain and plain.deflate is None and reply == PLAIN_ANSWER


@needs.compression
@every("deflate_offer")
def test_deflate_offer(vector: Vector) -> None:
    assert deflate_offer(deflate_of(vector["offered"])) == vector["offer"]


@needs.compression
@every("deflate_confirm")
def test_deflate_confirm(vector: Vector) -> None:
    responses, offered = vector["responses"], deflate_of(vector.get("offered"))
    agreed: Deflate | None = None
    if vector.get("agreed") is not None:
        agreed = deflate_of(vector["agreed"])
    response = head("HTTP/1.1 101 Switching Protocols\r\n", responses)
    with expected(vector):
        assert deflate_confirm(response, offered) == agreed
    with expected(vector):
        assert deflate_confirm_value(joined(responses), offered) == agreed


@needs.compression
@pytest.mark.parametrize("step", [1, 2, 1000])
@every("deflate_messages")
def test_deflate_messages(vector: Vector, step: int) -> None:
    deflater = Deflater(side_of(vector), deflate_of(vector.get("parameters")))
    for message in vector["messages"]:
        with expected(message):
            assert decompressed(deflater, message["payloads"], step) == message["message"]


def decompressed(deflater: Deflater, payloads: list[bytes], step: int) -> bytes:
    whole = b"".join(payloads)
    parts = [whole[at : at + step] for at in range(0, len(whole), step)] or [b""]
    sizes = [len(payload) for payload in payloads]
    if step == 1000:
        parts = pieces(whole, [sum(sizes[: n + 1]) for n in range(len(sizes))])
    last = len(parts) - 1
    return b"".join(
        deflater.decompress(part, more=number < last, max_size=0)
        for number, part in enumerate(parts)
    )


@needs.compression
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("step", [1, 1000])
@every("deflate_messages")
def test_connections_read_the_same_messages(vector: Vector, step: int, stream: bool) -> None:
    side = side_of(vector)
    conn = Connection(side, stream=stream, deflate=deflate_of(vector.get("parameters")))
    key = None if side is CLIENT else wire.KEY
    for message in vector["messages"]:
        payloads = message["payloads"]
        firsts = [0x42 if not n else 0 for n in range(len(payloads))]
        firsts[-1] |= 0x80
        data = b"".join(map(lambda f, p: wire.frame(f, p, key), firsts, payloads))
        found = b""
        with expected(message):
            for at in range(0, len(data), step):
                for event in conn.receive_data(data[at : at + step]):
                    assert isinstance(event, (Message, MessagePart))
                    assert isinstance(event.data, bytes)
                    found += event.data
            assert found == message["message"]
