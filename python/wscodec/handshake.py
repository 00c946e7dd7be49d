"""The opening handshake (RFC 6455, 4), of both sides.

Where text is taken from or put into a head, a character is a byte (latin-1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ctypes import byref, c_size_t, sizeof
from typing import NamedTuple

from . import _ffi
from ._buffers import Data, in_range, readable, span, text, written
from ._ffi import lib
from .errors import HandshakeStatus, InvalidArgument, NotUpgrade, check

MAX_HEAD = _ffi.MAX_HEAD
"""Longest request or response head, in bytes."""

_FIXED = 512  # more than all that a builder writes of its own

Headers = Iterable[tuple[str, str]]
"""Names and values of header fields."""


class Handshake(NamedTuple):
    """A client's request. What is None is not there; what is "" is there and empty."""

    method: str
    """"GET", for an upgrade."""
    target: str
    """E.g. "/chat?room=1"."""
    host: str | None
    """E.g. "example.com:8080"; never None for an upgrade."""
    origin: str | None
    """A browser always sends it: see origin_allowed()."""
    key: str | None
    """Sec-WebSocket-Key; checked and never None for an upgrade."""
    head: bytes
    """The whole head, empty line included. What follows it are the first frames."""


class Response(NamedTuple):
    """A server's answer."""

    status: int
    """101 if it switched protocols, else see HandshakeStatus."""
    protocol: str | None
    """The subprotocol that the server chose; None if it chose none."""
    extensions: str | None
    """The extensions that the server agreed to, as text; None if there are none."""
    head: bytes
    """The whole head, empty line included."""


def accept_key(key: str | Data) -> str:
    """The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key: 28 characters.

    Raises HandshakeKey if the key is not the canonical base64 of 16 bytes.
    """
    bytes_ = text(key)
    return written(
        _ffi.ACCEPT_LEN, lambda out, size: lib.ws_accept_key(bytes_, len(bytes_), out, size)
    ).decode()


def parse_handshake(data: Data) -> Handshake | None:
    """Server: parses a request. None: its head is not complete; come again with more.

    Raises NotUpgrade for an ordinary HTTP request, which the exception carries. What is
    wrong is raised in this order: HttpSyntax and HttpTooLarge, at once for a complete line
    that is malformed; NotUpgrade; and of an upgrade HttpSyntax (two Origins, a
    Transfer-Encoding, a Content-Length above 0), HttpMethod, HttpVersion, HandshakeHost,
    HandshakeVersion, HandshakeKey. Answer with build_reply(error.http_status).
    """
    data = readable(data)
    hs = _ffi.Handshake()
    result = lib.ws_parse_handshake(data, len(data), byref(hs), sizeof(hs))
    if result == _ffi.ERR_NOT_UPGRADE:
        raise NotUpgrade(_handshake(data, hs))
    return _handshake(data, hs) if check(result) else None


def _handshake(data: bytes, hs: _ffi.Handshake) -> Handshake:
    return Handshake(
        method=span(data, hs.method) or "",
        target=span(data, hs.target) or "",
        host=span(data, hs.host),
        origin=span(data, hs.origin),
        key=span(data, hs.key),
        head=data[: hs.head_len],
    )


def next_header(head: Data, pos: int = 0) -> tuple[str, str, int] | None:
    """The header field at `pos` of a complete head, its name and value, and the position of
    the next one. Start with 0. None: there are no more.

    Raises HttpSyntax, and InvalidArgument if the head is not complete or no field starts at
    `pos`.
    """
    head = readable(head)
    at = c_size_t(in_range("pos", pos, 2**32))
    name, value = _ffi.Span(), _ffi.Span()
    if not check(lib.ws_next_header(head, len(head), byref(at), byref(name), byref(value))):
        return None
    return span(head, name) or "", span(head, value) or "", at.value


def headers(head: Data) -> Iterator[tuple[str, str]]:
    """Names and values of all header fields of a complete head, as they were sent. Names of
    fields mean the same in any case. Errors as for next_header()."""
    head = readable(head)
    pos = 0
    while (found := next_header(head, pos)) is not None:
        name, value, pos = found
        yield name, value


def find_header(head: Data, name: str) -> str | None:
    """The value of the first header field of this name, in any case, in a complete head.

    None: there is none. Errors as for next_header().
    """
    head, wanted = readable(head), text(name)
    value = _ffi.Span()
    check(lib.ws_find_header(head, len(head), wanted, len(wanted), byref(value)))
    return span(head, value)


def select_protocol(head: Data, supported: str) -> str | None:
    """Server: picks the subprotocol to speak (RFC 6455, 11.3.4).

    supported  "chat, superchat": in your order of preference.

    None: the client offers none of them. Errors as for next_header(); InvalidArgument also
    if `supported` is no list of tokens.
    """
    head, list_ = readable(head), text(supported)
    chosen = _ffi.Span()
    result = lib.ws_select_protocol(head, len(head), list_, len(list_), byref(chosen))
    if not check(result):
        return None
    return list_[chosen.off : chosen.off + chosen.len].decode("latin-1")


