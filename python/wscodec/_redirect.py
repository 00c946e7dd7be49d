"""Redirections of a client (RFC 9110, 15.4). It does no I/O: wscodec.asyncio and wscodec.sync
share it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, urljoin

from .datastructures import Headers
from .exceptions import SecurityError
from .handshake import Response
from .uri import WebSocketURI, parse_uri

__all__ = ["MAX_REDIRECTS", "redirected", "same_origin", "without_credentials"]

MAX_REDIRECTS = 10
"""Most redirections that are followed for one connection."""

_STATUSES = (301, 302, 303, 307, 308)
_SCHEMES = {"http": "ws", "https": "wss"}
_SAFE = "%:/?#[]@!$&'()*+,;="
_OF_THE_USER = ("authorization", "cookie", "host", "proxy-authorization")


def redirected(uri: WebSocketURI, response: Response) -> WebSocketURI | None:
    """Where a response redirects the request for `uri`; None if it is no redirection, or does
    not say where. http:// means ws://, https:// means wss://. The credentials of `uri` are kept
    for the same origin, and those in the response are ignored.

    Raises SecurityError for a redirection from wss:// to ws://, and InvalidURI.
    """
    locations = response.headers.get_all("Location")
    if response.status not in _STATUSES or len(locations) != 1:
        return None
    base = f"{'wss' if uri.secure else 'ws'}://{uri.authority}{uri.resource_name}"
    target = urljoin(base, quote(locations[0].encode("latin-1"), safe=_SAFE))
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
