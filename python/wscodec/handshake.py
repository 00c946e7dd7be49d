"""The opening handshake (RFC 6455, 4), for both sides.

Text that is read from a head or written to one is UTF-8. HTTP allows other bytes in the value
of a header field: each is read as a surrogate, U+DC80 ... U+DCFF (surrogateescape, PEP 383).
What was read can be written again, and becomes the same bytes. To get those, encode it:
text.encode("utf-8", "surrogateescape").

A str or bytes-like object is accepted wherever text of a head is an argument. Any other type is
a TypeError that names the argument; a surrogate that stands for no byte is InvalidArgument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    shown,
    span,
    text,
    written,
)
from ._ffi import lib
from ._invalid_argument import blamed, quoted
from .datastructures import Headers as HeaderMapping
from .datastructures import pairs_of
from .errors import (
    HandshakeError,
    HandshakeStatus,
    InvalidArgument,
    NotUpgrade,
    WsError,
    check,
    error_for,
)

MAX_HEAD = _ffi.MAX_HEAD
"""Longest request or response head, in bytes."""
MAX_FIELDS = _ffi.MAX_FIELDS
"""Largest number of header fields in a head."""

_FIXED = 512  # more than a builder writes besides its arguments

_KEY = b"AAAAAAAAAAAAAAAAAAAAAA=="
_REQUEST = {"host": b"a", "target": b"/", "key": _KEY}
"""The arguments of a request that is valid."""

_NAME, _VALUE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"), re.compile(rb"[\t -~\x80-\xff]*")
"""The name and the value of a header field (RFC 9110, 5.1 and 5.5)."""

_Text = Union[str, Data]

Headers = Union[HeaderMapping, Mapping[str, str], Iterable[tuple[_Text, _Text]]]
"""Header fields to send: a mapping, or pairs of a name and a value."""

Fields = Headers
"""Header fields as an HTTP library lists them, repeated ones included."""


class Handshake(NamedTuple):
    """A client's request. None: absent. "": present but empty."""

    method: str
    """"GET" for an upgrade."""
    target: str
    """E.g. "/chat?room=1"."""
    host: str | None
    """E.g. "example.com:8080"; never None for an upgrade."""
    origin: str | None
    """Always sent by browsers; check it with origin_allowed()."""
    key: str | None
    """Sec-WebSocket-Key; valid and never None for an upgrade."""
    head: bytes
    """The head, including the empty line. The first frames follow it."""
    http_version: int = 11
    """The digits of the version: 11 is HTTP/1.1."""

    @property
    def path(self) -> str:
        """The target."""
        return self.target

    @property
    def headers(self) -> HeaderMapping:
        """All header fields of the head."""
        return HeaderMapping(headers(self.head) if self.head else ())


class Response(NamedTuple):
    """A server's response."""

    status: int
    """101 if the server switched protocols, else see HandshakeStatus."""
    protocol: str | None
    """The subprotocol that the server chose; None if it chose none."""
    extensions: str | None
    """The extensions that the server confirmed, as text; None if there are none."""
    head: bytes
    """The head, including the empty line."""
    reason: str = ""
    """E.g. "Switching Protocols"; often empty."""
    http_version: int = 11
    """The digits of the version: 11 is HTTP/1.1."""
    body: bytes = b""
    """What a client has read of the body, with a status other than 101. Empty after
    parse_response(), which reads only the head."""

    @property
    def status_code(self) -> int:
        """The status."""
        return self.status

    @property
    def reason_phrase(self) -> str:
        """The reason."""
        return self.reason

    @property
    def headers(self) -> HeaderMapping:
        """All header fields of the head."""
        return HeaderMapping(headers(self.head) if self.head else ())


def accept_key(key: str | Data) -> str:
    """Computes the Sec-WebSocket-Accept value for a Sec-WebSocket-Key: 28 characters.

    Raises HandshakeKey if the key is not 24 characters, the base64 of 16 bytes.
    """
    bytes_ = text(key, "key")
    return written(
        _ffi.ACCEPT_LEN, lambda out, size: lib.ws_accept_key(bytes_, len(bytes_), out, size)
    ).decode()