def origin_allowed(origin: str | None, allowed: str) -> bool:
    """Server: whether a browser's Origin is one of those you allow.

    allowed  "https://a.example https://b.example:8443", separated by spaces. Whole origins
             only: scheme and host without regard to case, and the port, which the scheme
             may imply.

    False for everything else: None, "null" and malformed text too.
    """
    try:
        ours, theirs = text(allowed), text(origin or "")
    except InvalidArgument:
        return False
    return bool(lib.ws_origin_allowed(theirs, len(theirs), ours, len(ours)))


def build_response(
    key: str | None,
    *,
    protocol: str | None = None,
    extensions: str | None = None,
    headers: Headers = (),
) -> bytes:
    """Server: the answer that accepts an upgrade, "101 Switching Protocols".

    key         The client's, from parse_handshake().
    protocol    The subprotocol that you chose, or None.
    extensions  The extensions that you agree to, e.g. "permessage-deflate", or None.
    headers     Further fields.

    Raises InvalidArgument for a bad key, whatever would smuggle in another header field, and
    a further field that is written here anyway: Upgrade, Connection, Sec-WebSocket-*,
    Content-Length, Transfer-Encoding.
    """
    fields = [
        text(key or ""),
        text(protocol or ""),
        text(extensions or ""),
        header_lines(headers),
    ]
    spec = _ffi.ResponseSpec(*[_ffi.Bytes(field, len(field)) for field in fields])
    return written(
        _FIXED + sum(map(len, fields)),
        lambda out, size: lib.ws_build_response(byref(spec), sizeof(spec), out, size),
    )


def build_reply(status: int, headers: Headers = (), body: Data = b"") -> bytes:
    """Server: a whole answer that is not an upgrade, with Content-Length (not a 204 or 304,
    which take no body) and Connection: close. Close the connection after it.

    A 426 also names Upgrade: websocket and Sec-WebSocket-Version: 13, a 405 names Allow: GET
    unless `headers` does.

    status   200 ... 599.
    headers  Further fields.
    body     What follows the head.

    Raises InvalidArgument for other values of status, a body where none may be, and `headers`
    as for build_response().
    """
    status = in_range("status", status, 2**16)
    lines, body = header_lines(headers), readable(body)
    return written(
        _FIXED + len(lines) + len(body),
        lambda out, size: lib.ws_build_reply(
            status, lines, len(lines), body, len(body), out, size
        ),
    )


def make_key() -> str:
    """Client: a fresh random Sec-WebSocket-Key of 24 characters.

    Raises NoRandomness if the operating system has none.
    """
    return written(_ffi.KEY_LEN, lambda out, size: lib.ws_make_key(out, size)).decode()


def build_request(
    host: str,
    target: str = "/",
    *,
    key: str | None = None,
    origin: str | None = None,
    protocols: str | None = None,
    extensions: str | None = None,
    headers: Headers = (),
) -> bytes:
    """Client: the opening request. Keep it: parse_response() needs it.

    host        "example.com" or "example.com:8080".
    target      "/chat?room=1"
    key         From make_key(); None: a fresh one.
    origin      "https://example.com", or None.
    protocols   Subprotocols to offer, e.g. "chat, superchat", or None.
    extensions  Extensions to offer, e.g. "permessage-deflate", or None.
    headers     Further fields.

    Raises InvalidArgument as build_response() does; here Host is written anyway too, and
    Origin if `origin` is given. NoRandomness as make_key() does.
    """
    given = [host, target, make_key() if key is None else key, origin, protocols, extensions]
    fields = [text(field or "") for field in given] + [header_lines(headers)]
    spec = _ffi.RequestSpec(*[_ffi.Bytes(field, len(field)) for field in fields])
    return written(
        _FIXED + sum(map(len, fields)),
        lambda out, size: lib.ws_build_request(byref(spec), sizeof(spec), out, size),
    )


def parse_response(data: Data, request: Data) -> Response | None:
    """Client: parses an answer and checks it against the request that was sent.

    None: its head is not complete; come again with more.

    What is wrong is raised in this order: HttpSyntax and HttpTooLarge; HandshakeStatus,
    which carries the answer; HttpVersion, HandshakeAccept, HandshakeProtocol,
    ExtensionError. InvalidArgument if `request` is no opening request.
    """
    data, request = readable(data), readable(request)
    answer = _ffi.Response()
    result = lib.ws_parse_response(
        data, len(data), request, len(request), byref(answer), sizeof(answer)
    )
    if result == _ffi.ERR_HANDSHAKE_STATUS:
        raise HandshakeStatus(_response(data, answer))
    return _response(data, answer) if check(result) else None


def _response(data: bytes, answer: _ffi.Response) -> Response:
    return Response(
        status=answer.status,
        protocol=span(data, answer.protocol),
        extensions=span(data, answer.extensions),
        head=data[: answer.head_len],
    )


def header_lines(fields: Headers) -> bytes:
    """Complete lines. A field that would be two, or another one, is refused here: the library
    sees lines and cannot tell."""
    lines = []
    for name, value in fields:
        if ":" in name or "\n" in name or "\n" in value:
            raise InvalidArgument(f"{name!r}: {value!r} is not one header field")
        lines.append(text(f"{name}: {value}\r\n"))
    return b"".join(lines)
