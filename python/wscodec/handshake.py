"""The opening handshake (RFC 6455, 4), of both sides.

Where text is taken from or put into a head, a character is a byte (latin-1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ctypes import byref, c_size_t, sizeof
from typing import NamedTuple, Union

from . import _ffi
from ._buffers import (
    Data,
    bytes_of,
    in_place,
    in_range,
    optional,
    readable,
    span,
    text,
    written,
)
from ._ffi import lib
from .errors import HandshakeStatus, InvalidArgument, NotUpgrade, check

MAX_HEAD = _ffi.MAX_HEAD
"""Longest request or response head, in bytes."""
MAX_FIELDS = _ffi.MAX_FIELDS
"""Most header fields of a head."""

_FIXED = 512  # more than all that a builder writes of its own

Headers = Iterable[tuple[str, str]]
"""Names and values of header fields, to be sent."""

Fields = Iterable[tuple[Union[str, Data], Union[str, Data]]]
"""Names and values of header fields as an HTTP library lists them, each as it came."""


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
    http_version: int = 11
    """The digits of the request line: 11 is HTTP/1.1."""


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
    reason: str = ""
    """E.g. "Switching Protocols"; often empty."""
    http_version: int = 11
    """The digits of the status line: 11 is HTTP/1.1."""


def accept_key(key: str | Data) -> str:
    """The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key: 28 characters.

    Raises HandshakeKey if the key is not 24 characters, the base64 of 16 bytes.
    """
    bytes_ = text(key)
    return written(
        _ffi.ACCEPT_LEN, lambda out, size: lib.ws_accept_key(bytes_, len(bytes_), out, size)
    ).decode()


def head_length(data: Data, scanned: int = 0) -> tuple[int, int]:
    """The length of the head that `data` starts with, of a request or a response; 0 until its
    empty line is there. And how much of it was scanned, for the next call:

        length, scanned = head_length(received, scanned)

    after every read, with `scanned` 0 at first, so that a head that comes in many pieces
    takes linear work. A bytearray is looked at without a copy.

    Raises HttpTooLarge beyond MAX_HEAD; HttpSyntax at once for a control character that no
    head has (TLS, a bare LF); InvalidArgument if `data` is shorter than `scanned`. Nothing
    else is checked.
    """
    at = c_size_t(in_range("scanned", scanned, 2**63))
    start, size, _kept = in_place(data)
    length = check(lib.ws_head_length(start, size, byref(at)))
    return length, at.value


def parse_handshake(data: Data) -> Handshake | None:
    """Server: parses a request. None: its head is not complete; come again with more (for a
    head that comes in many pieces see head_length()).

    Raises NotUpgrade for an ordinary HTTP request, which the exception carries. What is
    wrong is raised in this order: HttpSyntax and HttpTooLarge, at once for a complete line
    that is malformed; NotUpgrade; and of an upgrade HttpSyntax (two Origins, a
    Transfer-Encoding, a Content-Length above 0, a target that no upgrade has), HttpMethod,
    HttpVersion, HandshakeHost, HandshakeVersion, HandshakeKey, ExtensionError. Answer with
    build_reply(error.http_status).
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
        http_version=hs.http_version,
    )


def field_value(fields: Fields, name: str) -> str | None:
    """The value of a header field: all of its values, joined with ", " (RFC 9110, 5.3), as
    check_request() and the functions that end in _value judge them. None: it did not come."""
    return _combined(fields).get(name.lower())


def _combined(fields: Fields) -> dict[str, str]:
    """One value for each name, in lower case."""
    values: dict[str, str] = {}
    for field in fields:
        name, value = (text(part).decode("latin-1") for part in field)
        name = name.lower()
        values[name] = f"{values[name]}, {value}" if name in values else value
    return values


def check_request(
    method: str | Data,
    fields: Fields,
    *,
    http_version: int = 11,
    authority: str | Data | None = None,
    connect_protocol: str | Data | None = None,
    origins: str | None = None,
) -> None:
    """Server: judges a request that an HTTP library has parsed (RFC 6455, 4.2.1).

    method            "GET"; "CONNECT" in HTTP/2 and HTTP/3.
    fields            All header fields, each as it came; their names in any case.
    http_version      How the request came: 10, 11, 20 or 30.
    authority         :authority of HTTP/2 and HTTP/3, where it takes Host's place.
    connect_protocol  :protocol of HTTP/2 and HTTP/3 (RFC 8441, RFC 9220).
    origins           The Origins that you allow, as for origin_allowed(); None: any page in
                      any browser.

    What is wrong is raised as by parse_handshake(), in its order, then HandshakeOrigin. The
    target is for the HTTP library to check. The exceptions NotUpgrade carry no target and no
    head. InvalidArgument for another http_version, and for `origins` with an entry that
    could never match.

    From http_version 20 on Upgrade, Connection, Sec-WebSocket-Key, Content-Length and
    Transfer-Encoding are not looked at, and the HTTP library answers with a 200 without
    Sec-WebSocket-Accept; in place of a 426 with a 400. Then comes Connection(SERVER).
    """
    value = _combined(fields).get
    host = value("host") if authority is None else authority
    request = _ffi.RequestFields(
        method=bytes_of(text(method)),
        host=optional(host),
        upgrade=optional(value("upgrade")),
        connection=optional(value("connection")),
        key=optional(value("sec-websocket-key")),
        version=optional(value("sec-websocket-version")),
        origin=optional(value("origin")),
        extensions=optional(value("sec-websocket-extensions")),
        content_length=optional(value("content-length")),
        transfer_encoding=optional(value("transfer-encoding")),
        connect_protocol=optional(connect_protocol),
        origins=optional(origins),
        http_version=in_range("http_version", http_version, 2**32),
    )
    result = lib.ws_check_request(byref(request), sizeof(request))
    if result == _ffi.ERR_NOT_UPGRADE:
        raise NotUpgrade(
            Handshake(
                method=text(method).decode("latin-1"),
                target="",
                host=None if host is None else text(host).decode("latin-1"),
                origin=value("origin"),
                key=value("sec-websocket-key"),
                head=b"",
                http_version=http_version,
            )
        )
    check(result)


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
    check(lib.ws_select_protocol(head, len(head), list_, len(list_), byref(chosen)))
    return span(list_, chosen)