def head_length(data: Data, scanned: int = 0) -> tuple[int, int]:
    """Returns the length of the request or response head at the start of `data`, 0 while its
    empty line has not arrived; and how many bytes were scanned, for the next call:

        length, scanned = head_length(received, scanned)

    Call it after every read, first with `scanned` 0. It scans only new bytes, so a head that
    arrives in many reads takes linear time. A bytearray is not copied.

    Raises HttpTooLarge beyond MAX_HEAD bytes; HttpSyntax as soon as a control character arrives
    that no head contains (from TLS, or a bare LF); InvalidArgument if `data` is shorter than
    `scanned`. It checks nothing else.
    """
    at = c_size_t(in_range("scanned", scanned, 2**63))
    start, size, _kept = in_place(data)
    result = lib.ws_head_length(start, size, byref(at))
    length = check(result, "scanned", f"{scanned} is more than the {size} bytes of data")
    return length, at.value


def parse_handshake(data: Data) -> Handshake | None:
    """Server: parses an opening request (RFC 6455, 4.2.1). Returns None if its head is
    incomplete; call again with more (see head_length() if a head arrives in many reads).

    Raises HttpSyntax as soon as a malformed line is complete, and HttpTooLarge as soon as the
    head is too large. A complete head is checked in this order, and is the `request` of the
    exception: NotUpgrade, for an ordinary HTTP request; HttpSyntax, for two Origins, a
    Transfer-Encoding, a Content-Length other than 0, or an invalid target; HttpMethod;
    HttpVersion; HandshakeHost; HandshakeVersion; HandshakeKey; ExtensionError. Reply with
    build_reply(error.http_status).
    """
    data = readable(data)
    hs = _ffi.Handshake()
    result = lib.ws_parse_handshake(data, len(data), byref(hs), sizeof(hs))
    if result == _ffi.ERR_NOT_UPGRADE:
        raise NotUpgrade(_handshake(data, hs))
    if result < 0:
        raise refused_request(data, result)
    return _handshake(data, hs) if result else None


def refused_request(data: bytes, code: int) -> WsError:
    """The exception for a request that was refused, with the request."""
    error = error_for(code)
    if isinstance(error, HandshakeError):
        error._request = _any_request(data)
    return error


def _any_request(data: bytes) -> Handshake | None:
    """The request at the start of `data`, whatever it asks for; None if its head is malformed
    or incomplete.

    The library describes a request that is refused only if it is not an upgrade. So it reads a
    copy without one: the positions are the same.
    """
    request = _described(data, data)
    if request is not None:
        return request
    try:
        head = data[: head_length(data)[0]]
        copy = bytearray(head)
        for name, _ in _spans(head):
            if head[name.off : name.off + name.len].lower() == b"upgrade":
                copy[name.off] = ord("X")
    except WsError:
        return None
    return _described(bytes(copy), head)


