"""One attempt of a client to connect, with redirections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from .._client import ClientOpening, Offer, Opened
from .._redirect import MAX_REDIRECTS, redirected, same_origin, without_credentials
from ..exceptions import InvalidStatus, SecurityError
from ..uri import WebSocketURI
from ._link import Link
from ._route import Route
from ._settings import Settings

if TYPE_CHECKING:
    from .client import ClientConnection

__all__ = ["Attempt"]


class Attempt:
    """One attempt. If it fails or is cancelled, no connection stays open."""

    def __init__(
        self, route: Route, settings: Settings, create: Callable[[Settings], ClientConnection]
    ) -> None:
        """
        create  Makes the object for a connection.
        """
        self._route, self._settings, self._create = route, settings, create
        self._opening: ClientOpening | None = None

    @property
    def refusal(self) -> InvalidStatus | None:
        """The error for a response whose body has not ended; None if none has arrived."""
        return None if self._opening is None else self._opening.refusal

    async def run(self, uri: WebSocketURI, offer: Offer) -> ClientConnection:
        """Connects. Raises as connect() does, but has no time limit."""
        redirections = 0
        while True:
            try:
                return await self._open(uri, offer)
            except InvalidStatus as error:
                target = redirected(uri, error.response)
                if target is None:
                    raise
                redirections += 1
                if redirections > MAX_REDIRECTS:
                    why = f"the server redirects more than {MAX_REDIRECTS} times"
                    raise SecurityError(error.response, why) from error
                offer = self._offer_after(error, uri, target, offer)
                uri = target

    def _offer_after(
        self, error: InvalidStatus, uri: WebSocketURI, target: WebSocketURI, offer: Offer
    ) -> Offer:
        """What to ask for where a redirection leads."""
        if self._route.is_used_up:
            why = "the server redirects, and `sock` was for one connection"
            raise SecurityError(error.response, why) from error
        if same_origin(uri, target):
            return offer
        if self._route.is_given:
            why = "the server redirects to another one, and the address was given"
            raise SecurityError(error.response, why) from error
        return replace(offer, headers=without_credentials(offer.headers))

    async def _open(self, uri: WebSocketURI, offer: Offer) -> ClientConnection:
        """Connects without redirections."""
        link = Link()
        opening = ClientOpening(uri, offer, self._settings.options())
        self._opening = None
        try:
            await self._route.connect(uri, link)
            self._opening = opening
            return await link.exchange(
                opening, lambda opened: self._accept(link.transport, opening.request, opened)
            )
        except BaseException:
            link.abort()
            raise

    def _accept(
        self, transport: asyncio.Transport, request: bytes, opened: Opened | None
    ) -> ClientConnection:
        assert opened is not None, "Link waits until there is something"
        connection = self._create(self._settings)
        transport.set_protocol(connection)
        connection._begin(transport, request, opened)
        return connection
