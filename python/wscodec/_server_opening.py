"""The opening handshake of a server, for both network layers, without I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, Union

from ._callbacks import check_callable, check_plain
from ._checks import check_list, headers_of, subprotocol_list
from .connection import Connection
from .datastructures import Headers, HeadersLike
from .deflate import Deflate, deflate_accept
from .errors import (
    HandshakeError,
    HandshakeOrigin,
    HandshakeProtocol,
    InvalidArgument,
    NotUpgrade,
    renamed,
)
from .frame import Side
from .handshake import (
    Handshake,
    build_reply,
    build_response,
    head_length,
    header_lines,
    headers,
    origin_allowed,
    select_protocol,
)
from .http11 import Request, Response, parse_request, phrase
from .options import Options

Origin = Union[str, "re.Pattern[str]", None]
"""An origin, a pattern of origins, or None for a request without Origin."""

Steps = Generator[Any, Any, "Answer"]
"""Yields what a callback has returned, to get what it results in: wscodec.asyncio awaits it if
it can be awaited. A callback that aborts the connection ends the steps there."""

OURS = frozenset(
    (
        "upgrade",
        "connection",
        "sec-websocket-accept",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
    )
)
"""The fields that the handshake itself writes in a response with the status 101."""

_REASON = re.compile("[\t\x20-\x7e\x80-\xff]*")


class HeadReader:
    """Collects the bytes of a head, which may arrive in many reads."""

    __slots__ = ("_received", "_scanned", "data", "length")

    def __init__(self) -> None:
        self.data = b""
        """The head and what follows it; b"" while the head is incomplete."""
        self.length = 0
        """Length of the head; 0 while it is incomplete."""
        self._received = bytearray()
        self._scanned = 0

    def feed(self, data: bytes) -> bool:
        """Adds bytes. Returns whether the head is complete; then it must not be called again.

        Raises as head_length() does.
        """
        self._received += data
        self.length, self._scanned = head_length(self._received, self._scanned)
        if self.length:
            self.data = bytes(self._received)
        return bool(self.length)


class Answer(NamedTuple):
    """The answer to a request."""

    reply: bytes
    """The bytes to send."""
    response: Response | None = None
    """The same, as an object; None for the one that response_to() returns."""
    engine: Connection | None = None
    """The connection; None if the request was rejected or answered otherwise. Then end the TCP
    connection after the reply."""


class Opening:
    """How a server answers requests: the arguments of serve().

    origins             The acceptable origins; None: all. A str is compared as by
                        origin_allowed(), a pattern must match the whole origin. A request
                        without Origin is acceptable if None is among them.
    subprotocols        The subprotocols of the server, most preferred first. A client that
                        offers none of them is rejected.
    select_subprotocol  Called with the connection and the list of offered subprotocols. Returns
                        one of them, or None. It replaces the choice from `subprotocols`.
    process_request     Called with the connection and the request. Returns the Response to send
                        instead of a handshake, or None.
    process_response    Called with the connection, the request and the response, which it may
                        modify. Returns another Response, or None.
    headers             Additional header fields of the response that accepts a connection.
    server_header       The field Server of all responses; None: no such field.
    deflate             The compression to agree to; None: none.
    options             Of the sans-I/O connections.

    Raises InvalidArgument for arguments that can never work, TypeError for a callback that
    cannot be called.
    """

    def __init__(
        self,
        *,
        origins: Sequence[Origin] | None = None,
        subprotocols: Sequence[str] | None = None,
        select_subprotocol: Callable[[Any, list[str]], str | None] | None = None,
        process_request: Callable[[Any, Request], Any] | None = None,
        process_response: Callable[[Any, Request, Response], Any] | None = None,
        headers: HeadersLike = (),
        server_header: str | None = None,
        deflate: Deflate | None = None,
        options: Options | None = None,
    ) -> None:
        check_plain("select_subprotocol", select_subprotocol, "connection", "offered")
        if process_request is not None:
            check_callable("process_request", process_request, "connection", "request")
        if process_response is not None:
            given = ("connection", "request", "response")
            check_callable("process_response", process_response, *given)
        check_list("origins", origins, str, re.Pattern, type(None))
        self.protocols = subprotocol_list(subprotocols)
        self.select_subprotocol = select_subprotocol
        self.process_request, self.process_response = process_request, process_response
        self.headers = list(headers_of("headers", headers).raw_items())
        self.server = [] if server_header is None else [("Server", server_header)]
        self.shows_request = bool(process_request or process_response or select_subprotocol)
        """Whether a callback sees the request before the answer."""
        self.deflate, self.options = deflate, options or {}
        self.checks_origin = origins is not None
        self.takes_no_origin = None in (origins or ())
        names = [each for each in origins or () if isinstance(each, str)]
        self.origins = " ".join(names)
        self.patterns = [each for each in origins or () if isinstance(each, re.Pattern)]
        # For what can never work:
        header_lines(self.server, "server_header")
        with renamed(protocols="subprotocols"):
            Connection.accept(
                b"",
                protocols=self.protocols,
                origins=names or None,
                headers=self.headers + self.server,
                deflate=deflate,
                **self.options,
            )

    # A request

    def answer(
        self, connection: Any, data: bytes, is_closing: Callable[[], bool] = lambda: False
    ) -> Steps:
        """Answers a request. Sets connection.request, and logs to connection.logger what the
        callbacks raise.

        data        Bytes that start with a complete head.
        is_closing  Whether the server is closing: then the answer is a 503.
        """
        request: Request | None = None
        try:
            refused: HandshakeError | None = None
            try:
                request = parse_request(data)
            except NotUpgrade as error:
                request, refused = Request(*error.request), error
            connection.request = request
            answer = yield from self._processed(connection, request, refused)
        except HandshakeError as error:
            answer = self.refusal(error, request)
        except Exception:
            connection.logger.error("opening handshake failed", exc_info=True)
            answer = self.failed(request)
        if answer.engine is not None and is_closing():
            answer.engine.free()
            answer = self.shutting_down(request)
        return answer

    def _processed(
        self, connection: Any, request: Request, refused: HandshakeError | None
    ) -> Steps:
        response = None
        if self.process_request is not None:
            response = _response((yield self.process_request(connection, request)))
        if response is not None:
            if response.status_code == 101:
                raise InvalidArgument("process_request() cannot return a 101")
            answer = self._answer(response, request)
        elif refused is not None:
            answer = self.refusal(refused, request)
        else:
            try:
                answer = yield from self._accept(connection, request)
            except HandshakeError as error:
                answer = self.refusal(error, request)
        if self.process_response is not None:
            given = answer.response or _accepted(answer.reply)
            result = yield self.process_response(connection, request, given)
            answer = self._changed(answer, _response(result) or given, request)
        return answer

    def _accept(self, connection: Any, request: Handshake) -> Steps:
        self._check_origin(request.origin)
        protocol = yield from self._protocol(connection, request)
        reply, deflate = self._accepting(request, protocol)
        engine = Connection(Side.SERVER, deflate=deflate, **self.options)
        engine._protocol = protocol
        return Answer(reply, engine=engine)

    def _accepting(
        self, request: Handshake, protocol: str | None
    ) -> tuple[bytes, Deflate | None]:
        """The response that accepts a request, and the compression that it agrees to."""
        agreed = None if self.deflate is None else deflate_accept(request.head, self.deflate)
        deflate, extensions = agreed or (None, None)
        reply = build_response(
            request.key,
            protocol=protocol,
            extensions=extensions,
            headers=self.headers + self.server,
        )
        return reply, deflate

    def response_to(self, request: Handshake, protocol: str | None) -> Response:
        """The response that accepted this request, with this subprotocol, if no
        process_response() has changed it."""
        return _accepted(self._accepting(request, protocol)[0])

    def _check_origin(self, origin: str | None) -> None:
        if not self.checks_origin:
            return
        if origin is None:
            allowed = self.takes_no_origin
        else:
            allowed = bool(self.origins) and origin_allowed(origin, self.origins)
            allowed = allowed or any(each.fullmatch(origin) for each in self.patterns)
        if not allowed:
            raise HandshakeOrigin()

    def _protocol(self, connection: Any, request: Handshake) -> Generator[Any, Any, str | None]:
        if self.select_subprotocol is not None:
            offered = [
                each.strip()
                for name, value in headers(request.head)
                if name.lower() == "sec-websocket-protocol"
                for each in value.split(",")
                if each.strip()
            ]
            chosen: str | None = yield self.select_subprotocol(connection, offered)
            if chosen is not None and chosen not in offered:
                raise InvalidArgument(f"select_subprotocol: {chosen!r} was not offered")
            return chosen
        if not self.protocols:
            return None
        selected = select_protocol(request.head, self.protocols)
        if selected is None:
            raise HandshakeProtocol(f"the client offers none of: {self.protocols}")
        return selected

    def _changed(self, answer: Answer, response: Response, request: Handshake) -> Answer:
        """The answer, with a response that process_response() has modified or replaced."""
        engine = answer.engine
        if response.status_code != 101:
            if engine is not None:
                engine.free()
            return self._answer(response, request)
        if engine is None:
            raise InvalidArgument("process_response() cannot accept a request")
        before = Headers(headers(answer.reply))
        for name in OURS:
            if response.headers.get_all(name) != before.get_all(name):
                raise InvalidArgument(f"process_response() cannot change {name}")
        fields = response.headers.raw_items()
        reply = build_response(
            request.key,
            protocol=engine.protocol,
            extensions=before.get("Sec-WebSocket-Extensions"),
            headers=[field for field in fields if field[0].lower() not in OURS],
        )
        return Answer(reply, response, engine)

    # Other answers

    def refusal(self, error: HandshakeError, request: Handshake | None = None) -> Answer:
        """The answer to an invalid request."""
        text = f"Failed to open a WebSocket connection: {error}.\n"
        return self._plain(error.http_status, text, request)

    def failed(self, request: Handshake | None = None) -> Answer:
        """The answer if a callback has failed."""
        return self._plain(500, "The server has failed; see its log.\n", request)

    def shutting_down(self, request: Handshake | None = None) -> Answer:
        """The answer of a server that is closing."""
        return self._plain(503, "The server is shutting down.\n", request)

    def _plain(self, status: int, text: str, request: Handshake | None) -> Answer:
        return self._answer(plain(status, text), request)

    def _answer(self, response: Response, request: Handshake | None) -> Answer:
        for field in self.server:
            if field[0] not in response.headers:
                response.headers[field[0]] = field[1]
        is_head = request is not None and request.method == "HEAD"
        return Answer(written(response, is_head=is_head), response)


def plain(status: int, text: str) -> Response:
    """A response with a short text.

    Raises InvalidArgument for a status that is not 200 ... 599, TypeError for a text that is
    not a str.
    """
    if not isinstance(status, int) or not 200 <= status < 600:
        raise InvalidArgument(f"status {status!r} is not a number from 200 to 599")
    if not isinstance(text, str):
        raise TypeError(f"text is a str, not {text!r}")
    fields = Headers([("Content-Type", "text/plain; charset=utf-8")])
    return Response(int(status), headers=fields, body=text.encode())


def _accepted(reply: bytes) -> Response:
    """The response with the status 101 that these bytes are."""
    return Response(101, headers=Headers(headers(reply)))


def written(response: Response, *, is_head: bool = False) -> bytes:
    """The bytes of a response other than a 101. Connection and Content-Length are written
    whether the response has them or not.

    is_head  Without the body, for a HEAD request.

    Raises InvalidArgument as build_reply() does.
    """
    fields = [
        field
        for field in response.headers.raw_items()
        if field[0].lower() not in ("connection", "content-length")
    ]
    body = response.body
    if is_head and body:
        fields.append(("Content-Length", str(len(body))))
        body = b""
    status = response.status_code
    reply = build_reply(status, fields, body)
    reason = response.reason_phrase
    if reason != phrase(status):
        if not _REASON.fullmatch(reason):
            raise InvalidArgument(f"{reason!r} is not a reason phrase")
        line, rest = reply.split(b"\r\n", 1)
        reply = b"%b %b\r\n%b" % (line[:12], reason.encode("latin-1"), rest)
    return reply


def _response(result: Any) -> Response | None:
    """What a callback returned, checked."""
    if result is not None and not isinstance(result, Response):
        raise TypeError(f"a callback must return a Response or None, not {result!r}")
    return result