def _described(read: bytes, data: bytes) -> Handshake | None:
    """What the library finds in `read`, taken from `data`."""
    hs = _ffi.Handshake()
    result = lib.ws_parse_handshake(read, len(read), byref(hs), sizeof(hs))
    found = result > 0 or result == _ffi.ERR_NOT_UPGRADE
    return _handshake(data, hs) if found else None


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
    check_request() and the functions that end in _value judge them. None if it is absent."""
    value = _combined(fields).get(text(name, "name").lower())
    return None if value is None else shown(value)


def _combined(fields: Fields) -> dict[bytes, bytes]:
    """One value for each name; the names in lower case."""
    values: dict[bytes, bytes] = {}
    for name, value in pairs_of(fields, "fields"):
        name, value = text(name, "fields").lower(), text(value, "fields")
        values[name] = b"%b, %b" % (values[name], value) if name in values else value
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
    """Server: checks an opening request that an HTTP library has parsed (RFC 6455, 4.2.1).

    method            "GET"; "CONNECT" in HTTP/2 and HTTP/3.
    fields            All header fields, repeated ones included; names are case-insensitive.
    http_version      The version of the request: 10, 11, 20 or 30.
    authority         :authority of HTTP/2 and HTTP/3, which replaces Host.
    connect_protocol  :protocol of HTTP/2 and HTTP/3 (RFC 8441, RFC 9220).
    origins           The origins that you allow, as for origin_allowed(); None allows any.

    Raises as parse_handshake() does, in the same order, then HandshakeOrigin. The target is
    left to the HTTP library, so the request of the exception has no target and no head. Raises
    InvalidArgument for another http_version, and for `origins` with an entry that can never
    match.

    For HTTP/2 and HTTP/3 (http_version 20 and 30), Upgrade, Connection, Sec-WebSocket-Key,
    Content-Length and Transfer-Encoding are ignored. The HTTP library sends the response: a 200
    without Sec-WebSocket-Accept to accept the request, and a 400 in place of a 426. After the
    200, create a Connection(SERVER).
    """
    value = _combined(fields).get
    version = _version(http_version)
    method = text(method, "method")
    host = value(b"host") if authority is None else text(authority, "authority")
    request = _ffi.RequestFields(
        method=bytes_of(method),
        host=optional(host),
        upgrade=optional(value(b"upgrade")),
        connection=optional(value(b"connection")),
        key=optional(value(b"sec-websocket-key")),
        version=optional(value(b"sec-websocket-version")),
        origin=optional(value(b"origin")),
        extensions=optional(value(b"sec-websocket-extensions")),
        content_length=optional(value(b"content-length")),
        transfer_encoding=optional(value(b"transfer-encoding")),
        connect_protocol=optional(connect_protocol, "connect_protocol"),
        origins=optional(origins, "origins"),
        http_version=version,
    )
    result = lib.ws_check_request(byref(request), sizeof(request))
    if result == _ffi.ERR_INVALID_ARGUMENT:
        raise unmatched(text(origins or "", "origins"))
    if result < 0:
        error = error_for(result)
        if isinstance(error, HandshakeError):
            error._request = Handshake(
                method=shown(method),
                target="",
                host=_shown(host),
                origin=_shown(value(b"origin")),
                key=_shown(value(b"sec-websocket-key")),
                head=b"",
                http_version=http_version,
            )
        raise error


def _version(http_version: int) -> int:
    version = in_range("http_version", http_version, 2**32)
    if version not in (10, 11, 20, 30):
        raise InvalidArgument.of("http_version", f"{version} is not 10, 11, 20 or 30")
    return version


def unmatched(origins: bytes) -> InvalidArgument:
    """The exception for a list of origins that is refused."""
    for entry in origins.split(b" "):
        spec = _ffi.AcceptSpec(origins=bytes_of(entry))
        found = _ffi.Accepted()
        result = lib.ws_conn_accept(
            b"", 0, byref(spec), sizeof(spec), byref(found), sizeof(found), b"", 0
        )
        if entry and result == _ffi.ERR_INVALID_ARGUMENT:
            return InvalidArgument.of("origins", f"{quoted(entry)} can never match")
    return InvalidArgument.of("origins", "the list is empty")


def _shown(value: bytes | None) -> str | None:
    return None if value is None else shown(value)


def next_header(head: Data, pos: int = 0) -> tuple[str, str, int] | None:
    """The name and value of the header field at `pos` of a complete head, and the position of
    the next one. Start with 0. None after the last field.

    Raises HttpSyntax; HttpTooLarge; InvalidArgument if the head is incomplete or no field
    starts at `pos`.
    """
    head = readable(head, "head")
    at = c_size_t(in_range("pos", pos, 2**32))
    name, value = _ffi.Span(), _ffi.Span()
    result = lib.ws_next_header(head, len(head), byref(at), byref(name), byref(value))
    if result == _ffi.ERR_INVALID_ARGUMENT and _is_complete(head):
        raise InvalidArgument.of("pos", f"no header field starts at {pos}")
    if not check_head(result):
        return None
    return span(head, name) or "", span(head, value) or "", at.value


def headers(head: Data) -> Iterator[tuple[str, str]]:
    """Names and values of all header fields of a complete head, as they were sent. (Names are
    case-insensitive.) The iterator raises the errors of next_header()."""
    head = readable(head, "head")
    return ((span(head, name) or "", span(head, value) or "") for name, value in _spans(head))


def check_head(result: int) -> int:
    """Returns a count; raises the exception for a negative result of a function whose argument
    `head` alone can be invalid."""
    return check(result, "head", "not a complete head, which ends with an empty line")


def _spans(head: bytes) -> Iterator[tuple[_ffi.Span, _ffi.Span]]:
    """Where the names and values of header fields are. The spans are overwritten by the next
    pair."""
    size, name, value = len(head), _ffi.Span(), _ffi.Span()
    arguments = byref(c_size_t()), byref(name), byref(value)
    while check_head(lib.ws_next_header(head, size, *arguments)):
        yield name, value


def _is_complete(head: bytes) -> bool:
    name, value = _ffi.Span(), _ffi.Span()
    result = lib.ws_next_header(head, len(head), byref(c_size_t()), byref(name), byref(value))
    return bool(result != _ffi.ERR_INVALID_ARGUMENT)


def find_header(head: Data, name: str) -> str | None:
    """The value of the first header field called `name` (case-insensitive) in a complete head.

    None if there is none. Errors as for next_header().
    """
    head, wanted = readable(head, "head"), text(name, "name")
    value = _ffi.Span()
    result = lib.ws_find_header(head, len(head), wanted, len(wanted), byref(value))
    check_head(result)
    return span(head, value)


def select_protocol(head: Data, supported: str) -> str | None:
    """Server: selects the subprotocol (RFC 6455, 11.3.4).

    supported  "chat, superchat": most preferred first.

    None if the client offers none of them. Errors as for next_header(); InvalidArgument also if
    `supported` is not a list of distinct tokens.
    """
    head, list_ = readable(head, "head"), text(supported, "supported")
    chosen = _ffi.Span()
    result = lib.ws_select_protocol(head, len(head), list_, len(list_), byref(chosen))
    if _is_complete(head):
        _check_supported(result, list_)
    check_head(result)
    return span(list_, chosen)


def _check_supported(result: int, supported: bytes) -> None:
    check(result, "supported", f"{quoted(supported)} is not a list of distinct tokens")


def select_protocol_value(offered: str | Data | None, supported: str) -> str | None:
    """Server: selects the subprotocol as select_protocol() does, from the value of
    Sec-WebSocket-Protocol (see field_value()), None if it is absent. Elements of `offered` that
    are not tokens are ignored."""
    value, list_ = optional(offered, "offered"), text(supported, "supported")
    chosen = _ffi.Span()
    result = lib.ws_select_protocol_value(
        value.data, value.len, list_, len(list_), byref(chosen)
    )
    _check_supported(result, list_)
    return span(list_, chosen)


def origin_allowed(origin: str | None, allowed: str) -> bool:
    """Server: whether a browser's Origin is in the list `allowed`.

    allowed  "https://a.example https://b.example:8443", separated by spaces. Whole origins are
             compared: scheme and host case-insensitively, and the port, which the scheme may
             imply. There are no wildcards.

    False also for None, "null" and malformed text.
    """
    ours = text(allowed, "allowed")
    if origin is None:
        return False
    try:
        theirs = text(origin, "origin")
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
    """Server: the 101 response that accepts the connection (RFC 6455, 4.2.2). For any other
    response see build_reply().

    key         The client's key, from parse_handshake().
    protocol    The chosen subprotocol, or None.
    extensions  The chosen extensions, e.g. "permessage-deflate", or None.
    headers     Additional header fields.

    Raises InvalidArgument for an invalid key, for anything that would inject a header field,
    and for an additional field that the function writes itself: Upgrade, Connection,
    Sec-WebSocket-*, Content-Length, Transfer-Encoding.
    """
    fields = {
        "key": _or_empty(key, "key"),
        "protocol": _or_empty(protocol, "protocol"),
        "extensions": _or_empty(extensions, "extensions"),
        "headers": header_lines(headers),
    }
    return _built(_ffi.ResponseSpec, lib.ws_build_response, fields, {"key": _KEY})


def build_reply(status: int, headers: Headers = (), body: Data = b"") -> bytes:
    """Server: a complete response other than a 101, with Content-Length (except a 204 or 304)
    and "Connection: close". Close the connection after it.

    A 426 also gets "Upgrade: websocket" and "Sec-WebSocket-Version: 13"; a 405 gets "Allow:
    GET" unless `headers` has Allow.

    status   200 ... 599. A 204, a 205 and a 304 must have no body.
    headers  Additional header fields. With a Content-Length among them, `body` must be empty:
             you send the body yourself, or none, as in a response to HEAD.
    body     The body.

    Raises InvalidArgument for another status, for a body that is not allowed, and for `headers`
    as build_response() does.
    """
    status = in_range("status", status, 2**16)
    if not 200 <= status < 600:
        raise InvalidArgument.of("status", f"{status} is not in 200 ... 599")
    lines, body = header_lines(headers), readable(body, "body")

    def build(lines: bytes, body: bytes, out: object, size: int) -> int:
        result: int = lib.ws_build_reply(status, lines, len(lines), body, len(body), out, size)
        return result

    try:
        return written(
            _FIXED + len(lines) + len(body), lambda out, size: build(lines, body, out, size)
        )
    except InvalidArgument:
        pass
    raise blamed(
        lambda given: build(given["headers"], given["body"], b"", 0) == _INVALID,
        {"headers": lines, "body": body},
        {},
    )


def make_key() -> str:
    """Client: a new random Sec-WebSocket-Key of 24 characters.

    Raises NoRandomness if the system's random generator fails.
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
    """Client: the opening request (RFC 6455, 4.1). Keep it: parse_response() and
    Connection.confirm() check the response against it.

    host        "example.com" or "example.com:8080".
    target      "/chat?room=1"
    key         From make_key(); None: a new one.
    origin      "https://example.com", or None.
    protocols   Subprotocols to offer, e.g. "chat, superchat", or None.
    extensions  Extensions to offer, e.g. "permessage-deflate", or None.
    headers     Additional header fields, but not Host, nor Origin if `origin` is given.

    Raises InvalidArgument as build_response() does, and NoRandomness as make_key() does.
    """
    fields = {
        "host": text(host, "host"),
        "target": text(target, "target"),
        "key": text(make_key() if key is None else key, "key"),
        "origin": _or_empty(origin, "origin"),
        "protocols": _or_empty(protocols, "protocols"),
        "extensions": _or_empty(extensions, "extensions"),
        "headers": header_lines(headers),
    }
    return _built(_ffi.RequestSpec, lib.ws_build_request, fields, _REQUEST)


