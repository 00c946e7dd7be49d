"""ws:// and wss:// URIs (RFC 6455, 3)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from .exceptions import InvalidURI

__all__ = ["WebSocketURI", "parse_uri"]

ALLOWED = "%:/?#[]@!$&'()*+,;="
"""Characters with a meaning in a URI, which are not encoded (RFC 3987, 2.2), and "%"."""


@dataclass(frozen=True)
class WebSocketURI:
    """The parts of a URI."""

    secure: bool
    """Whether it is wss://."""
    host: str
    """A name, in lower case, or an address; an IPv6 address without its brackets."""
    port: int
    """The port; 80 or 443 if the URI has none."""
    path: str = ""
    """E.g. "/chat"; may be empty."""
    query: str = ""
    """What follows "?"; may be empty."""
    username: str | None = None
    """For basic authentication; None if the URI has none."""
    password: str | None = None
    """None if the URI has no username."""

    @property
    def resource_name(self) -> str:
        """The target of the request: path and query."""
        return (self.path or "/") + (f"?{self.query}" if self.query else "")

    @property
    def authority(self) -> str:
        """The value of Host: the port only if it is not the default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"

    @property
    def user_info(self) -> tuple[str, str] | None:
        """Username and password; None if there are none."""
        return None if self.username is None else (self.username, self.password or "")


def parse_uri(uri: str) -> WebSocketURI:
    """Parses a URI. Characters outside ASCII are encoded: in the host by IDNA, elsewhere by
    percent-encoding (RFC 3987, 3.1).

    Raises InvalidURI, TypeError for what is not a str.
    """
    if not isinstance(uri, str):
        raise TypeError(f"uri is a str, not {uri!r}")
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidURI(uri, str(error)) from None
    if parts.scheme not in ("ws", "wss"):
        raise InvalidURI(uri, "the scheme is not ws or wss")
    if not host:
        raise InvalidURI(uri, "the host is missing")
    if port == 0:
        raise InvalidURI(uri, "the port is 0")
    if parts.fragment:
        raise InvalidURI(uri, "it has a fragment identifier")
    if parts.username is not None and parts.password is None:
        raise InvalidURI(uri, "it has a username without a password")
    if parts.username is not None and ":" in unquote(parts.username):
        raise InvalidURI(uri, "the username has a colon")
    if any(character <= " " or character == "\x7f" for character in uri):
        raise InvalidURI(uri, "it has white space or a control character")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise InvalidURI(uri, "the host is not valid") from None
    secure = parts.scheme == "wss"
    return WebSocketURI(
        secure=secure,
        host=host,
        port=port or (443 if secure else 80),
        path=quote(parts.path, safe=ALLOWED),
        query=quote(parts.query, safe=ALLOWED),
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )
