"""Accepting and confirming in one call: results, refusals and invalid arguments."""

from __future__ import annotations

from typing import Any

import needs
import pytest
import wire
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, RFC_ANSWER, RFC_REQUEST
from wscodec import (
    RSV1,
    Connection,
    Deflate,
    Message,
    Opcode,
    errors,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def with_line(head: bytes, line: str) -> bytes:
    return head[:-2] + line.encode() + b"\r\n\r\n"


# Server


def test_the_first_frames_follow_the_head() -> None:
    data = RFC_REQUEST + wire.frame(0x81, b"first")
    accepted = Connection.accept(data, protocols="superchat, chat")
    connection, reply = accepted
    assert connection and connection.protocol == "superchat"
    assert reply == RFC_ANSWER.replace(b": chat", b": superchat")
    assert accepted.error is None and accepted.head_len == len(RFC_REQUEST)
    assert list(connection.receive_data(data[accepted.head_len :])) == [
        Message("first", Opcode.TEXT)
    ]


def test_an_incomplete_head_has_no_reply() -> None:
    for size in range(len(RFC_REQUEST)):
        accepted = Connection.accept(RFC_REQUEST[:size])
        assert tuple(accepted) == (None, b"")
        assert accepted.error is None and accepted.head_len == 0


def test_an_empty_line_before_the_request_counts() -> None:
    accepted = Connection.accept(b"\r\n" + PLAIN_REQUEST + b"\x81")
    assert accepted.connection and accepted.reply == PLAIN_ANSWER
    assert accepted.head_len == 2 + len(PLAIN_REQUEST)


def test_an_ordinary_request_has_a_refusal_and_a_length() -> None:
    data = b"POST /form HTTP/1.0\r\nContent-Length: 4\r\n\r\nbody"
    accepted = Connection.accept(data)
    assert accepted.connection is None and accepted.reply.startswith(b"HTTP/1.1 426 ")
    assert accepted.head_len == len(data) - 4
    assert isinstance(accepted.error, wscodec.NotUpgrade)
    assert accepted.error.request == ("POST", "/form", None, None, None, data[:-4], 10)


def test_a_broken_head_has_no_length() -> None:
    for data, name, status in (
        (b"GET / HTTP/1.1\r\nbad line\r\n", "WS_ERR_HTTP_SYNTAX", b"400"),
        (b"GET /" + b"x" * wscodec.MAX_HEAD, "WS_ERR_HTTP_TOO_LARGE", b"431"),
    ):
        accepted = Connection.accept(data)
        assert accepted.error and accepted.error.name == name
        assert accepted.head_len == 0 and accepted.reply.split()[1] == status


NO_BROWSER = PLAIN_REQUEST.replace(b"Origin: http://example.com\r\n", b"")
ORIGINS = ["https://a.example", "http://b.example:8080", "file://"]


@pytest.mark.parametrize("origins", [ORIGINS, " ".join(ORIGINS)])
def test_other_origins_are_refused_with_403(origins: Any) -> None:
    for line in (
        "X: no browser",
        "Origin: https://a.example",
        "Origin: HTTPS://A.Example:443",
        "Origin: http://b.example:8080",
        "Origin: file://",
    ):
        head = with_line(NO_BROWSER, line)
        assert Connection.accept(head, origins=origins).connection, line
        wscodec.check_request("GET", wscodec.headers(head), origins=" ".join(ORIGINS))
    for origin in (
        "https://a.example.evil.example",
        "http://a.example",
        "null",
        "",
        "a b",
        "*",
    ):
        head = with_line(NO_BROWSER, f"Origin: {origin}")
        accepted = Connection.accept(head, origins=origins)
        assert accepted.connection is None and accepted.head_len == len(head)
        assert type(accepted.error) is errors.HandshakeOrigin
        assert accepted.error.http_status == 403
        assert accepted.reply.startswith(b"HTTP/1.1 403 ")
        assert Connection.accept(head).connection  # all origins are allowed without a list


def test_need_protocol_refuses_clients_without_one() -> None:
    accepted = Connection.accept(RFC_REQUEST, protocols=["chat"], need_protocol=True)
    assert accepted.connection and accepted.reply == RFC_ANSWER
    for head in (RFC_REQUEST, PLAIN_REQUEST):
        accepted = Connection.accept(head, protocols=["other"], need_protocol=True)
        assert accepted.connection is None
        assert type(accepted.error) is errors.HandshakeProtocol
        assert accepted.reply.startswith(b"HTTP/1.1 400 ")


MISTAKES: list[dict[str, Any]] = [
    {"protocols": "two words"},
    {"protocols": "chat, chat"},
    {"need_protocol": True},
    {"origins": []},
    {"origins": ""},
    {"origins": ["https://a.example/"]},
    {"origins": ["https://a.example", "*"]},
    {"origins": "https://*.example"},
    {"origins": "a.example"},
    {"origins": "null"},
    {"headers": [("Upgrade", "h2c")]},
    {"headers": [("X", "y\r\nZ: z")]},
]


@pytest.mark.parametrize("options", MISTAKES)
@pytest.mark.parametrize(
    "data", [b"", PLAIN_REQUEST, PLAIN_REQUEST[:20], b"GET / HTTP/9\r\n\r\n"]
)
def test_invalid_arguments_are_raised_for_every_request(
    data: bytes, options: dict[str, Any]
) -> None:
    with pytest.raises(errors.InvalidArgument):
        Connection.accept(data, **options)


def test_a_configuration_can_be_checked_without_a_request() -> None:
    accepted = Connection.accept(
        b"",
        protocols=["chat"],
        need_protocol=True,
        origins=ORIGINS,
        headers=[("Server", "x")],
    )
    assert tuple(accepted) == (None, b"") and accepted.error is None


def test_unknown_options_are_a_type_error() -> None:
    with pytest.raises(TypeError):
        Connection.accept(PLAIN_REQUEST, max_mesage=5)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Connection(wscodec.SERVER, max_mesage=5)  # type: ignore[call-arg]


def test_compression_excludes_allow_rsv() -> None:
    uses: list[Any] = [
        lambda **options: Connection(wscodec.SERVER, **options),
        lambda **options: Connection.accept(b"", **options),
        lambda **options: Connection.confirm(b"", RFC_REQUEST, **options),
    ]
    for use in uses:
        with pytest.raises(errors.InvalidState):
            use(deflate=Deflate(), allow_rsv=RSV1)


# Client


def test_confirm_returns_a_connection_and_the_response() -> None:
    data = RFC_ANSWER + wire.frame(0x81, b"first", None)
    for size in range(len(RFC_ANSWER)):
        assert Connection.confirm(data[:size], RFC_REQUEST) is None
    confirmed = Connection.confirm(data, bytearray(RFC_REQUEST), max_message=9, stream=False)
    assert confirmed
    connection, response = confirmed
    assert response == wscodec.parse_response(data, RFC_REQUEST)
    assert (connection.protocol, connection.deflate) == ("chat", None)
    assert connection.max_message == 9
    first = connection.receive_data(data[len(response.head) :])
    assert list(first) == [Message("first", Opcode.TEXT)]
    connection.send_text("hi")
    assert connection.data_to_send()[1] & 0x80  # masked


def test_confirm_raises_the_errors_of_parse_response() -> None:
    for old, new, error in (
        (b"s3p", b"s4p", errors.HandshakeAccept),
        (b": chat", b": x", errors.HandshakeProtocol),
        (b"1.1", b"1.0", errors.HttpVersion),
        (b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: x\r\n\r\n", errors.ExtensionError),
        (b"Upgrade:", b"Up grade:", errors.HttpSyntax),
    ):
        with pytest.raises(error):
            Connection.confirm(RFC_ANSWER.replace(old, new, 1), RFC_REQUEST)
    with pytest.raises(errors.HandshakeStatus) as raised:
        Connection.confirm(wscodec.build_reply(404, body=b"no"), RFC_REQUEST)
    assert (raised.value.response.status, raised.value.response.reason) == (404, "Not Found")
    for no_request in (b"", PLAIN_ANSWER):
        with pytest.raises(errors.InvalidArgument):
            Connection.confirm(RFC_ANSWER, no_request)


@needs.compression
def test_confirm_agrees_on_compression() -> None:
    offered = Deflate(level=1)
    request = wscodec.build_request("a", extensions=wscodec.deflate_offer(offered))
    willing = Deflate(server_no_context_takeover=True, client_max_window_bits=10)
    server, reply = Connection.accept(request, deflate=willing)
    confirmed = Connection.confirm(reply, request, deflate=offered, compress_from=0)
    assert server and confirmed
    agreed = Deflate(True, False, 15, 10, level=1)
    client = confirmed[0]
    assert client.deflate == agreed == wscodec.deflate_confirm(reply, offered)
    client.send_text("x" * 500)
    sent = client.data_to_send()
    assert len(sent) < 50
    assert list(server.receive_data(sent)) == [Message("x" * 500, Opcode.TEXT)]
    plain = Connection.accept(request).reply
    confirmed = Connection.confirm(plain, request, deflate=offered)
    assert confirmed and confirmed[0].deflate is None


@needs.compression
def test_the_offer_must_match_the_request() -> None:
    request = wscodec.build_request("a", key=KEY, extensions=wscodec.deflate_offer())
    with pytest.raises(errors.InvalidArgument):
        Connection.confirm(PLAIN_ANSWER, request)
    plain = wscodec.build_request("a", key=KEY)
    with pytest.raises(errors.InvalidArgument):
        Connection.confirm(PLAIN_ANSWER, plain, deflate=Deflate())
    bad = with_line(
        Connection.accept(plain).reply, "Sec-WebSocket-Extensions: permessage-deflate; x"
    )
    with pytest.raises(errors.ExtensionError):
        Connection.confirm(bad, request, deflate=Deflate())


def test_heads_may_have_200_fields_and_60_kilobytes() -> None:
    """Up to WS_MAX_HEAD bytes; proxies add 20 KB of cookies."""
    cookies = [("Cookie", "x" * 300)] * 200
    request = wscodec.build_request("localhost", headers=cookies)
    assert len(request) > 60_000
    server, reply = Connection.accept(request, headers=[("Set-Cookie", "y" * 300)] * 200)
    assert server and len(reply) > 60_000
    assert Connection.confirm(reply, request)