_INVALID = _ffi.ERR_INVALID_ARGUMENT


def _built(
    spec_of: Callable[..., _ffi.RequestSpec | _ffi.ResponseSpec],
    build: Callable[..., int],
    fields: Mapping[str, bytes],
    valid: Mapping[str, bytes],
) -> bytes:
    """The head that a function of the library builds.

    valid  Fields of a head that is valid.
    """
    spec = spec_of(*map(bytes_of, fields.values()))
    try:
        return written(
            _FIXED + sum(map(len, fields.values())),
            lambda out, size: build(byref(spec), sizeof(spec), out, size),
        )
    except InvalidArgument:
        pass

    def refuses(given: Mapping[str, bytes]) -> bool:
        tried = spec_of(*map(bytes_of, given.values()))
        return build(byref(tried), sizeof(tried), b"", 0) == _INVALID

    raise blamed(refuses, fields, valid)


def parse_response(data: Data, request: Data) -> Response | None:
    """Client: parses the server's response and checks it against the request that was sent.
    Returns None if its head is incomplete; call again with more.

    Raises InvalidArgument if `request` is not a valid upgrade; HttpSyntax and HttpTooLarge as
    parse_handshake() does. A complete head is checked in this order, and is the `response` of
    the exception: HandshakeStatus; HttpVersion; HandshakeAccept; HandshakeProtocol;
    ExtensionError.
    """
    data, request = readable(data), readable(request, "request")
    answer = _ffi.Response()
    result = lib.ws_parse_response(
        data, len(data), request, len(request), byref(answer), sizeof(answer)
    )
    if result < 0:
        raise refused_response(data, request, result)
    return response_of(data, answer) if result else None


