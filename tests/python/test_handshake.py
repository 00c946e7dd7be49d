"""The opening handshake: the examples of the RFC, refusals, and websockets on either side."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

import pytest
import wscodec
from echo_checks import RFC_ANSWER, RFC_REQUEST
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame as WebsocketsFrame
from websockets.http11 import Request as WebsocketsRequest
from websockets.http11 import Response as WebsocketsResponse
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri
from wscodec import errors

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_accept_key_is_the_hash_of_a_valid_key() -> None:
    assert wscodec.accept_key(KEY) == wscodec.accept_key(KEY.encode()) == ACCEPT
    for n in range(50):
        key = base64.b64encode(bytes(range(n, n + 16)))
        digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        assert wscodec.accept_key(key) == base64.b64encode(digest).decode()
    for bad in ("ü" * 24, "€" * 8):
        with pytest.raises(errors.HandshakeKey):
            wscodec.accept_key(bad)
    with pytest.raises(errors.InvalidArgument):
        wscodec.accept_key("\ud800" * 24)


def test_the_request_of_the_rfc_is_parsed() -> None:
    for data in (
        RFC_REQUEST + b"frames",
        bytearray(RFC_REQUEST),
        memoryview(RFC_REQUEST),
    ):
        request = wscodec.parse_handshake(data)
        assert request == wscodec.Handshake(
            method="GET",
            target="/chat",
            host="server.example.com",
            origin="http://example.com",
            key=KEY,
            head=RFC_REQUEST,
        )
    assert wscodec.select_protocol(RFC_REQUEST, "chat, superchat") == "chat"
    assert wscodec.build_response(KEY, protocol="chat") == RFC_ANSWER
    for cut in range(len(RFC_REQUEST)):
        assert wscodec.parse_handshake(RFC_REQUEST[:cut]) is None


def test_the_response_of_the_rfc_is_built() -> None:
    response = wscodec.parse_response(RFC_ANSWER + b"frames", RFC_REQUEST)
    assert response == wscodec.Response(
        101, "chat", None, RFC_ANSWER, reason="Switching Protocols", http_version=11
    )
    for cut in range(len(RFC_ANSWER)):
        assert wscodec.parse_response(RFC_ANSWER[:cut], RFC_REQUEST) is None


def edit(old: str, new: str, head: bytes = RFC_REQUEST) -> bytes:
    edited = head.replace(old.encode(), new.encode("utf-8"), 1)
    assert edited != head
    return edited


def test_not_upgrade_has_the_request() -> None:
    data = b"POST /form HTTP/1.0\r\nOrigin:\r\nSec-WebSocket-Key: what\xff\r\n\r\nbody"
    with pytest.raises(errors.NotUpgrade) as raised:
        wscodec.parse_handshake(data)
    request = raised.value.request
    assert request == ("POST", "/form", None, "", "what\udcff", data[:-4], 10)
    assert raised.value.http_status == 426
    assert raised.value.name == "WS_ERR_NOT_UPGRADE"


def test_headers_are_listed_and_found() -> None:
    fields = b"Cookie: a=1\r\nX-Empty: \t\r\ncookie:\tb=\xc3\xa9 \r\n"
    head = b"GET / HTTP/1.1\r\n" + fields + b"\r\nrest: x\r\n\r\n"
    found = [("Cookie", "a=1"), ("X-Empty", ""), ("cookie", "b=é")]
    assert list(wscodec.headers(head)) == list(wscodec.headers(bytearray(head))) == found
    assert wscodec.find_header(head, "COOKIE") == "a=1"
    assert wscodec.find_header(head, "x-empty") == ""
    assert wscodec.find_header(head, "rest") is None
    first = wscodec.next_header(head)
    assert first is not None and first[:2] == found[0]
    second = wscodec.next_header(head, first[2])
    assert second is not None and second[:2] == found[1]
    for incomplete in (b"", b"GET / HTTP/1.1\r\n", head[:30]):
        with pytest.raises(errors.InvalidArgument):
            list(wscodec.headers(incomplete))
        with pytest.raises(errors.InvalidArgument):
            wscodec.find_header(incomplete, "Missing")
    with pytest.raises(errors.HttpSyntax):
        list(wscodec.headers(b"GET / HTTP/1.1\r\nbad line\r\n\r\n"))
    for pos in (3, len(head) + 1, -1):
        with pytest.raises(errors.InvalidArgument):
            wscodec.next_header(head, pos)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_head_length_finds_the_end_of_a_head(kind: Any) -> None:
    for head in (RFC_REQUEST, RFC_ANSWER, b"\r\n" + RFC_REQUEST):
        data = kind(head + b"frames\r\n\r\n")
        assert wscodec.head_length(data)[0] == len(head)
        scanned = 0
        for size in range(len(head)):
            length, scanned = wscodec.head_length(kind(head[:size]), scanned)
            assert length == 0 and scanned <= size
        assert wscodec.head_length(data, scanned)[0] == len(head)
    assert wscodec.head_length(kind(b"")) == (0, 0)


def test_head_length_refuses_bytes_that_no_head_has() -> None:
    for data in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\n", b"GET /\0"):
        with pytest.raises(errors.HttpSyntax):
            wscodec.head_length(data)
    endless = b"GET /" + b"x" * wscodec.MAX_HEAD
    with pytest.raises(errors.HttpTooLarge):
        wscodec.head_length(endless)
    assert wscodec.head_length(endless[: wscodec.MAX_HEAD - 1])[0] == 0
    for scanned in (5, -1, 2**64):
        with pytest.raises(errors.InvalidArgument):
            wscodec.head_length(b"GET ", scanned)


def test_a_head_that_comes_byte_by_byte_costs_linear_work() -> None:
    def cost(size: int) -> float:
        head = b"GET / HTTP/1.1\r\nCookie: " + b"x" * size + b"\r\n\r\n"
        received, scanned, length = bytearray(), 0, 0
        start = time.process_time()
        for byte in head:
            received.append(byte)
            length, scanned = wscodec.head_length(received, scanned)
        assert length == len(head)
        return time.process_time() - start

    costs = [(cost(8_000), cost(32_000)) for _ in range(3)]
    short, long = map(min, zip(*costs))
    assert long < 8 * short  # 4 times the bytes; quadratic work would take 16 times


def test_field_value_joins_fields_of_one_name() -> None:
    fields: list[tuple[str | bytes, str | bytes]]
    fields = [("Cookie", "a"), (b"X", b"\xc3\xa9"), ("cookie", "b"), ("COOKIE", ""), ("Y", "")]
    assert wscodec.field_value(fields, "cOOkie") == "a, b, "
    assert wscodec.field_value(fields, "x") == "é"
    assert wscodec.field_value(fields, "y") == ""
    assert wscodec.field_value(fields, "z") is None


def offer(*fields: str) -> bytes:
    lines = "".join(f"Sec-WebSocket-Protocol: {field}\r\n" for field in fields)
    return f"GET / HTTP/1.1\r\n{lines}\r\n".encode()


def test_the_first_supported_subprotocol_that_was_offered_is_selected() -> None:
    assert wscodec.select_protocol(offer("a, b"), "b, a") == "b"
    assert wscodec.select_protocol(offer("x", "a,b"), "b") == "b"
    assert wscodec.select_protocol(offer("a"), "A") is None
    assert wscodec.select_protocol(offer("ab"), "a") is None
    assert wscodec.select_protocol(offer(), "a") is None
    assert wscodec.select_protocol(offer("a"), "") is None
    for bad in ("a b", "a, a", "a,", "ü", "a;b"):
        with pytest.raises(errors.InvalidArgument):
            wscodec.select_protocol(offer("a"), bad)
        with pytest.raises(errors.InvalidArgument):
            wscodec.select_protocol_value("a", bad)


def test_a_subprotocol_is_selected_from_a_value() -> None:
    assert wscodec.select_protocol_value("a, b", "b, a") == "b"
    assert wscodec.select_protocol_value(b"x,a\t,b", "b") == "b"
    assert wscodec.select_protocol_value("a b, ,;, a", "b, a") == "a"
    assert wscodec.select_protocol_value("", "a") is None
    assert wscodec.select_protocol_value(None, "a") is None
    assert wscodec.select_protocol_value("a", "") is None


def test_only_origins_of_the_list_are_allowed() -> None:
    allowed = "https://a.example http://b.example:8080"
    origin: str | None
    for origin in (
        "https://a.example",
        "HTTPS://A.Example:443",
        "http://b.example:8080",
    ):
        assert wscodec.origin_allowed(origin, allowed)
    for origin in (
        "http://a.example",
        "https://a.example:8443",
        "https://a.example.evil.example",
        "https://evil.example/https://a.example",
        "https://a.example/",
        "https://a.example https://a.example",
        "http://b.example",
        "null",
        "",
        "€",
        None,
    ):
        assert not wscodec.origin_allowed(origin, allowed)
    assert not wscodec.origin_allowed("null", "null")
    assert not wscodec.origin_allowed("https://a.example", "")


def test_build_response_confirms_the_key_and_adds_fields() -> None:
    built = wscodec.build_response(
        KEY,
        protocol="chat",
        extensions="permessage-deflate; server_no_context_takeover",
        headers=[("Set-Cookie", "a=é"), ("Set-Cookie", "b=2")],
    )
    assert list(wscodec.headers(built)) == [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", ACCEPT),
        ("Sec-WebSocket-Protocol", "chat"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover"),
        ("Set-Cookie", "a=é"),
        ("Set-Cookie", "b=2"),
    ]
    long = wscodec.build_response(KEY, headers=[("X", "x" * 60000)])
    assert long.endswith(b"x" * 60000 + b"\r\n\r\n")
    with pytest.raises(wscodec.errors.InvalidArgument):  # no parser would accept it
        wscodec.build_response(KEY, headers=[("X", "x" * wscodec.MAX_HEAD)])
    wscodec.build_response(KEY, headers=[("X", "x")] * 240)
    with pytest.raises(wscodec.errors.InvalidArgument):
        wscodec.build_response(KEY, headers=[("X", "x")] * 241)


SMUGGLED = [
    ("X", "x\r\nEvil: y"),
    ("X: x\r\nEvil", "y"),
    ("X: x", "y"),
    ("X", "x\ny"),
    ("X", "x\ry"),
    ("X", "x\0"),
    ("X\r\n", "y"),
    ("X Y", "y"),
    ("", "y"),
    ("X", "\ud800"),
    ("Upgrade", "h2c"),
    ("connection", "close"),
    ("sec-websocket-anything", "x"),
    ("Content-Length", "5"),
    ("transfer-encoding", "chunked"),
]


@pytest.mark.parametrize("field", SMUGGLED)
def test_fields_with_line_breaks_or_reserved_names_are_refused(field: tuple[str, str]) -> None:
    with pytest.raises(errors.InvalidArgument):
        wscodec.build_response(KEY, headers=[field])
    if field != ("Content-Length", "5"):  # allowed for a body
        with pytest.raises(errors.InvalidArgument):
            wscodec.build_reply(200, [field])
    with pytest.raises(errors.InvalidArgument):
        wscodec.build_request("a.example", headers=[field])


EVIL = "x\r\nEvil: y"
REFUSED_RESPONSES: list[dict[str, Any]] = [
    {"key": None},
    {"key": ""},
    {"key": KEY[1:]},
    {"key": KEY + "\r\nEvil: y"},
    {"protocol": EVIL},
    {"protocol": "a, b"},
    {"extensions": EVIL},
]
REFUSED_REQUESTS: list[dict[str, Any]] = [
    {"host": EVIL},
    {"host": ""},
    {"target": EVIL},
    {"target": "/a b"},
    {"target": "/#fragment"},
    {"target": ""},
    {"key": "short"},
    {"origin": EVIL},
    {"protocols": EVIL},
    {"protocols": "a, a"},
    {"extensions": EVIL},
]


def test_build_request_refuses_invalid_arguments() -> None:
    for options in REFUSED_RESPONSES:
        with pytest.raises(errors.InvalidArgument):
            wscodec.build_response(**{"key": KEY, **options})
    for options in REFUSED_REQUESTS:
        with pytest.raises(errors.InvalidArgument):
            wscodec.build_request(**{"host": "a.example", **options})
    with pytest.raises(errors.InvalidArgument):
        wscodec.build_request("a.example", headers=[("Host", "b.example")])
    with pytest.raises(errors.InvalidArgument):
        wscodec.build_request("a.example", origin="http://a", headers=[("Origin", "http://b")])


def test_build_reply_has_status_fields_and_body() -> None:
    assert wscodec.build_reply(404, [("X", "x")], b"gone\n") == (
        b"HTTP/1.1 404 Not Found\r\n"
        b"Content-Length: 5\r\n"
        b"Connection: close\r\n"
        b"X: x\r\n"
        b"\r\n"
        b"gone\n"
    )
    assert dict(wscodec.headers(wscodec.build_reply(426)))["Sec-WebSocket-Version"] == "13"
    assert dict(wscodec.headers(wscodec.build_reply(405)))["Allow"] == "GET"
    allow = [v for n, v in wscodec.headers(wscodec.build_reply(405, [("allow", "PUT")]))]
    assert allow == ["0", "close", "PUT"]
    assert "Content-Length" not in dict(wscodec.headers(wscodec.build_reply(204)))
    upgrade = dict(wscodec.headers(wscodec.build_reply(426)))
    assert (upgrade["Connection"], upgrade["Upgrade"]) == ("Upgrade, close", "websocket")
    to_head = wscodec.build_reply(200, [("Content-Length", "14")])
    assert [v for n, v in wscodec.headers(to_head) if n == "Content-Length"] == ["14"]
    for status, fields, body in (
        (200, [("Content-Length", "2")], b"hi"),
        (200, [("Content-Length", "2"), ("content-length", "2")], b""),
        (200, [("Content-Length", "-2")], b""),
        (204, [("Content-Length", "2")], b""),
        (205, [], b"hi"),
    ):
        with pytest.raises(errors.InvalidArgument):
            wscodec.build_reply(status, fields, body)
    for status in (199, 600, 101, -1, 65536 + 200):
        with pytest.raises(errors.InvalidArgument):
            wscodec.build_reply(status)
    for status in (204, 304):
        with pytest.raises(errors.InvalidArgument):
            wscodec.build_reply(status, body=b"body")


def test_build_request_has_all_fields_in_order() -> None:
    built = wscodec.build_request(
        "server.example.com",
        "/chat",
        key=KEY,
        origin="http://example.com",
        protocols="chat, superchat",
        headers=[("X", "x")],
    )
    request = wscodec.parse_handshake(built)
    assert request is not None
    assert request[:5] == (
        "GET",
        "/chat",
        "server.example.com",
        "http://example.com",
        KEY,
    )
    assert wscodec.find_header(built, "Sec-WebSocket-Protocol") == "chat, superchat"
    assert wscodec.find_header(built, "Sec-WebSocket-Version") == "13"
    assert wscodec.find_header(built, "X") == "x"


def test_each_request_has_a_fresh_key() -> None:
    keys = {wscodec.make_key() for _ in range(100)}
    assert len(keys) == 100
    assert {len(base64.b64decode(key, validate=True)) for key in keys} == {16}
    requests = {wscodec.build_request("a") for _ in range(10)}
    assert len(requests) == 10


def test_handshake_status_has_the_response() -> None:
    data = wscodec.build_reply(503, [("Retry-After", "120")], b"later")
    with pytest.raises(errors.HandshakeStatus) as raised:
        wscodec.parse_response(data, RFC_REQUEST)
    response = raised.value.response
    assert (response.status, data[len(response.head) :]) == (503, b"later")
    assert wscodec.find_header(response.head, "retry-after") == "120"
    for no_request in (b"", b"GET / HTTP/1.1\r\n\r\n", RFC_ANSWER):
        with pytest.raises(errors.InvalidArgument):
            wscodec.parse_response(data, no_request)


# websockets as the peer, without sockets


def test_our_server_accepts_a_client_of_websockets() -> None:
    client = ClientProtocol(
        parse_uri("ws://example.com:8080/room?a=b"),
        origin=Origin("https://example.com"),
        subprotocols=[Subprotocol("superchat"), Subprotocol("chat")],
        extensions=[ClientPerMessageDeflateFactory()],
    )
    client.send_request(client.connect())
    data = b"".join(client.data_to_send())
    request = wscodec.parse_handshake(data)
    assert request is not None
    assert request.target == "/room?a=b"
    assert request.host == "example.com:8080"
    assert wscodec.origin_allowed(request.origin, "https://example.com")
    protocol = wscodec.select_protocol(request.head, "chat, superchat")
    assert "permessage-deflate" in str(wscodec.find_header(data, "sec-websocket-extensions"))
    reply = wscodec.build_response(
        request.key, protocol=protocol, headers=[("Server", "wscodec")]
    )
    client.receive_data(reply + wscodec.frame_encode(wscodec.Opcode.TEXT, "hé".encode()))
    response, frame = client.events_received()
    assert isinstance(response, WebsocketsResponse) and response.headers["Server"] == "wscodec"
    assert isinstance(frame, WebsocketsFrame) and frame.data == "hé".encode()
    assert client.state is OPEN and client.handshake_exc is None
    assert client.subprotocol == "chat" and client.extensions == []
    client.send_ping(b"ping")
    (ping,) = wscodec.Decoder().feed(b"".join(client.data_to_send()))
    assert (ping.opcode, ping.payload) == (wscodec.Opcode.PING, b"ping")


def test_our_server_refuses_a_client_of_websockets() -> None:
    client = ClientProtocol(parse_uri("ws://example.com/"))
    client.send_request(client.connect())
    client.receive_data(wscodec.build_reply(403, body=b"no\n"))
    client.receive_eof()
    (response,) = client.events_received()
    assert isinstance(response, WebsocketsResponse)
    assert (response.status_code, response.body) == (403, b"no\n")


def test_a_server_of_websockets_accepts_our_client() -> None:
    server = ServerProtocol(
        origins=[Origin("https://example.com")],
        subprotocols=[Subprotocol("chat"), Subprotocol("superchat")],
    )
    data = wscodec.build_request(
        "example.com",
        "/room",
        origin="https://example.com",
        protocols="superchat, chat",
        headers=[("User-Agent", "wscodec")],
    )
    hello = wscodec.frame_encode(wscodec.Opcode.TEXT, b"hi", mask_key=b"1234")
    server.receive_data(data + hello)
    request, frame = server.events_received()
    assert isinstance(request, WebsocketsRequest) and isinstance(frame, WebsocketsFrame)
    assert request.path == "/room" and request.headers["User-Agent"] == "wscodec"
    assert frame.data == b"hi"
    server.send_response(server.accept(request))
    server.send_text(b"ho")
    reply = b"".join(server.data_to_send())
    response = wscodec.parse_response(reply, data)
    assert response is not None
    assert (response.status, response.extensions) == (101, None)
    assert response.protocol in ("chat", "superchat")
    assert response.protocol == server.subprotocol
    decoder = wscodec.Decoder(wscodec.CLIENT)
    (frame_,) = decoder.feed(reply[len(response.head) :])
    assert frame_.payload == b"ho"


def test_a_server_of_websockets_refuses_our_client() -> None:
    server = ServerProtocol(origins=[Origin("https://example.com")])
    data = wscodec.build_request("example.com", origin="https://evil.example")
    server.receive_data(data)
    (request,) = server.events_received()
    assert isinstance(request, WebsocketsRequest)
    server.send_response(server.accept(request))
    with pytest.raises(errors.HandshakeStatus) as raised:
        wscodec.parse_response(b"".join(server.data_to_send()), data)
    assert raised.value.response.status == 403
