"""What network clients share: requests, responses with their bodies, redirections, retries."""

from __future__ import annotations

import http.client
import io
import socket
import time
from email.utils import formatdate
from itertools import islice
from typing import Any

import pytest
import wscodec
from wscodec import Response, parse_handshake
from wscodec._client_opening import USER_AGENT, ClientOpening, Offer
from wscodec._reconnect import MAX_RETRY_AFTER, backoff, process_exception, retry_after
from wscodec._redirect import redirected, without_credentials
from wscodec._response_body import MAX_BODY, BodyReader
from wscodec.datastructures import Headers
from wscodec.exceptions import (
    InvalidMessage,
    InvalidProxyMessage,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
    ProxyError,
    SecurityError,
)
from wscodec.proxy import Tunnel, parse_proxy
from wscodec.uri import parse_uri

URI = parse_uri("ws://server.example/chat?x=1")


def fields_of(request: bytes) -> Headers:
    parsed = parse_handshake(request)
    assert parsed is not None
    return parsed.headers


def response(head: str) -> wscodec.Response:
    opening = ClientOpening(URI, Offer())
    try:
        opening.receive(head.encode("latin-1").replace(b"\n", b"\r\n") + b"\r\n\r\n")
    except InvalidStatus as error:
        return error.response
    assert opening.refusal is not None
    return opening.refusal.response


# Requests


def test_a_request_has_what_was_asked_for() -> None:
    offer = Offer(
        origin="https://page.example",
        subprotocols=["chat", "superchat"],
        deflate=wscodec.Deflate(),
        headers=Headers({"X-One": "1"}),
    )
    request = parse_handshake(offer.request(parse_uri("wss://u:p@server.example:1/a?b")))
    assert request is not None
    assert (request.target, request.host) == ("/a?b", "server.example:1")
    fields = request.headers
    assert fields["Origin"] == "https://page.example"
    assert fields["Sec-WebSocket-Protocol"] == "chat, superchat"
    assert fields["Sec-WebSocket-Extensions"].startswith("permessage-deflate")
    assert fields["Authorization"] == "Basic dTpw"
    assert fields["User-Agent"] == USER_AGENT
    assert fields["X-One"] == "1"


def test_fields_of_the_user_replace_those_that_would_be_sent() -> None:
    headers = Headers({"host": "other", "user-agent": "mine", "authorization": "Bearer x"})
    fields = fields_of(Offer(headers=headers).request(parse_uri("ws://u:p@server.example/")))
    assert fields.get_all("Host") == ["other"]
    assert fields.get_all("User-Agent") == ["mine"]
    assert fields.get_all("Authorization") == ["Bearer x"]


def test_without_a_user_agent_there_is_no_field() -> None:
    assert "User-Agent" not in fields_of(Offer(user_agent=None).request(URI))


@pytest.mark.parametrize(
    "options",
    [
        {"subprotocols": ["a b"]},
        {"subprotocols": ["a", "a"]},
        {"origin": "x\r\ny"},
        {"headers": {"X": "a\r\nY: b"}},
        {"headers": {"X Y": "a"}},
        {"headers": {"Upgrade": "h2c"}},
        {"headers": [("Host", "a"), ("Host", "b")]},
        {"user_agent": "x\n"},
    ],
    ids=str,
)
def test_what_would_make_a_request_invalid_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(wscodec.errors.InvalidArgument):
        if "headers" in options:
            options = {"headers": Headers(options["headers"])}
        Offer(**options).request(URI)


def test_subprotocols_are_no_string() -> None:
    with pytest.raises(TypeError):
        Offer(subprotocols="chat").request(URI)


# Responses


def accepted(opening: ClientOpening) -> bytes:
    key = fields_of(opening.request)["Sec-WebSocket-Key"]
    return wscodec.build_response(key)


def test_a_101_opens_the_connection_and_frames_may_follow_at_once() -> None:
    opening = ClientOpening(URI, Offer())
    opened = opening.receive(accepted(opening) + b"\x81\x02hi")
    assert opened is not None
    assert (opened.response.status, opened.rest) == (101, b"\x81\x02hi")


def test_a_response_may_arrive_in_any_pieces() -> None:
    opening = ClientOpening(URI, Offer())
    sent = accepted(opening)
    for byte in sent[:-1]:
        assert opening.receive(bytes([byte])) is None
    opened = opening.receive(sent[-1:])
    assert opened is not None and opened.rest == b""


def test_interim_responses_are_skipped() -> None:
    opening = ClientOpening(URI, Offer())
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    assert opening.receive(b"HTTP/1.1 100 Continue\r\n\r\n" + hints) is None
    assert opening.receive(hints + accepted(opening)) is not None


