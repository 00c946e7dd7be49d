"""Redirections of a client (RFC 9110, 15.4). It does no I/O: wscodec.asyncio and wscodec.sync
share it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

from .datastructures import Headers
from .exceptions import InvalidStatus, SecurityError
from .handshake import Response
from .uri import ALLOWED, WebSocketURI, parse_uri

if TYPE_CHECKING:
    from ._client_opening import Offer

__all__ = [
    "MAX_REDIRECTS",
    "Redirects",
    "redirected",
    "same_origin",
    "without_credentials",
]

MAX_REDIRECTS = 10
"""Most redirections that are followed for one connection."""

_STATUSES = (301, 302, 303, 307, 308)
_SCHEMES = {"http": "ws", "https": "wss"}
_LOCATION = re.compile(rb"\r\nLocation:[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.IGNORECASE)
_OF_THE_USER = ("authorization", "cookie", "host", "proxy-authorization")


class Redirects:
    """The redirections of one attempt to connect."""

    uri: WebSocketURI
    """Where to connect next."""
    offer: Offer
    """What to ask for there."""

    def __init__(
        self, uri: WebSocketURI, offer: Offer, *, is_given: bool, is_used_up: bool
    ) -> None:
        """
        is_given    Whether the user named the address of the server, so that it is not that of
                    another one.
        is_used_up  Whether there cannot be a second connection.
        """
        self.uri, self.offer = uri, offer
        self._is_given, self._is_used_up = is_given, is_used_up
        self._count = 0

    def follow(self, error: InvalidStatus) -> None:
        """Sets `uri` and `offer` to where the response of the error redirects.

        Raises the error itself if it is no redirection, SecurityError for one that must not be
        followed, and InvalidURI.
        """
        target = redirected(self.uri, error.response)
        if target is None:
            raise error
        self._count += 1
        is_other = not same_origin(self.uri, target)
        if self._count > MAX_REDIRECTS:
            raise SecurityError(
                error.response, f"the server redirects more than {MAX_REDIRECTS} times"
            ) from error
        if self._is_used_up:
            raise SecurityError(
                error.response, "the server redirects, and `sock` was for one connection"
            ) from error
        if is_other and self._is_given:
            raise SecurityError(
                error.response, "the server redirects to another one, and the address was given"
            ) from error
        self.uri = target
        if is_other:
            headers = without_credentials(self.offer.headers)
            self.offer = replace(self.offer, headers=headers)


def redirected(uri: WebSocketURI, response: Response) -> WebSocketURI | None:
    """Where a response redirects the request for `uri`; None if it is no redirection, or does
    not say where. http:// means ws://, https:// means wss://. The credentials of `uri` are kept
    for the same origin, and those in the response are ignored.

    Raises SecurityError for a redirection from wss:// to ws://, and InvalidURI.
    """
    locations = _LOCATION.findall(response.head)  # as bytes: it may have any
    if response.status not in _STATUSES or len(locations) != 1:
        return None
    base = f"{'wss' if uri.secure else 'ws'}://{uri.authority}{uri.resource_name}"
    target = urljoin(base, quote(locations[0], safe=ALLOWED))
    scheme, _, rest = target.partition("#")[0].partition(":")
    found = parse_uri(f"{_SCHEMES.get(scheme.lower(), scheme)}:{rest}")
    if uri.secure and not found.secure:
        raise SecurityError(response, "the server redirects from wss to ws")
    own = uri if same_origin(uri, found) else None
    return replace(
        found,
        username=own.username if own else None,
        password=own.password if own else None,
    )


def same_origin(one: WebSocketURI, other: WebSocketURI) -> bool:
    """Whether two URIs have the same scheme, host and port."""
    return (one.secure, one.host, one.port) == (other.secure, other.host, other.port)


def without_credentials(headers: Headers) -> Headers:
    """The header fields without those that the user meant for one origin only: Authorization,
    Cookie, Host, Proxy-Authorization."""
    return Headers(
        [field for field in headers.raw_items() if field[0].lower() not in _OF_THE_USER]
    )
