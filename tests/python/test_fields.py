"""The handshake from fields that an HTTP library has parsed agrees with the handshake from
heads, and with websockets."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import wscodec
from websockets.datastructures import Headers
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Origin, Subprotocol
from wscodec import Connection, WsError, errors

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
ORIGINS = "https://a.example https://b.example:8443"
Field = tuple[str, str]

REQUEST: list[Field] = [
    ("Host", "server.example.com"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", KEY),
    ("Sec-WebSocket-Version", "13"),
]
RESPONSE: list[Field] = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Accept", ACCEPT),
]


def outcome(judge: Callable[[], object]) -> str:
    """The name of the error, "" if there is none."""
    try:
        judge()
    except WsError as error:
        return error.name
    return ""


def with_field(fields: list[Field], name: str, *values: str) -> list[Field]:
    """The fields, with other values for one name."""
    return [field for field in fields if field[0] != name] + [(name, v) for v in values]


def lines(fields: list[Field]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode("latin-1") + b"\r\n"


def head_of(method: str, fields: list[Field]) -> bytes:
    return f"{method} /chat HTTP/1.1\r\n".encode() + lines(fields)


def test_a_valid_request_is_accepted() -> None:
    wscodec.check_request("GET", REQUEST)
    wscodec.check_request(b"GET", [(k.lower().encode(), v.encode()) for k, v in REQUEST])
    wscodec.check_request("GET", iter(REQUEST), origins=ORIGINS)


WRONG: dict[str, tuple[str, list[Field], type[WsError]]] = {
    "no fields": ("GET", [], errors.NotUpgrade),
    "another upgrade": ("GET", with_field(REQUEST, "Upgrade", "h2c"), errors.NotUpgrade),
    "no connection": ("GET", with_field(REQUEST, "Connection"), errors.NotUpgrade),
    "POST": ("POST", REQUEST, errors.HttpMethod),
    "no host": ("GET", with_field(REQUEST, "Host"), errors.HandshakeHost),
    "two hosts": ("GET", with_field(REQUEST, "Host", "a", "a"), errors.HandshakeHost),
    "version 8": (
        "GET",
        with_field(REQUEST, "Sec-WebSocket-Version", "8"),
        errors.HandshakeVersion,
    ),
    "two keys": (
        "GET",
        with_field(REQUEST, "Sec-WebSocket-Key", KEY, KEY),
        errors.HandshakeKey,
    ),
    "no key": ("GET", with_field(REQUEST, "Sec-WebSocket-Key"), errors.HandshakeKey),
    "a body": ("GET", with_field(REQUEST, "Content-Length", "5"), errors.HttpSyntax),
    "two lengths": ("GET", with_field(REQUEST, "Content-Length", "0", "0"), errors.HttpSyntax),
    "chunked": ("GET", with_field(REQUEST, "Transfer-Encoding", "chunked"), errors.HttpSyntax),
    "two origins": (
        "GET",
        with_field(REQUEST, "Origin", "https://a.example", "https://a.example"),
        errors.HttpSyntax,
    ),
    "a control character": ("GET", with_field(REQUEST, "Origin", "a\0"), errors.HttpSyntax),
    "another origin": (
        "GET",
        with_field(REQUEST, "Origin", "https://evil.example"),
        errors.HandshakeOrigin,
    ),
    "an origin of a sandbox": (
        "GET",
        with_field(REQUEST, "Origin", "null"),
        errors.HandshakeOrigin,
    ),
    "an empty origin": ("GET", with_field(REQUEST, "Origin", ""), errors.HandshakeOrigin),
    "malformed extensions": (
        "GET",
        with_field(REQUEST, "Sec-WebSocket-Extensions", "a", ";"),
        errors.ExtensionError,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_invalid_request_has_the_error_of_its_head(name: str) -> None:
    method, fields, error = WRONG[name]
    with pytest.raises(error) as raised:
        wscodec.check_request(method, fields, origins=ORIGINS)
    assert type(raised.value) is error
    accepted = Connection.accept(head_of(method, fields), origins=ORIGINS)
    assert type(accepted.error) is error


def test_not_upgrade_has_the_request() -> None:
    with pytest.raises(errors.NotUpgrade) as raised:
        wscodec.check_request(b"PUT", [("HOST", "a.example"), ("origin", "null")])
    expected = ("PUT", "", "a.example", "null", None, b"", 11)
    assert raised.value.request == expected


@pytest.mark.parametrize("version", [0, 9, 12, 100, -1, 2**32])
def test_unknown_versions_of_http_are_invalid(version: int) -> None:
    with pytest.raises(errors.InvalidArgument):
        wscodec.check_request("GET", REQUEST, http_version=version)
    with pytest.raises(errors.InvalidArgument):
        wscodec.check_response(101, RESPONSE, key=KEY, http_version=version)


def test_http_1_0_is_refused() -> None:
    with pytest.raises(errors.HttpVersion):
        wscodec.check_request("GET", REQUEST, http_version=10)
    with pytest.raises(errors.HttpVersion):
        wscodec.check_response(101, RESPONSE, key=KEY, http_version=10)


BAD_ORIGINS = ["", " ", "https://a.example/", "https://a.example,https://b.example",
               "https://*.example", "a.example", "null", "https://a.example null"]  # fmt: skip


@pytest.mark.parametrize("origins", BAD_ORIGINS)
def test_origins_that_can_never_match_are_invalid(origins: str) -> None:
    with pytest.raises(errors.InvalidArgument):
        wscodec.check_request("GET", REQUEST, origins=origins)
    with pytest.raises(errors.InvalidArgument):
        Connection.accept(b"", origins=origins)


# HTTP/2 and HTTP/3 (RFC 8441, RFC 9220)

CONNECT: dict[str, Any] = {"authority": "server.example.com", "connect_protocol": "websocket"}
H2: list[Field] = [("sec-websocket-version", "13"), ("origin", "https://a.example")]


@pytest.mark.parametrize("version", [20, 30])
def test_extended_connect_is_checked_by_its_own_rules(version: int) -> None:
    def check(method: str, fields: list[Field], **options: Any) -> str:
        options = {**CONNECT, "origins": ORIGINS, "http_version": version, **options}
        return outcome(lambda: wscodec.check_request(method, fields, **options))

    assert check("CONNECT", H2) == ""
    assert check("CONNECT", H2, connect_protocol="WebSocket") == ""
    # The fields that HTTP/1.1 needs are ignored.
    assert check("CONNECT", [*H2, ("upgrade", "h2c"), ("content-length", "7")]) == ""
    assert check("CONNECT", H2, connect_protocol=None) == "WS_ERR_NOT_UPGRADE"
    assert check("CONNECT", H2, connect_protocol="webtransport") == "WS_ERR_NOT_UPGRADE"
    assert check("GET", H2) == "WS_ERR_HTTP_METHOD"
    assert check("CONNECT", H2, authority=None) == "WS_ERR_HANDSHAKE_HOST"
    assert check("CONNECT", [*H2, ("host", "a")], authority=None) == ""
    assert check("CONNECT", H2[1:]) == "WS_ERR_HANDSHAKE_VERSION"
    bad = [*H2, ("sec-websocket-extensions", "a;")]
    assert check("CONNECT", bad) == "WS_ERR_EXTENSION"
    evil = [H2[0], ("origin", "https://evil.example")]
    assert check("CONNECT", evil) == "WS_ERR_HANDSHAKE_ORIGIN"


@pytest.mark.parametrize("version", [20, 30])
def test_a_response_to_extended_connect_has_any_status_2xx(version: int) -> None:
    def check(status: int, fields: list[Field]) -> str:
        return outcome(
            lambda: wscodec.check_response(
                status,
                fields,
                offered_protocols="chat",
                offered_extensions="permessage-deflate",
                http_version=version,
            )
        )

    for status in (200, 204, 299):
        assert check(status, []) == ""
    for status in (101, 199, 300, 404):
        assert check(status, []) == "WS_ERR_HANDSHAKE_STATUS"
    assert check(200, [("sec-websocket-protocol", "chat")]) == ""
    assert check(200, [("sec-websocket-protocol", "x")]) == "WS_ERR_HANDSHAKE_PROTOCOL"
    assert check(200, [("sec-websocket-extensions", "x")]) == "WS_ERR_EXTENSION"


# Responses

OFFERED = wscodec.build_request(
    "server.example.com",
    key=KEY,
    protocols="chat, superchat",
    extensions="x, permessage-deflate",
)
RESPONSES = {
    "valid": (101, RESPONSE, ""),
    "200": (200, RESPONSE, "WS_ERR_HANDSHAKE_STATUS"),
    "no upgrade": (101, with_field(RESPONSE, "Upgrade"), "WS_ERR_HANDSHAKE_ACCEPT"),
    "upgrade twice": (
        101,
        with_field(RESPONSE, "Upgrade", "websocket", "websocket"),
        "WS_ERR_HANDSHAKE_ACCEPT",
    ),
    "two connections": (101, with_field(RESPONSE, "Connection", "keep-alive", "upgrade"), ""),
    "wrong accept": (
        101,
        with_field(RESPONSE, "Sec-WebSocket-Accept", "x"),
        "WS_ERR_HANDSHAKE_ACCEPT",
    ),
    "a protocol": (101, with_field(RESPONSE, "Sec-WebSocket-Protocol", "superchat"), ""),
    "two protocols": (
        101,
        with_field(RESPONSE, "Sec-WebSocket-Protocol", "superchat", "chat"),
        "WS_ERR_HANDSHAKE_PROTOCOL",
    ),
    "an empty protocol": (
        101,
        with_field(RESPONSE, "Sec-WebSocket-Protocol", ""),
        "WS_ERR_HANDSHAKE_PROTOCOL",
    ),
    "two extensions": (
        101,
        with_field(RESPONSE, "Sec-WebSocket-Extensions", "permessage-deflate", "x"),
        "",
    ),
    "one of them twice": (
        101,
        with_field(RESPONSE, "Sec-WebSocket-Extensions", "x", "x"),
        "WS_ERR_EXTENSION",
    ),
    "one that was not offered": (
        101,
        with_field(RESPONSE, "Sec-WebSocket-Extensions", "y"),
        "WS_ERR_EXTENSION",
    ),
    "a length, which is ignored": (101, with_field(RESPONSE, "Content-Length", "7"), ""),
    "chunked, which is ignored": (
        101,
        with_field(RESPONSE, "Transfer-Encoding", "chunked"),
        "",
    ),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_has_the_result_of_its_head(name: str) -> None:
    status, fields, expected = RESPONSES[name]

    def check() -> None:
        wscodec.check_response(
            status,
            fields,
            key=KEY,
            offered_protocols="chat, superchat",
            offered_extensions="x, permessage-deflate",
        )

    assert outcome(check) == expected
    head = f"HTTP/1.1 {status} X\r\n".encode() + lines(fields)
    assert outcome(lambda: wscodec.parse_response(head, OFFERED)) == expected


def test_handshake_status_has_the_response() -> None:
    with pytest.raises(errors.HandshakeStatus) as raised:
        wscodec.check_response(503, [("Sec-WebSocket-Protocol", "x")], key=KEY)
    response = raised.value.response
    assert (response.status, response.protocol, response.head) == (503, "x", b"")


def test_invalid_arguments_of_check_response_are_refused() -> None:
    for wrong in (
        {"key": None},
        {"key": "short"},
        {"key": KEY, "offered_extensions": "a;"},
        {"key": KEY, "offered_protocols": "a\0"},
    ):
        with pytest.raises(errors.InvalidArgument):
            wscodec.check_response(101, RESPONSE, **wrong)
    for status in (-1, 2**16 + 101):
        with pytest.raises(errors.InvalidArgument):
            wscodec.check_response(status, RESPONSE, key=KEY)


# At random

VALUES = {
    "Host": [
        "a",
        "",
        "a:80",
        "[::1]",
        "::1",
        "a/b",
        "a b",
        "a,b",
        "me@a",
        "a%zz",
        "\xe9",
        "[v",
    ],
    "Upgrade": ["WebSocket", "h2c", "h2c, websocket", "websocket/13", "", ",websocket,", '"w"'],
    "Connection": ["upgrade", "keep-alive, Upgrade", "close", "", "Upgrade,,", "up grade"],
    "Sec-WebSocket-Key": [KEY[:-1], "", KEY[:-3] + "A==", KEY + "=", "!" * 24, f" {KEY}\t"],
    "Sec-WebSocket-Version": ["8", "013", "", "13,13", " 13 ", "13, 8", "\t13"],
    "Origin": ["https://a.example", "http://a.example", "null", "", "https://B.example:8443"],
    "Sec-WebSocket-Extensions": [
        "a",
        "a;",
        "",
        ",",
        "permessage-deflate",
        'a; b="c,d"',
        "a; b c",
    ],
    "Sec-WebSocket-Protocol": ["chat", "a, b", "", ";", "chat, chat"],
    "Content-Length": ["0", "1", "", "-0", "00", "0, 0"],
    "Transfer-Encoding": ["chunked", "identity", ""],
}
TOLERATED: dict[str, str] = {
    "a body": "we accept none: it would be read as frames. websockets does not check.",
    "Host": "websockets does not check Host.",
    "empty": "clients do send empty fields (RFC 9110, 5.6.1.2); for websockets a list without"
    " an element is malformed, in each of several fields.",
    "quotes": "a quoted-string may hold more than a token; see test_deflate_negotiation.py.",
    "Connection": "elements that are no tokens are ignored; websockets refuses them.",
    "Upgrade": "RFC 9110, 7.8: a client may list others, too. websockets wants one alone.",
    "Sec-WebSocket-Protocol": "a value that is no list of tokens is ignored; websockets"
    " responds 400.",
    "Origin": "scheme and host mean the same in any case (RFC 6454, 4). websockets compares"
    " the text.",
}
"""The differences between us and websockets, with reasons."""


def difference(fields: list[Field], ours: str) -> str:
    """The key of the difference in TOLERATED."""
    value = {
        name: wscodec.field_value(fields, name) or ""
        for name in ("Upgrade", "Connection", "Origin", "Sec-WebSocket-Extensions")
    }
    if ours == "WS_ERR_HTTP_SYNTAX":
        assert any("-length" in n.lower() or "transfer-" in n.lower() for n, _ in fields)
        return "a body"
    if ours == "WS_ERR_HANDSHAKE_HOST":
        return "Host"
    assert not ours, (fields, ours)
    lists = ("upgrade", "connection", "sec-websocket-extensions", "sec-websocket-protocol")
    if any(name.lower() in lists and not text.strip(", ") for name, text in fields):
        return "empty"
    if "up grade" in value["Connection"]:
        return "Connection"
    if value["Upgrade"].strip(",").lower() != "websocket":
        return "Upgrade"
    if '"' in value["Sec-WebSocket-Extensions"]:
        return "quotes"
    if value["Origin"] not in ("", *ORIGINS.split()):
        return "Origin"
    assert ";" in (wscodec.field_value(fields, "Sec-WebSocket-Protocol") or ""), fields
    return "Sec-WebSocket-Protocol"


def mutated(dice: random.Random) -> tuple[str, list[Field]]:
    fields = list(REQUEST)
    for _ in range(dice.choice((0, 1, 1, 1, 2))):
        name = dice.choice(list(VALUES))
        kind = dice.random()
        if kind < 0.15:
            fields = with_field(fields, name)
        elif kind < 0.4:  # a second value
            fields.append(
                (name, dice.choice(VALUES[name] + [v for n, v in fields if n == name]))
            )
        else:
            fields = with_field(fields, name, dice.choice(VALUES[name]))
    dice.shuffle(fields)
    names = (str.lower, str.upper, str)
    method = "GET" if dice.random() < 0.95 else dice.choice(("POST", "get", "CONNECT"))
    return method, [(dice.choice(names)(name), value) for name, value in fields]


def websockets_accepts(fields: list[Field]) -> bool:
    headers = Headers()
    for name, value in fields:
        headers[name] = value.strip(" \t")
    protocol = ServerProtocol(
        origins=[*map(Origin, ORIGINS.split()), None],
        extensions=[ServerPerMessageDeflateFactory()],
        subprotocols=[Subprotocol("unheard of")],
        select_subprotocol=lambda *_: None,
    )
    return protocol.accept(Request("/chat", headers)).status_code == 101


def our_outcomes(method: str, fields: list[Field]) -> tuple[str, str, str]:
    """The results of check_request(), accept() and parse_handshake()."""
    head = head_of(method, fields)
    accepted = Connection.accept(head, origins=ORIGINS)
    assert bool(accepted.connection) == (accepted.error is None)
    return (
        outcome(lambda: wscodec.check_request(method, fields, origins=ORIGINS)),
        accepted.error.name if accepted.error else "",
        outcome(lambda: wscodec.parse_handshake(head)),
    )


def test_random_requests_have_the_same_result_as_heads_and_by_websockets() -> None:
    """Fields and heads have the same result, with the same error; websockets agrees."""
    dice = random.Random(6455)
    seen: Counter[str] = Counter()
    for _ in range(20_000):
        method, fields = mutated(dice)
        ours, accepted, parsed = our_outcomes(method, fields)
        assert ours == accepted, (method, fields)
        assert parsed == ("" if ours == "WS_ERR_HANDSHAKE_ORIGIN" else ours), (method, fields)
        if method != "GET":
            seen["method"] += 1
        elif (not ours) == websockets_accepts(fields):
            seen["both refuse" if ours else "both accept"] += 1
        else:
            seen[difference(fields, ours)] += 1
    assert set(seen) == {*TOLERATED, "method", "both accept", "both refuse"}
    assert min(seen.values()) > 50, seen