def is_request(request: bytes) -> bool:
    """Whether parse_response() can check a response against it."""
    answer = _ffi.Response()
    result = lib.ws_parse_response(b"", 0, request, len(request), byref(answer), sizeof(answer))
    return bool(result != _INVALID)


def refused_response(data: bytes, request: bytes, code: int) -> WsError:
    """The exception for a response that was refused, with the response."""
    if code == _INVALID:
        return InvalidArgument.of("request", "not a valid opening request")
    response = _any_response(data, request)
    if code == _ffi.ERR_HANDSHAKE_STATUS and response is not None:
        return HandshakeStatus(response)
    error = error_for(code)
    if isinstance(error, HandshakeError):
        error._response = response
    return error


def _any_response(data: bytes, request: bytes) -> Response | None:
    """The response at the start of `data`, whatever it says; None if its head is malformed or
    incomplete.

    The library describes a response that is refused only if its status is not 101. So it reads
    a copy with another: the positions are the same.
    """
    at = data.find(b" ")  # the status follows
    switched = data[at : at + 4] == b" 101"
    copy = data[:at] + b" 200" + data[at + 4 :] if switched else data
    answer = _ffi.Response()
    result = lib.ws_parse_response(
        copy, len(copy), request, len(request), byref(answer), sizeof(answer)
    )
    if result != _ffi.ERR_HANDSHAKE_STATUS:
        return None
    response = response_of(data, answer)
    return response._replace(status=101) if switched else response


