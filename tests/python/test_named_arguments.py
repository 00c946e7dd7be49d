"""An InvalidArgument says which argument is invalid, as the caller calls it, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import needs
import pytest
import wscodec
import wscodec.asyncio
import wscodec.sync
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, RFC_REQUEST
from wscodec import CLIENT, SERVER, Connection, Control, Decoder, Opcode, OutFrame, errors
from wscodec._auth import basic_authorization
from wscodec.exceptions import InvalidURI
from wscodec.handshake import header_lines
from wscodec.proxy import Tunnel, parse_proxy
from wscodec.uri import parse_uri

KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
LONG = "x" * 70_000


def server(**options: Any) -> Connection:
    return Connection(SERVER, **options)


def middle_of_a_ping() -> wscodec.Frame:
    data = b"\x89\x82\0\0\0\0ab"
    decoder = Decoder()
    list(decoder.feed(data[:7]))
    (frame,) = decoder.feed(data[7:])
    return frame


Case = tuple[str, str, Callable[[], object]]
"""The argument, a word of the reason, the call."""
REQUEST: list[Case] = [
    ("host", "'a b'", lambda: wscodec.build_request("a b")),
    ("target", "'x'", lambda: wscodec.build_request("a", "x")),
    ("target", "host", lambda: wscodec.build_request("a", "http://b/")),
    ("key", "base64", lambda: wscodec.build_request("a", key="x")),
    ("origin", "'a b'", lambda: wscodec.build_request("a", origin="a b")),
    ("protocols", "'a b'", lambda: wscodec.build_request("a", protocols="a b")),
    ("protocols", "distinct", lambda: wscodec.build_request("a", protocols="a, a")),
    ("extensions", "';'", lambda: wscodec.build_request("a", extensions=";")),
    ("headers", "'Upgrade'", lambda: wscodec.build_request("a", headers={"Upgrade": "x"})),
    ("headers", "'X Y'", lambda: wscodec.build_request("a", headers={"X Y": "x"})),
    ("headers", "control", lambda: wscodec.build_request("a", headers={"X": "\x01"})),
    (
        "headers",
        "'Host'",
        lambda: wscodec.build_request("a", headers=[("X", "y"), ("Host", "b"), ("Y", "z")]),
    ),
    ("headers", "before it", lambda: wscodec.build_request("a", headers=[("X", "y")] * 241)),
    ("headers", "65536", lambda: wscodec.build_request("a", headers={"X": LONG})),
    ("target", "65536", lambda: wscodec.build_request("a", f"/{LONG}")),
    ("request", "opening", lambda: wscodec.parse_response(PLAIN_ANSWER, b"x")),
    ("request", "opening", lambda: Connection.confirm(PLAIN_ANSWER, b"x")),
]
RESPONSE: list[Case] = [
    ("key", "base64", lambda: wscodec.build_response("x")),
    ("protocol", "token", lambda: wscodec.build_response(KEY, protocol="a b")),
    ("extensions", "';'", lambda: wscodec.build_response(KEY, extensions=";")),
    ("headers", "'Upgrade'", lambda: wscodec.build_response(KEY, headers={"Upgrade": "x"})),
    ("status", "101", lambda: wscodec.build_reply(101)),
    ("status", "600", lambda: wscodec.build_reply(600)),
    ("body", "'x'", lambda: wscodec.build_reply(204, body=b"x")),
    (
        "headers",
        "'Content-Length'",
        lambda: wscodec.build_reply(200, [("Content-Length", "1"), ("Content-Length", "1")]),
    ),
    ("protocols", "'a b'", lambda: Connection.accept(b"", protocols="a b")),
    ("need_protocol", "no protocols", lambda: Connection.accept(b"", need_protocol=True)),
    ("origins", "'*'", lambda: Connection.accept(b"", origins=["https://a", "*"])),
    ("origins", "empty", lambda: Connection.accept(b"", origins=[])),
    ("headers", "'Upgrade'", lambda: Connection.accept(b"", headers={"Upgrade": "x"})),
    ("origins", "'*'", lambda: wscodec.check_request("GET", {}, origins="*")),
    ("http_version", "12", lambda: wscodec.check_request("GET", {}, http_version=12)),
    ("http_version", "12", lambda: wscodec.check_response(101, {}, http_version=12)),
    ("key", "base64", lambda: wscodec.check_response(101, {}, key="x")),
    (
        "offered_protocols",
        "control",
        lambda: wscodec.check_response(101, {}, key=KEY, offered_protocols="a\nb"),
    ),
    (
        "offered_extensions",
        "';'",
        lambda: wscodec.check_response(101, {}, key=KEY, offered_extensions=";"),
    ),
]
HEADS: list[Case] = [
    ("scanned", "3 bytes", lambda: wscodec.head_length(b"abc", 5)),
    ("head", "complete", lambda: wscodec.find_header(b"x", "a")),
    ("head", "complete", lambda: wscodec.next_header(b"x")),
    ("head", "complete", lambda: list(wscodec.headers(b"x"))),
    ("pos", "3", lambda: wscodec.next_header(RFC_REQUEST, 3)),
    ("head", "complete", lambda: wscodec.select_protocol(b"x", "a")),
    ("supported", "'a b'", lambda: wscodec.select_protocol(RFC_REQUEST, "a b")),
    ("supported", "'a b'", lambda: wscodec.select_protocol_value("a", "a b")),
]
FRAMES: list[Case] = [
    ("opcode", "3", lambda: wscodec.frame_encode(3)),
    ("opcode", "3", lambda: wscodec.frame_header(3, 0)),
    ("payload", "126", lambda: wscodec.frame_encode(Opcode.PING, bytes(126))),
    ("payload_len", "126", lambda: wscodec.frame_header(Opcode.PING, 126)),
    ("fin", "fragments", lambda: wscodec.frame_encode(Opcode.PING, fin=False)),
    ("opcode", "3", lambda: wscodec.frames_encode([OutFrame(3)])),
    ("payload", "126", lambda: wscodec.frames_encode([OutFrame(2), OutFrame(9, bytes(126))])),
    ("fin", "fragments", lambda: wscodec.frames_encode([OutFrame(2), OutFrame(9, fin=False)])),
    ("code", "1", lambda: wscodec.close_build(1)),
    ("code", "1006", lambda: Control().close(1006)),
    ("reason", "without a code", lambda: wscodec.close_build(1005, "x")),
    ("reason", "124", lambda: wscodec.close_build(1000, "x" * 124)),
    ("reason", "surrogates", lambda: Control().close(1000, "\ud800")),
    ("frame", "before", lambda: Control().feed(middle_of_a_ping())),
]
CONNECTION: list[Case] = [
    ("opcode", "8", lambda: server().send(8)),
    ("data", "126", lambda: server().send(Opcode.PING, bytes(126))),
    ("data", "126", lambda: server().ping(bytes(126))),
    ("data", "126", lambda: server().pong(bytes(126))),
    ("data", "surrogates", lambda: server().send_text("\ud800")),
    ("data", "text", lambda: server().send(2, "x")),
    ("more", "fragments", lambda: server().send(Opcode.PING, more=True)),
    ("rsv", "64", lambda: server().send(1, b"x", rsv=64)),
    ("allow_rsv", "1", lambda: server(allow_rsv=1)),
    ("code", "1", lambda: server().close(1)),
    ("reason", "124", lambda: server().close(1000, "x" * 124)),
]


async def idle(_: wscodec.asyncio.ServerConnection) -> None:
    pass


async def served(**options: Any) -> None:
    async with wscodec.asyncio.serve(idle, "127.0.0.1", 0, **options):
        pass


def connected(uri: str = "ws://127.0.0.1:1", **options: Any) -> list[Callable[[], object]]:
    async def connect() -> None:
        await wscodec.asyncio.connect(uri, proxy=None, **options)

    return [
        lambda: asyncio.run(connect()),
        lambda: wscodec.sync.connect(uri, proxy=None, **options),
    ]


def serving(**options: Any) -> list[Callable[[], object]]:
    return [
        lambda: asyncio.run(served(**options)),
        lambda: wscodec.sync.serve(print, "127.0.0.1", 0, **options),
    ]


NETWORK: list[Case] = [
    (argument, why, call)
    for argument, why, calls in [
        ("subprotocols", "'a b'", connected(subprotocols=["a b"])),
        ("origin", "'a b'", connected(origin="a b")),
        ("additional_headers", "'X Y'", connected(additional_headers={"X Y": "z"})),
        ("additional_headers", "'Upgrade'", connected(additional_headers={"Upgrade": "z"})),
        ("additional_headers", "'a b'", connected(additional_headers={"Host": "a b"})),
        (
            "additional_headers",
            "two Host",
            connected(additional_headers=[("Host", "a"), ("Host", "b")]),
        ),
        ("user_agent_header", "control", connected(user_agent_header="a\nb")),
        ("uri", "'a,b'", connected("ws://a,b")),
        ("subprotocols", "'a b'", serving(subprotocols=["a b"])),
        ("origins", "'*'", serving(origins=["*"])),
        ("headers", "'Upgrade'", serving(headers={"Upgrade": "x"})),
        ("server_header", "control", serving(server_header="a\nb")),
    ]
    for call in calls
]
OTHERS: list[Case] = [
    ("username", "colon", lambda: basic_authorization("a:b", "c")),
    ("realm", "ASCII", lambda: wscodec.asyncio.basic_auth("\n", ("a", "b"))),
    ("headers", "line break", lambda: wscodec.asyncio.Headers({"A": "b\nc"})),
    (
        "user_agent_header",
        "control",
        lambda: Tunnel(parse_proxy("http://a"), parse_uri("ws://b"), "a\rb"),
    ),
]
CASES = REQUEST + RESPONSE + HEADS + FRAMES + CONNECTION + NETWORK + OTHERS


@pytest.mark.parametrize(("argument", "why", "call"), CASES)
def test_an_invalid_argument_is_named_and_explained(
    argument: str, why: str, call: Callable[[], object]
) -> None:
    with pytest.raises(errors.InvalidArgument) as caught:
        call()
    error = caught.value
    assert str(error) == f"{argument}: {error.why}" and why in error.why
    assert error.argument == argument


@needs.compression
@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("head", lambda: wscodec.deflate_accept(b"x")),
        ("head", lambda: wscodec.deflate_confirm(b"x")),
        (
            "deflate",
            lambda: Connection.confirm(PLAIN_ANSWER, PLAIN_REQUEST, deflate=wscodec.Deflate()),
        ),
    ],
)
def test_an_invalid_argument_of_compression_is_named(
    argument: str, call: Callable[[], object]
) -> None:
    with pytest.raises(errors.InvalidArgument, match=f"^{argument}: "):
        call()


def test_pings_of_the_network_layers_name_their_data() -> None:
    from wscodec._messages import encoded, ping_payload

    for wrong in (bytes(126), "\ud800"):
        with pytest.raises(errors.InvalidArgument, match="^data: "):
            ping_payload(wrong)
    with pytest.raises(errors.InvalidArgument, match="^message: .*surrogates"):
        encoded("\ud800")


def test_a_username_with_a_colon_is_an_invalid_uri() -> None:
    """The server would take it for the end of the name (RFC 7617, 2)."""
    with pytest.raises(InvalidURI, match="colon"):
        parse_uri("ws://a%3Ab:c@d/")


@pytest.mark.parametrize("side", [SERVER, CLIENT])
def test_an_invalid_close_changes_nothing(side: wscodec.Side) -> None:
    with Connection(side) as conn:
        for code, reason in ((1, ""), (1005, "x"), (1000, "x" * 124)):
            with pytest.raises(errors.InvalidArgument):
                conn.close(code, reason)
        assert conn.data_to_send() == b"" and conn.state is wscodec.State.OPEN


def test_a_long_value_is_not_repeated_in_full() -> None:
    with pytest.raises(errors.InvalidArgument) as caught:
        wscodec.build_request("a", protocols=" " * 10_000)
    assert len(str(caught.value)) < 300


def test_the_grammar_of_header_fields_is_that_of_the_library() -> None:
    """header_lines() names what is invalid before the library sees it."""
    for byte in range(256):
        one = bytes([byte])
        for name, value in ((b"X" + one, b"y"), (b"X", b"y" + one + b"z")):
            try:
                lines = header_lines([(name, value)])
            except errors.InvalidArgument:
                lines = b""
            whole = b"GET / HTTP/1.1\r\n%b: %b\r\n\r\n" % (name, value)
            try:
                found = list(wscodec.headers(whole))
            except errors.HttpSyntax:
                found = []
            seen = [tuple(part.encode("utf-8", "surrogateescape") for part in f) for f in found]
            assert bool(lines) == (seen == [(name, value)]), (name, value)