def select_protocol_value(offered: str | Data | None, supported: str) -> str | None:
    """The same from the value of Sec-WebSocket-Protocol, see field_value(). None: the field
    did not come. What is no token in `offered` is passed over."""
    value, list_ = optional(offered), text(supported)
    chosen = _ffi.Span()
    check(lib.ws_select_protocol_value(value.data, value.len, list_, len(list_), byref(chosen)))
    return span(list_, chosen)


def origin_allowed(origin: str | None, allowed: str) -> bool:
    """Server: whether a browser's Origin is one of those you allow.

    allowed  "https://a.example https://b.example:8443", separated by spaces. Whole origins
             only: scheme and host without regard to case, and the port, which the scheme
             may imply.

    False for everything else: None, "null" and malformed text too.
    """
    if origin is None:
        return False
    try:
        ours, theirs = text(allowed), text(origin)
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
    fields = [*map(_or_empty, (key, protocol, extensions)), header_lines(headers)]
    spec = _ffi.ResponseSpec(*map(bytes_of, fields))
    return written(
        _FIXED + sum(map(len, fields)),
        lambda out, size: lib.ws_build_response(byref(spec), sizeof(spec), out, size),
    )


def build_reply(status: int, headers: Headers = (), body: Data = b"") -> bytes:
    """Server: a whole answer that is not an upgrade, with Content-Length (not a 204 or 304)
    and Connection: close. Close the connection after it.

    A 426 also says Upgrade: websocket and Sec-WebSocket-Version: 13, a 405 says Allow: GET
    unless `headers` does.

    status   200 ... 599. A 204, a 205 and a 304 take no body.
    headers  Further fields. With a Content-Length among them there must be no `body`: it
             follows in pieces, or never, as in an answer to HEAD.
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
    fields = [*map(_or_empty, given), header_lines(headers)]
    spec = _ffi.RequestSpec(*map(bytes_of, fields))
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
        raise HandshakeStatus(response_of(data, answer))
    return response_of(data, answer) if check(result) else None


def response_of(data: bytes, answer: _ffi.Response) -> Response:
    """From what C has filled."""
    return Response(
        status=answer.status,
        protocol=span(data, answer.protocol),
        extensions=span(data, answer.extensions),
        head=data[: answer.head_len],
        reason=span(data, answer.reason) or "",
        http_version=answer.http_version,
    )


def check_response(
    status: int,
    fields: Fields,
    *,
    key: str | Data | None = None,
    offered_protocols: str | Data | None = None,
    offered_extensions: str | Data | None = None,
    http_version: int = 11,
) -> None:
    """Client: judges a response that an HTTP library has parsed (RFC 6455, 4.1).

    fields              All header fields, each as it came; their names in any case.
    key                 The Sec-WebSocket-Key that was sent; not for HTTP/2 and HTTP/3.
    offered_protocols   The Sec-WebSocket-Protocol that was sent, or None.
    offered_extensions  The Sec-WebSocket-Extensions that was sent, or None.
    http_version        How the response came: 10, 11, 20 or 30.

    What is wrong is raised as by parse_response(), in its order; HandshakeStatus carries no
    head. InvalidArgument for another http_version, and for what was sent if it is malformed.

    From http_version 20 on the status may be any 2xx, and Upgrade, Connection,
    Sec-WebSocket-Accept and `key` are not looked at.
    """
    value = _combined(fields).get
    response = _ffi.ResponseFields(
        upgrade=optional(value("upgrade")),
        connection=optional(value("connection")),
        accept=optional(value("sec-websocket-accept")),
        protocol=optional(value("sec-websocket-protocol")),
        extensions=optional(value("sec-websocket-extensions")),
        key=optional(key),
        offered_protocols=optional(offered_protocols),
        offered_extensions=optional(offered_extensions),
        http_version=in_range("http_version", http_version, 2**32),
        status=in_range("status", status, 2**16),
    )
    result = lib.ws_check_response(byref(response), sizeof(response))
    if result == _ffi.ERR_HANDSHAKE_STATUS:
        raise HandshakeStatus(
            Response(
                status=status,
                protocol=value("sec-websocket-protocol"),
                extensions=value("sec-websocket-extensions"),
                head=b"",
                http_version=http_version,
            )
        )
    check(result)


def _or_empty(value: str | Data | None) -> bytes:
    return b"" if value is None else text(value)


def header_lines(fields: Headers) -> bytes:
    """Complete lines. A field that would be two, or another one, is refused here: the library
    sees lines and cannot tell."""
    lines = []
    for field in fields:
        name, value = map(text, field)
        if b":" in name or b"\n" in name or b"\n" in value:
            raise InvalidArgument(f"{name!r}: {value!r} is not one header field")
        lines.append(b"%b: %b\r\n" % (name, value))
    return b"".join(lines)
