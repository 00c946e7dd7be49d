"""One attempt of a client to connect, with redirections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from .._client_opening import ClientOpening, Offer, Opened
from .._redirect import Redirects
from ..exceptions import InvalidStatus
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
        route = self._route
        next_ = Redirects(uri, offer, is_given=route.is_given, is_used_up=route.is_used_up)
        while True:
            try:
                return await self._open(next_.uri, next_.offer)
            except InvalidStatus as error:
                next_.follow(error)

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
