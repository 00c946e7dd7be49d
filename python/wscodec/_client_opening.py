"""The opening handshake of a network client. It does no I/O: wscodec.asyncio and wscodec.sync
share it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from . import _ffi
from ._auth import basic_authorization
from ._buffers import Data
from ._checks import subprotocol_list
from ._response_body import BodyReader
from .connection import Connection
from .datastructures import Headers
from .deflate import Deflate, deflate_offer
from .errors import HandshakeStatus, InvalidArgument, renamed
from .exceptions import InvalidMessage
from .handshake import Response, build_request, head_length, header_lines
from .options import Options
from .uri import WebSocketURI

__all__ = ["USER_AGENT", "ClientOpening", "Offer", "Opened"]

USER_AGENT = (
    f"wscodec/{_ffi.VERSION_MAJOR}.{_ffi.VERSION_MINOR}.{_ffi.VERSION_PATCH}"
    f" Python/{sys.version_info[0]}.{sys.version_info[1]}"
)
"""The default value of User-Agent."""


@dataclass(frozen=True)
class Offer:
    """What a client asks for in its requests."""

    origin: str | None = None
    """The value of Origin; None: the field is not sent."""
    subprotocols: Sequence[str] | None = None
    """The subprotocols to offer, most preferred first; None or empty for none."""
    deflate: Deflate | None = None
    """The compression to offer; None for none."""
    headers: Headers = field(default_factory=Headers)
    """Additional header fields. Host, User-Agent and Authorization replace those that would be
    sent otherwise."""
    user_agent: str | None = USER_AGENT
    """The value of User-Agent; None: the field is not sent."""

    def request(self, uri: WebSocketURI) -> bytes:
        """A new request.

        Raises InvalidArgument for anything that would make it invalid, which it calls as
        connect() does, and TypeError for subprotocols that are one string.
        """
        protocols = subprotocol_list(self.subprotocols)
        fields = self.headers.copy()
        hosts = fields.get_all("Host")
        if hosts:
            del fields["Host"]
        if len(hosts) > 1:
            raise InvalidArgument.of("additional_headers", "there are two Host fields")
        header_lines([("User-Agent", self.user_agent or "")], "user_agent_header")
        if self.user_agent is not None and "User-Agent" not in fields:
            fields["User-Agent"] = self.user_agent
        if uri.user_info is not None and "Authorization" not in fields:
            fields["Authorization"] = basic_authorization(*uri.user_info)
        host = "additional_headers" if hosts else "uri"
        names = {"protocols": "subprotocols", "headers": "additional_headers"}
        with renamed(host=host, target="uri", **names):
            return build_request(
                hosts[0] if hosts else uri.authority,
                uri.resource_name,
                origin=self.origin,
                protocols=protocols or None,
                extensions=None if self.deflate is None else deflate_offer(self.deflate),
                headers=list(fields.raw_items()),
            )


class Opened(NamedTuple):
    """An accepted connection."""

    connection: Connection
    """The connection, without I/O."""
    response: Response
    """The response."""
    rest: bytes
    """What has arrived after the response: the first frames."""


class ClientOpening:
    """One opening handshake: send `request`, and pass what arrives to receive() until that
    returns an Opened or raises an exception."""

    request: bytes
    """The request."""

    def __init__(self, uri: WebSocketURI, offer: Offer, options: Options | None = None) -> None:
        """
        options  The options of the Connection.

        Raises as Offer.request() does.
        """
        self.request = offer.request(uri)
        self._deflate = offer.deflate
        self._options: Options = {} if options is None else options
        self._received = bytearray()
        self._scanned = 0
        self._body: BodyReader | None = None

    def receive(self, data: Data) -> Opened | None:
        """Takes what the server has sent. None: more must arrive.

        Raises HandshakeStatus, once the body of a response that is not a 101 is complete; all
        other errors of Connection.confirm() as soon as they are certain.
        """
        if self._body is None:
            self._received += data
            opened = self._head()
            if opened is not None or self._body is None:
                return opened
            data = self._received
        if self._body.receive(data):
            raise HandshakeStatus(self._body.response)
        return None

    def _head(self) -> Opened | None:
        """Handles a head that is complete. If there must be a body, that is read next."""
        while True:
            length, self._scanned = head_length(self._received, self._scanned)
            if not length:
                return None
            try:
                return self._confirm()
            except HandshakeStatus as error:
                response = error.response
            del self._received[:length]
            self._scanned = 0
            if response.status >= 200:  # else another response follows
                self._body = BodyReader(response)
                return None

    def _confirm(self) -> Opened:
        received = bytes(self._received)
        confirmed = Connection.confirm(
            received, self.request, deflate=self._deflate, **self._options
        )
        assert confirmed is not None, "the head is complete"
        connection, response = confirmed
        return Opened(connection, response, received[len(response.head) :])

    @property
    def refusal(self) -> HandshakeStatus | None:
        """The error for a response whose body is not complete; None if none has arrived."""
        return None if self._body is None else HandshakeStatus(self._body.response)

    def finish(self) -> NoReturn:
        """To be called when the stream ends before the handshake has.

        Raises HandshakeStatus if a response has arrived whose body ends here, else
        InvalidMessage, whose cause is an EOFError.
        """
        if (refusal := self.refusal) is not None:
            raise refusal
        raise InvalidMessage(
            "the connection was closed before the response was complete"
        ) from EOFError()
