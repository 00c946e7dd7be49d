"""Text of heads is UTF-8, and every other byte survives reading and writing."""

from __future__ import annotations

import pytest
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST
from test_fields import KEY, REQUEST, with_field
from test_handshake import edit
from websockets.http11 import Request as WebsocketsRequest
from websockets.streams import StreamReader
from websockets.version import version as websockets_version
from wscodec import errors

TEXTS = ["plain", "Zürich", "日本", "🎉", "a\tb"]
ANY_BYTES = bytes(range(0x80, 0x100))
"""Not UTF-8, but allowed in the value of a header field (RFC 9110, 5.5)."""


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_written_and_read_as_utf8(text: str) -> None:
    built = {
        "request": wscodec.build_request("localhost", headers=[("X", text)]),
        "response": wscodec.build_response(KEY, headers=[("X", text)]),
        "reply": wscodec.build_reply(404, [("X", text)]),
    }
    for name, head in built.items():
        assert b"X: " + text.encode() + b"\r\n" in head, name
        assert wscodec.find_header(head, "X") == text
        assert ("X", text) in list(wscodec.headers(head))


def test_a_target_is_read_as_utf8_and_written_percent_encoded() -> None:
    head = edit("GET /chat", "GET /日本?q=ü", PLAIN_REQUEST)
    request = wscodec.parse_handshake(head)
    assert request is not None and request.target == request.path == "/日本?q=ü"
    for target in ("/日本", "/\udcff"):
        with pytest.raises(errors.InvalidArgument):
            wscodec.build_request("localhost", target)


def test_bytes_that_are_not_utf8_are_written_as_they_were_read() -> None:
    line = b"X: " + ANY_BYTES + b"\r\n"
    head = edit("Host", "X: @\r\nHost", PLAIN_REQUEST).replace(b"X: @\r\n", line)
    request = wscodec.parse_handshake(head)
    assert request is not None
    value = request.headers["x"]
    assert value == ANY_BYTES.decode("utf-8", "surrogateescape")
    for built in (
        wscodec.build_request("localhost", headers=[("X", value)]),
        wscodec.build_response(KEY, headers={"X": value}),
        wscodec.build_reply(200, headers=[("X", value)]),
    ):
        assert line in built
    assert wscodec.field_value([("X", value)], "x") == value
    assert wscodec.field_value([("X", ANY_BYTES)], "x") == value


def test_a_value_may_mix_utf8_with_other_bytes() -> None:
    mixed = "grün ".encode() + b"\xff\xfe " + "é".encode("latin-1")
    head = wscodec.build_reply(200, [("X", mixed)])
    value = wscodec.find_header(head, "X")
    assert value == "grün \udcff\udcfe \udce9"
    assert wscodec.build_reply(200, [("X", value)]) == head


def test_every_text_of_a_request_and_a_response_is_read_the_same_way() -> None:
    lines = b"Host: \xc3\xbc\xff\r\nOrigin: \xc3\xbc\xff\r\nSec-WebSocket-Key: \xc3\xbc\xff\r\n"
    with pytest.raises(errors.NotUpgrade) as raised:
        wscodec.parse_handshake(b"GET /\xc3\xbc HTTP/1.1\r\n" + lines + b"\r\n")
    request = raised.value.request
    assert request.target == "/ü"
    assert (request.host, request.origin, request.key) == ("ü\udcff",) * 3
    answer = b"HTTP/1.1 404 \xc3\xbc\xff\r\nSec-WebSocket-Protocol: \xc3\xbc\xff\r\n\r\n"
    with pytest.raises(errors.HandshakeStatus) as status:
        wscodec.parse_response(answer, PLAIN_REQUEST)
    assert (status.value.response.reason, status.value.response.protocol) == ("ü\udcff",) * 2
    fields = with_field(REQUEST, "Connection")
    with pytest.raises(errors.NotUpgrade) as parsed:
        wscodec.check_request("GET", [*fields, ("Origin", b"\xc3\xbc\xff")])
    assert parsed.value.request.origin == "ü\udcff"


def test_only_ascii_letters_of_a_name_have_two_cases() -> None:
    """U+212A KELVIN SIGN in lower case is "k"."""
    assert wscodec.field_value([("Sec-WebSocKet-\u212aey", "x")], "Sec-WebSocket-Key") is None
    assert wscodec.field_value([("X-\u212a", "x")], "x-k") is None
    assert wscodec.field_value([("X-K", "x")], "X-k") == "x"


def test_a_surrogate_that_stands_for_no_byte_is_refused() -> None:
    for text in ("\ud800", "\udc00", "\udc7f", "\udfff"):
        for build in (
            lambda text: wscodec.build_request("localhost", headers=[("X", text)]),
            lambda text: wscodec.build_request("localhost", origin=text),
            lambda text: wscodec.build_reply(200, [(text, "x")]),
            lambda text: wscodec.field_value([], text),
            lambda text: wscodec.find_header(PLAIN_ANSWER, text),
        ):
            with pytest.raises(errors.InvalidArgument, match="surrogate"):
                build(text)
    assert not wscodec.origin_allowed("\ud800", "https://a.example")


def test_websockets_reads_the_same_bytes() -> None:
    """Its text has a character for each byte: of latin-1, or before version 17 a surrogate."""
    head = wscodec.build_request("localhost", headers=[("X", "grün"), ("Y", b"\xff")])
    reader = StreamReader()
    reader.feed_data(head)
    parser = WebsocketsRequest.parse(reader.read_line)
    with pytest.raises(StopIteration) as stopped:
        next(parser)
    theirs = stopped.value.value.headers.raw_items()
    ours = [
        (name, value.encode("utf-8", "surrogateescape"))
        for name, value in wscodec.headers(head)
    ]
    encoding = "ascii" if int(websockets_version.split(".")[0]) < 17 else "latin-1"
    assert [(name, value.encode(encoding, "surrogateescape")) for name, value in theirs] == ours
