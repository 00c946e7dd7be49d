"""Basic authentication (RFC 7617): what a client sends, and process_request of a server."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any, Union

from .errors import InvalidArgument
from .handshake import Handshake
from .http11 import Response

__all__ = ["Check", "Credentials", "basic_auth", "basic_authorization"]

Credentials = Union["tuple[str, str]", "Iterable[tuple[str, str]]"]
Check = Callable[[str, str], Union[bool, Awaitable[bool]]]


def basic_authorization(username: str, password: str) -> str:
    """The value of Authorization, or of Proxy-Authorization.

    Raises InvalidArgument for a username with a colon, which the server would take for its end.
    """
    if ":" in username:
        raise InvalidArgument.of("username", f"{username!r} has a colon")
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def basic_auth(
    realm: str = "",
    credentials: Credentials | None = None,
    check_credentials: Check | None = None,
) -> Callable[[Any, Handshake], Any]:
    """Returns a function for process_request that demands a username and a password (RFC
    7617):

        serve(handler, process_request=basic_auth("chat", credentials=("me", "secret")))

    A request without valid credentials is answered with a 401. Otherwise the connection's
    username is set.

    realm              What the credentials are for, shown to users. ASCII.
    credentials        A pair of username and password, or several.
    check_credentials  Called with username and password, returns whether they are valid; with
                       wscodec.asyncio it may be a coroutine function.

    Raises InvalidArgument unless exactly one of the last two is given, and for another realm;
    TypeError for other credentials.
    """
    if (credentials is None) == (check_credentials is None):
        raise InvalidArgument("give either credentials or check_credentials")
    if not realm.isascii() or not realm.isprintable():
        raise InvalidArgument.of("realm", f"{realm!r} is not printable ASCII")
    quoted = realm.replace("\\", "\\\\").replace('"', '\\"')
    challenge = f'Basic realm="{quoted}", charset="UTF-8"'
    check = check_credentials or _one_of(_pairs(credentials))

    def rejected(connection: Any, text: str) -> Response:
        response: Response = connection.respond(HTTPStatus.UNAUTHORIZED, text)
        response.headers["WWW-Authenticate"] = challenge
        return response

    def judged(connection: Any, username: str, is_valid: bool) -> Response | None:
        if not is_valid:
            return rejected(connection, "Invalid credentials\n")
        connection.username = username
        return None

    async def judged_later(
        connection: Any, username: str, is_valid: Awaitable[bool]
    ) -> Response | None:
        return judged(connection, username, await is_valid)

    def process_request(connection: Any, request: Handshake) -> Any:
        values = request.headers.get_all("Authorization")
        if not values:
            return rejected(connection, "Missing credentials\n")
        given = _parsed(values[0]) if len(values) == 1 else None
        if given is None:
            return rejected(connection, "Unsupported credentials\n")
        is_valid = check(*given)
        if isinstance(is_valid, Awaitable):
            return judged_later(connection, given[0], is_valid)
        return judged(connection, given[0], is_valid)

    return process_request


def _pairs(credentials: Any) -> dict[str, str]:
    if _is_pair(credentials):
        return dict([credentials])
    pairs = list(credentials)
    if not all(map(_is_pair, pairs)):
        raise TypeError("credentials are a pair of str, or a list of such pairs")
    return dict(pairs)


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, (tuple, list))
        and len(value) == 2
        and all(isinstance(each, str) for each in value)
    )


def _one_of(passwords: dict[str, str]) -> Check:
    def check(username: str, password: str) -> bool:
        # Compared also for an unknown username, which then takes as long.
        expected = passwords.get(username, "")
        is_same = hmac.compare_digest(expected.encode(), password.encode())
        return is_same and username in passwords

    return check


def _parsed(authorization: str) -> tuple[str, str] | None:
    """Username and password; None if it is something else."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    username, colon, password = text.partition(":")
    return (username, password) if colon else None
