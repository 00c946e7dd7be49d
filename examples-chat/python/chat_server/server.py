"""The server: which requests it accepts, and what its connections share."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import cast

from wscodec.asyncio import Request, Response, Server, ServerConnection, broadcast, serve

from . import pages
from .connection import ChatConnection
from .conversation import converse
from .limits import Places
from .metrics import Metrics
from .options import Options
from .protocol import MAX_MESSAGE, SUBPROTOCOL
from .rooms import Rooms
from .store import Store

PATH = "/chat"
WRITE_LIMIT = 2**16
"""Bytes that may wait for a client until the history waits for it."""


class Chat:
    """What the connections of the process share."""

    def __init__(self, options: Options, page: bytes) -> None:
        self.options, self.page = options, page
        self.name = options.name or ""
        self.is_draining = False
        self.metrics = Metrics()
        self.places = Places(options.max_connections, options.max_per_address)
        self.waiting: set[ChatConnection] = set()
        """The connections whose client has more than WRITE_LIMIT to read."""
        self.store = Store(options.redis)
        self.rooms = Rooms(options.redis, self.store, self.metrics, self.send)
        self._last_number = 0

    def serve(self) -> Server:
        """The server; to be awaited."""
        options = self.options
        return serve(
            self._handle,
            options.host,
            options.port,
            process_request=self._process_request,
            process_response=self._process_response,
            subprotocols=[SUBPROTOCOL],
            origins=options.origins,
            compression="deflate" if options.compression else None,
            max_size=MAX_MESSAGE,
            ping_interval=options.ping_interval or None,
            ping_timeout=options.ping_timeout or None,
            write_limit=min(WRITE_LIMIT, options.max_waiting),
            logger=logging.getLogger("chat.server"),
            create_connection=self._connection,
        )

    def _connection(self, *arguments: object) -> ChatConnection:
        connection = ChatConnection(*arguments)  # type: ignore[arg-type]
        connection.chat = self
        return connection

    async def _handle(self, connection: ServerConnection) -> None:
        await converse(self, cast(ChatConnection, connection))

    # Requests

    def _process_request(
        self, connection: ServerConnection, request: Request
    ) -> Response | None:
        if request.path.partition("?")[0] != PATH:
            return pages.respond(self, request)
        return self._refusal(cast(ChatConnection, connection), request)

    def _refusal(self, connection: ChatConnection, request: Request) -> Response | None:
        """Why a request for a WebSocket is refused; None if it is not, as far as we know."""
        if "Upgrade" not in request.headers:
            return None
        if self.is_draining:
            return connection.respond(503, "This process is being shut down.\n")
        if self.places.is_full():
            return connection.respond(503, "There are too many connections.\n")
        address = connection.client_address(request)
        if self.places.is_full_for(address):
            return connection.respond(429, "There are too many connections of your address.\n")
        self.places.take(address)
        connection.place = address
        self._last_number += 1
        connection.name = f"{self.name}/{self._last_number}"
        return None

    def _process_response(
        self, connection: ServerConnection, request: Request, response: Response
    ) -> None:
        if request.path.partition("?")[0] == PATH:
            self.metrics.handshakes[str(response.status_code)] += 1

    # Output

    def send(self, connections: Collection[ChatConnection], message: bytes) -> None:
        """Sends a message to those that are open, and drops those that do not read."""
        broadcast(connections, message, text=True)
        self.metrics.messages["out"] += len(connections)
        self.metrics.bytes["out"] += len(connections) * len(message)
        for connection in list(self.waiting):
            connection.drop_if_slow()

    def metrics_text(self) -> str:
        return self.metrics.text(
            connections=self.places.count,
            rooms=len(self.rooms),
            waiting=sum(each.transport.get_write_buffer_size() for each in self.waiting),
        )
