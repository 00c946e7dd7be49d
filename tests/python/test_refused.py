"""Every error of the opening handshake has the request or the response that was refused."""

from __future__ import annotations

import pytest
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, RFC_REQUEST
from test_fields import REQUEST, RESPONSE, with_field
from test_fields import WRONG as WRONG_FIELDS
from test_handshake import KEY, edit
from vectored import every
from vectors import Vector
from wscodec import Handshake, HandshakeError, Response, errors


def refused(data: bytes) -> HandshakeError:
    with pytest.raises(HandshakeError) as raised:
        wscodec.parse_handshake(data)
    return raised.value


@every("requests")
def test_a_refused_request_is_in_the_error_unless_its_head_is_malformed(vector: Vector) -> None:
    if "error" not in vector:
        return
    data = vector["request"]
    error = refused(data)
    assert error.response is None
    if "error_at" in vector or vector["error"] == "WS_ERR_HTTP_TOO_LARGE":
        assert error.request is None
        return
    request = error.request
    assert request is not None and request.head == data
    method, target, version = data.split(b"\r\n")[0].decode().split(" ")
    assert (request.method, request.target) == (method, target)
    assert request.http_version == int(version[5] + version[7])
    assert request.key == wscodec.find_header(data, "Sec-WebSocket-Key")


def test_the_request_in_an_error_is_the_one_that_was_sent() -> None:
    data = edit("Upgrade: websocket", "uPGRADE: websocket\r\nUpgrade: h2c", edit(": 13", ": 8"))
    for before, after in ((b"", b""), (b"\r\n", b"GET /next HTTP/1.1\r\nUpgrade: a\r\n\r\n")):
        error = refused(before + data + after)
        assert type(error) is errors.HandshakeVersion
        assert error.request == Handshake(
            method="GET",
            target="/chat",
            host="server.example.com",
            origin="http://example.com",
            key=KEY,
            head=before + data,
        )
        assert error.request.headers.get_all("upgrade") == ["websocket", "h2c"]


def test_a_request_refused_before_its_end_has_no_request() -> None:
    head = edit("Origin: http", "bad line\r\nOrigin: http")
    assert refused(head).request is None
    assert refused(head[: head.index(b"bad line") + 10]).request is None


@pytest.mark.parametrize("name", WRONG_FIELDS)
def test_refused_fields_are_in_the_error(name: str) -> None:
    method, fields, error = WRONG_FIELDS[name]
    with pytest.raises(error) as raised:
        wscodec.check_request(method, fields, origins="https://a.example")
    assert isinstance(raised.value, HandshakeError)
    assert raised.value.response is None
    assert raised.value.request == Handshake(
        method=method,
        target="",
        host=wscodec.field_value(fields, "Host"),
        origin=wscodec.field_value(fields, "Origin"),
        key=wscodec.field_value(fields, "Sec-WebSocket-Key"),
        head=b"",
    )


def test_wrong_arguments_of_a_check_have_no_request() -> None:
    with pytest.raises(errors.InvalidArgument) as raised:
        wscodec.check_request("GET", REQUEST, origins="https://a.example/")
    assert not hasattr(raised.value, "request")


RESPONSES: dict[str, tuple[bytes, type[HandshakeError], int]] = {
    "HTTP/1.0": (edit("HTTP/1.1", "HTTP/1.0", PLAIN_ANSWER), errors.HttpVersion, 101),
    "another key": (edit("Accept: ", "Accept: x", PLAIN_ANSWER), errors.HandshakeAccept, 101),
    "a protocol": (
        edit("Upgrade", "X: a 101\r\nSec-WebSocket-Protocol: p\r\nUpgrade", PLAIN_ANSWER),
        errors.HandshakeProtocol,
        101,
    ),
    "an extension": (
        edit("Upgrade", "Sec-WebSocket-Extensions: e\r\nUpgrade", PLAIN_ANSWER),
        errors.ExtensionError,
        101,
    ),
    "not found": (
        b"HTTP/1.1 404 Nothing 101 here\r\nServer: s\r\n\r\n",
        errors.HandshakeStatus,
        404,
    ),
    "no reason": (b"HTTP/1.1 503\r\n\r\n", errors.HandshakeStatus, 503),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_a_refused_response_is_in_the_error(name: str) -> None:
    data, error, status = RESPONSES[name]
    with pytest.raises(error) as raised:
        wscodec.parse_response(data + b"body", PLAIN_REQUEST)
    assert type(raised.value) is error and raised.value.request is None
    response = raised.value.response
    assert response is not None and response.head == data
    line = data.split(b"\r\n")[0].decode().split(" ", 2)
    assert response.status == status == int(line[1])
    assert response.reason == (line[2] if len(line) > 2 else "")
    assert response.protocol == wscodec.find_header(data, "Sec-WebSocket-Protocol")
    assert response.extensions == wscodec.find_header(data, "Sec-WebSocket-Extensions")
    assert response.http_version == (10 if name == "HTTP/1.0" else 11)


def test_a_malformed_response_has_no_response() -> None:
    for data in (b"HTTP/1.1 1o1\r\n\r\n", b"HTTP/1.1 101 x\r\nbad line\r\n\r\n", b"SSH-2\r\n"):
        with pytest.raises(errors.HttpSyntax) as raised:
            wscodec.parse_response(data, PLAIN_REQUEST)
        assert raised.value.response is None


def test_a_refused_response_of_fields_is_in_the_error() -> None:
    fields = [*with_field(RESPONSE, "Sec-WebSocket-Accept", "x"), ("Other", "y")]
    fields += [("Sec-WebSocket-Protocol", "p"), ("sec-websocket-protocol", "q")]
    for status, error in ((101, errors.HandshakeAccept), (404, errors.HandshakeStatus)):
        with pytest.raises(error) as raised:
            wscodec.check_response(status, fields, key=KEY)
        assert isinstance(raised.value, HandshakeError)
        assert raised.value.response == Response(status, "p, q", None, b"")


def test_the_request_of_an_ordinary_request_is_in_the_error() -> None:
    error = refused(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + RFC_REQUEST)
    assert type(error) is errors.NotUpgrade
    assert error.request.head == b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("function", ["parse_response", "confirm"])
def test_the_error_for_a_status_has_the_status_and_says_it(function: str) -> None:
    head = b"HTTP/1.1 403 No Entry\r\nX-Why: closed\r\n\r\n"
    with pytest.raises(errors.HandshakeStatus, match="403 No Entry$") as raised:
        if function == "confirm":
            wscodec.Connection.confirm(head, PLAIN_REQUEST)
        else:
            wscodec.parse_response(head, PLAIN_REQUEST)
    assert raised.value.status == raised.value.response.status == 403
    assert raised.value.response.headers["X-Why"] == "closed"


def test_the_error_for_a_status_that_an_http_library_has_parsed_has_the_status() -> None:
    for status, version in ((403, 11), (200, 11), (101, 20)):
        with pytest.raises(errors.HandshakeStatus, match=f"{status}$") as raised:
            wscodec.check_response(status, RESPONSE, key=KEY, http_version=version)
        assert raised.value.status == status