def test_the_end_of_the_stream_before_the_response_is_transient() -> None:
    opening = ClientOpening(URI, Offer())
    assert opening.receive(b"HTTP/1.1 101 ") is None
    with pytest.raises(InvalidMessage) as caught:
        opening.finish()
    assert process_exception(caught.value) is None


def test_what_is_no_response_is_an_error_at_once() -> None:
    with pytest.raises(InvalidMessage) as caught:
        ClientOpening(URI, Offer()).receive(b"\x15\x03\x01\x00\x02")
    assert process_exception(caught.value) is caught.value


BODIES = [
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
]


class Kept(io.BytesIO):
    """A socket for http.client."""

    def makefile(self, *_: Any) -> Kept:
        return self


def theirs(data: bytes) -> bytes:
    answer = http.client.HTTPResponse(Kept(data))  # type: ignore[arg-type]
    answer.begin()
    return answer.read()


@pytest.mark.parametrize("data", BODIES)
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_body_ends_where_the_http_client_of_python_says(data: bytes, step: int) -> None:
    opening = ClientOpening(URI, Offer())
    with pytest.raises(InvalidStatus) as caught:
        for i in range(0, len(data), step):
            opening.receive(data[i : i + step])
    assert caught.value.response.body == theirs(data)


def test_a_body_without_a_length_ends_with_the_stream() -> None:
    opening = ClientOpening(URI, Offer())
    head = b"HTTP/1.1 502 Bad Gateway\r\n\r\n"
    assert opening.receive(head + b"one ") is None
    assert opening.refusal is not None and opening.refusal.response.body == b"one "
    assert opening.receive(b"two") is None
    with pytest.raises(InvalidStatus) as caught:
        opening.finish()
    assert caught.value.response.body == b"one two" == theirs(head + b"one two")


@pytest.mark.parametrize(
    ("field", "piece"),
    [
        (b"X: y", b"x" * 1000),
        (b"Content-Length: 99999999999999999999999999", b"x" * 1000),
        (b"Transfer-Encoding: chunked", b"3e8\r\n" + b"x" * 1000 + b"\r\n"),
    ],
)
def test_no_more_than_the_bound_is_read(field: bytes, piece: bytes) -> None:
    opening = ClientOpening(URI, Offer())
    opening.receive(b"HTTP/1.1 500 No\r\n%b\r\n\r\n" % field)
    with pytest.raises(InvalidStatus) as caught:
        for _ in range(100):
            opening.receive(piece)
    assert caught.value.response.body == b"x" * MAX_BODY


@pytest.mark.parametrize(
    ("chunks", "body"),
    [
        (b"zz\r\nhello", b""),
        (b"-1\r\nhello", b""),
        (b"2\r\nabc\r\n0\r\n\r\n", b"ab"),
        (b"2\r\nab\r\n" + b";" * 5000, b"ab"),
    ],
)
def test_a_body_ends_where_its_chunks_are_malformed(chunks: bytes, body: bytes) -> None:
    reader = BodyReader(response("HTTP/1.1 500 No\nTransfer-Encoding: chunked"))
    assert not reader.is_complete
    assert reader.receive(chunks)
    assert reader.response.body == body


def test_the_bound_is_the_one_that_is_documented() -> None:
    assert MAX_BODY == 65536


# Redirections


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_statuses_of_redirections(status: int) -> None:
    found = redirected(URI, response(f"HTTP/1.1 {status} R\nLocation: /other"))
    assert found == parse_uri("ws://server.example/other")


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 200 OK\nLocation: /other",
        "HTTP/1.1 300 Multiple Choices\nLocation: /other",
        "HTTP/1.1 304 Not Modified\nLocation: /other",
        "HTTP/1.1 302 Found",
        "HTTP/1.1 302 Found\nLocation: /a\nLocation: /b",
    ],
)
def test_what_is_no_redirection(head: str) -> None:
    assert redirected(URI, response(head)) is None


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("other?y", "ws://server.example/other?y"),
        ("?y", "ws://server.example/chat?y"),
        ("//two.example/", "ws://two.example/"),
        ("ws://two.example:81/a", "ws://two.example:81/a"),
        ("wss://two.example/a#part", "wss://two.example/a"),
        ("https://server.example/chat", "wss://server.example/chat"),
        ("HTTP://server.example/chat", "ws://server.example/chat"),
        ("/stra\u00c3\u009fe", "ws://server.example/stra%C3%9Fe"),
        ("", "ws://server.example/chat?x=1"),
    ],
)
def test_where_a_redirection_leads(location: str, target: str) -> None:
    found = redirected(URI, response(f"HTTP/1.1 302 Found\nLocation: {location}"))
    assert found == parse_uri(target)