def response_of(data: bytes, answer: _ffi.Response) -> Response:
    """The Response of a ws_response."""
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
    """Client: checks a response that an HTTP library has parsed (RFC 6455, 4.1).

    fields              All header fields, repeated ones included; names are case-insensitive.
    key                 The Sec-WebSocket-Key that was sent; not for HTTP/2 and HTTP/3.
    offered_protocols   The Sec-WebSocket-Protocol that was sent, or None.
    offered_extensions  The Sec-WebSocket-Extensions that was sent, or None.
    http_version        The version of the response: 10, 11, 20 or 30.

    Raises as parse_response() does, in the same order; the response of the exception has no
    head. Raises InvalidArgument for another http_version, and if what was sent is malformed.

    For HTTP/2 and HTTP/3 (http_version 20 and 30) the status may be any 2xx, and Upgrade,
    Connection, Sec-WebSocket-Accept and `key` are ignored.
    """
    value = _combined(fields).get
    protocol, extensions = value(b"sec-websocket-protocol"), value(b"sec-websocket-extensions")
    response = _ffi.ResponseFields(
        upgrade=optional(value(b"upgrade")),
        connection=optional(value(b"connection")),
        accept=optional(value(b"sec-websocket-accept")),
        protocol=optional(protocol),
        extensions=optional(extensions),
        key=optional(key, "key"),
        offered_protocols=optional(offered_protocols, "offered_protocols"),
        offered_extensions=optional(offered_extensions, "offered_extensions"),
        http_version=_version(http_version),
        status=in_range("status", status, 2**16),
    )
    result = lib.ws_check_response(byref(response), sizeof(response))
    if result == _INVALID:
        raise _blamed_offer(
            http_version,
            {
                "key": _or_empty(key, "key"),
                "offered_protocols": _or_empty(offered_protocols, "offered_protocols"),
                "offered_extensions": _or_empty(offered_extensions, "offered_extensions"),
            },
        )
    if result < 0:
        error = error_for(result)
        if isinstance(error, HandshakeError):
            answer = Response(
                status=status,
                protocol=_shown(protocol),
                extensions=_shown(extensions),
                head=b"",
                http_version=http_version,
            )
            if isinstance(error, HandshakeStatus):
                raise HandshakeStatus(answer)
            error._response = answer
        raise error


def _blamed_offer(http_version: int, given: Mapping[str, bytes]) -> InvalidArgument:
    def refuses(tried: Mapping[str, bytes]) -> bool:
        values = {name: bytes_of(value) for name, value in tried.items()}
        fields = _ffi.ResponseFields(http_version=http_version, status=101, **values)
        return bool(lib.ws_check_response(byref(fields), sizeof(fields)) == _INVALID)

    return blamed(refuses, given, {"key": _KEY})


def _or_empty(value: str | Data | None, name: str) -> bytes:
    return b"" if value is None else text(value, name)


def header_lines(fields: Headers, argument: str = "headers") -> bytes:
    """Complete lines. A field that would become two, or a different one, is rejected here: the
    library sees only the lines."""
    lines = []
    for name, value in pairs_of(fields, argument):
        name, value = text(name, argument), text(value, argument)
        if not _NAME.fullmatch(name):
            why = f"{quoted(name)} is not the name of a header field"
            raise InvalidArgument.of(argument, why)
        if not _VALUE.fullmatch(value):
            why = f"the value of {quoted(name)} has a control character"
            raise InvalidArgument.of(argument, why)
        lines.append(b"%b: %b\r\n" % (name, value))
    return b"".join(lines)
