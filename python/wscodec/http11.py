"""The requests and responses of wscodec.asyncio and wscodec.sync."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus

from .datastructures import Headers
from .handshake import Handshake, parse_handshake

__all__ = ["Request", "Response"]


class Request(Handshake):
    """A client's request: `path` is its target, `headers` its header fields."""

    _headers: Headers | None = None

    @property
    def headers(self) -> Headers:
        """All header fields of the head, always the same object."""
        if self._headers is None:
            self._headers = super().headers
        return self._headers


def parse_request(data: bytes) -> Request:
    """The request in bytes that start with a complete head.

    Raises as parse_handshake() does.
    """
    parsed = parse_handshake(data)
    assert parsed is not None, "the head is complete"
    return Request(*parsed)


@dataclass
class Response:
    """A response that a server is going to send. What a client has received is a
    wscodec.Response."""

    status_code: int
    """200 ... 599, or 101 for the response that accepts a connection."""
    reason_phrase: str = ""
    """The text after the status; what is standard for the status if it is empty."""
    headers: Headers = field(default_factory=Headers)
    """Header fields. Content-Length and Connection are added when it is sent."""
    body: bytes = b""
    """The body."""

    def __post_init__(self) -> None:
        if not isinstance(self.headers, Headers):
            self.headers = Headers(self.headers)
        if not self.reason_phrase:
            self.reason_phrase = phrase(self.status_code)


def phrase(status: int) -> str:
    """The standard reason phrase of a status; "" if there is none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
