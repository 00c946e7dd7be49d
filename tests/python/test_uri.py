"""ws:// and wss:// URIs, also against those of websockets."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
import websockets.uri
from websockets.exceptions import InvalidURI as TheirInvalidURI
from wscodec.exceptions import InvalidURI
from wscodec.uri import WebSocketURI, parse_uri

VALID = [
    "ws://example.com",
    "ws://example.com/",
    "wss://example.com/chat",
    "ws://example.com:8080/chat?room=1&x=%20",
    "wss://example.com:80/",
    "ws://example.com:443/",
    "WS://EXAMPLE.com/Chat",
    "ws://127.0.0.1:8765/",
    "ws://[::1]:8765/a;b=c",
    "wss://user:pass@example.com/",
    "wss://us%40er:p%3Ass@example.com/",
    "wss://user:@example.com/",
    "ws://bücher.example/straße?größe=ß",
    "ws://example.com?query",
]
INVALID = [
    "",
    "example.com",
    "http://example.com/",
    "ws:///chat",
    "ws://:80/",
    "ws://example.com/#part",
    "ws://example.com:x/",
    "ws://example.com:99999/",
    "wss://user@example.com/",
    "ws://[::1/",
]


@pytest.mark.parametrize("uri", VALID)
def test_a_valid_uri_has_the_parts_that_websockets_finds(uri: str) -> None:
    ours, theirs = parse_uri(uri), websockets.uri.parse_uri(uri)
    assert (ours.secure, ours.host, ours.port) == (theirs.secure, theirs.host, theirs.port)
    assert ours.resource_name == theirs.resource_name
    info = theirs.user_info  # which old versions leave encoded
    assert ours.user_info == (info and tuple(map(unquote, info)))


@pytest.mark.parametrize("uri", INVALID)
def test_an_invalid_uri_is_refused_as_websockets_does(uri: str) -> None:
    with pytest.raises((TheirInvalidURI, ValueError)):
        websockets.uri.parse_uri(uri)
    with pytest.raises(InvalidURI) as caught:
        parse_uri(uri)
    assert caught.value.uri == uri and repr(uri) in str(caught.value)


@pytest.mark.parametrize(
    "uri", ["ws://example.com:0/", "ws://example.com/a b", "ws://example.com/a\r\nX: y"]
)
def test_what_cannot_be_in_a_request_is_refused(uri: str) -> None:
    with pytest.raises(InvalidURI):
        parse_uri(uri)


@pytest.mark.parametrize(
    ("uri", "authority"),
    [
        ("ws://example.com:80/", "example.com"),
        ("wss://example.com:443/", "example.com"),
        ("wss://example.com:80/", "example.com:80"),
        ("ws://[::1]/", "[::1]"),
        ("ws://[::1]:81/", "[::1]:81"),
    ],
)
def test_the_authority_has_the_port_only_if_it_is_not_the_default(
    uri: str, authority: str
) -> None:
    assert parse_uri(uri).authority == authority


def test_the_parts_of_a_uri() -> None:
    assert parse_uri("wss://u:p@h:1/a?b") == WebSocketURI(True, "h", 1, "/a", "b", "u", "p")