def test_a_redirection_from_wss_to_ws_is_refused() -> None:
    for location in ("ws://server.example:443/", "http://server.example/"):
        with pytest.raises(SecurityError, match="from wss to ws") as caught:
            redirected(
                parse_uri("wss://server.example/"),
                response(f"HTTP/1.1 302 Found\nLocation: {location}"),
            )
        assert isinstance(caught.value, InvalidStatus)
        assert caught.value.response.status == 302


@pytest.mark.parametrize("location", ["ftp://x/", "ws://:80/", "mailto:x@y", "ws://x:0/"])
def test_a_redirection_to_no_websocket_uri_is_an_error(location: str) -> None:
    with pytest.raises(InvalidURI):
        redirected(URI, response(f"HTTP/1.1 302 Found\nLocation: {location}"))


@pytest.mark.parametrize(
    ("location", "user_info"),
    [
        ("/other", ("u", "p")),
        ("ws://server.example/other", ("u", "p")),
        ("ws://x:y@server.example/other", ("u", "p")),
        ("ws://two.example/", None),
        ("ws://x:y@two.example/", None),
        ("ws://server.example:81/", None),
        ("wss://server.example/", None),
    ],
)
def test_only_the_same_origin_gets_the_credentials(
    location: str, user_info: tuple[str, str] | None
) -> None:
    uri = parse_uri("ws://u:p@server.example/")
    found = redirected(uri, response(f"HTTP/1.1 302 Found\nLocation: {location}"))
    assert found is not None and found.user_info == user_info


def test_fields_for_one_origin_are_removed() -> None:
    names = ("AUTHORIZATION", "Cookie", "Host", "Proxy-Authorization", "X-Other", "Origin")
    kept = without_credentials(Headers([(name, "x") for name in names]))
    assert [name for name, _ in kept.raw_items()] == ["X-Other", "Origin"]


# Retries


def test_the_delays_grow_to_their_limit() -> None:
    first, *others = islice(backoff(), 20)
    assert 0 <= first <= 5
    assert others[0] == 3.1 and others[-1] == 90
    assert all(one < two or two == 90 for one, two in zip(others, others[1:]))
    assert list(islice(backoff(0, 1, 4, 2), 5)) == [0, 1, 2, 4, 4]


def status(code: int, fields: str = "") -> InvalidStatus:
    return InvalidStatus(response(f"HTTP/1.1 {code} X{fields}"))


@pytest.mark.parametrize(
    "error",
    [
        *map(status, (500, 502, 503, 504)),
        ConnectionRefusedError(),
        socket.gaierror(),
        TimeoutError(),
        EOFError(),
        ProxyError("x"),
        InvalidProxyStatus(Response(503, None, None, b"")),
    ],
    ids=repr,
)
def test_a_transient_error_is_tried_again(error: Exception) -> None:
    assert process_exception(error) is None


@pytest.mark.parametrize(
    "error",
    [
        *map(status, (200, 302, 400, 401, 404, 426, 501)),
        InvalidProxyStatus(Response(407, None, None, b"")),
        InvalidProxyMessage(),
        InvalidMessage(),
        InvalidURI("x", "y"),
        ValueError(),
        ImportError(),
    ],
    ids=repr,
)
def test_any_other_error_is_raised(error: Exception) -> None:
    assert process_exception(error) is error


def test_a_proxy_that_closes_is_tried_again() -> None:
    with pytest.raises(InvalidProxyMessage) as caught:
        Tunnel(parse_proxy("http://p"), URI).finish()
    assert process_exception(caught.value) is None


def test_the_server_says_when_to_come_back() -> None:
    assert retry_after(status(503, "\nRetry-After: 7")) == 7
    soon = formatdate(time.time() + 60, usegmt=True)
    assert 50 < retry_after(status(503, f"\nRetry-After: {soon}")) <= 60


@pytest.mark.parametrize("value", ["99999", "9" * 400, "Fri, 31 Dec 2999 23:59:59 GMT"])
def test_the_server_cannot_send_a_client_away_for_long(value: str) -> None:
    assert retry_after(status(503, f"\nRetry-After: {value}")) == MAX_RETRY_AFTER


@pytest.mark.parametrize(
    "error",
    [
        status(503),
        *(status(503, f"\nRetry-After: {value}") for value in ("-1", "soon", "", "1.5")),
        status(503, "\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT"),
        status(503, "\nRetry-After: 1\nRetry-After: 2"),
        OSError(),
    ],
    ids=repr,
)
def test_what_says_nothing_about_coming_back(error: Exception) -> None:
    assert retry_after(error) == 0
