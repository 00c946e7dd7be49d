"""The server: which requests it accepts, and what its connections share."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import cast

import wscodec
from wscodec import CloseCode
from wscodec.asyncio import Request, Response, Server, ServerConnection, broadcast, serve

from . import pages
from .connection import ChatConnection
from .conversation import converse
from .limits import Places, place_of
from .logs import note
from .metrics import Metrics
from .options import Options
from .protocol import MAX_MESSAGE, SUBPROTOCOL
from .rooms import Rooms
from .store import Store

PATH = "/chat"
WRITE_LIMIT = 2**16
"""Bytes that may wait for a client until the history waits for it."""

CLOSE_TIMEOUT = 5
"""Seconds for a client to answer a close frame, and to read what was sent before."""


class Chat:
    """What the connections of the process share."""

    log = logging.getLogger("chat.server")

    def __init__(self, options: Options, page: bytes | None) -> None:
        self.options, self.page = options, page
        self.name = options.name
        self.is_draining = False
        self.metrics = Metrics()
        self.places = Places(options.max_connections, options.max_per_address)
        self.waiting: set[ChatConnection] = set()
        """The connections whose client has more than WRITE_LIMIT to read."""
        self.store = Store(options.redis, options.presence_seconds)
        self.rooms = Rooms(options.redis, self.store, self.metrics, self.send)
        self._last_number = 0

    def serve(self) -> Server:
        """The server; to be awaited."""
        options = self.options
        can_deflate = wscodec.library_can_deflate() and not options.no_compression
        return serve(
            self._handle,
            *options.listen,
            process_request=self._process_request,
            process_response=self._process_response,
            subprotocols=[SUBPROTOCOL],
            origins=options.origin and [*options.origin, None],
            compression="deflate" if can_deflate else None,
            max_size=MAX_MESSAGE,
            ping_interval=options.ping_interval,
            ping_timeout=options.ping_timeout,
            close_timeout=min(CLOSE_TIMEOUT, options.ping_timeout),
            write_limit=min(WRITE_LIMIT, options.max_waiting),
            open_timeout=options.handshake_timeout,
            create_connection=self._connection,
            reuse_port=True,  # for a new process, while this one drains
        )

    def _connection(self, *arguments: object) -> ChatConnection:
        connection = ChatConnection(*arguments)  # type: ignore[arg-type]
        connection.chat = self
        self._last_number += 1
        connection.name = f"{self.name}/{self._last_number}"
        return connection

    async def _handle(self, connection: ServerConnection) -> None:
        ours = cast(ChatConnection, connection)
        if ours.place is None:
            ours.close_nowait(CloseCode.TRY_AGAIN_LATER, "too many connections")
        await converse(self, ours)

    # Requests

    def _process_request(
        self, connection: ServerConnection, request: Request
    ) -> Response | None:
        ours = cast(ChatConnection, connection)
        if request.path.partition("?")[0] != PATH:
            ours.has_outcome = True  # of HTTP, not of a handshake
            return pages.respond(self, request)
        if "Upgrade" not in request.headers:
            return None
        if self.options.trust_forwarded:
            ours.trust_forwarded(request)
        place = place_of(ours.host)
        if self.is_draining:
            ours.count_outcome("draining")
            return connection.respond(503, "This process is being shut down.\n")
        if self.places.is_full_for(place):
            ours.count_outcome("address_limit")
            return connection.respond(429, "Your address has too many connections.\n")
        if self.places.is_full():  # a page is not told the status, so it is accepted first
            ours.count_outcome("connection_limit")
            return None
        ours.place = place
        self.places.take(place)
        return None

    def _process_response(
        self, connection: ServerConnection, request: Request, response: Response
    ) -> None:
        ours = cast(ChatConnection, connection)
        status = response.status_code
        note(self.log, "request", **ours.facts(), status=status, target=request.path)
        ours.is_accepted = status == 101
        if ours.has_outcome:
            return
        if response.status_code == 101:
            ours.count_outcome("accepted")
        elif response.status_code == 403:
            ours.count_outcome("origin")
        elif SUBPROTOCOL not in request.headers.get("Sec-WebSocket-Protocol", ""):
            ours.count_outcome("subprotocol")
        else:
            ours.count_outcome("invalid")

    # Output

    def send(self, connections: Collection[ChatConnection], message: bytes) -> None:
        """Sends a message to those that are open, and drops those that do not read."""
        with self.metrics.compression.of(message):
            broadcast(connections, message, text=True)
        self.metrics.messages_sent += len(connections)
        for connection in list(self.waiting):
            connection.drop_if_slow()

    def metrics_text(self) -> str:
        return self.metrics.text(
            connections=self.places.count,
            rooms=len(self.rooms),
            waiting=sum(each.transport.get_write_buffer_size() for each in self.waiting),
        )
