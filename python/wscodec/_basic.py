"""Basic authentication (RFC 7617), the client's part."""

from __future__ import annotations

from base64 import b64encode

from .errors import InvalidArgument

__all__ = ["basic_authorization"]


def basic_authorization(username: str, password: str) -> str:
    """The value of Authorization, or of Proxy-Authorization.

    Raises InvalidArgument for a username with a colon, which the server would take for its end.
    """
    if ":" in username:
        raise InvalidArgument(f"the username {username!r} has a colon")
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"
