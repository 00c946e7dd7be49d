"""A connection of the chat's server: the client's address, and what the server counts."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING, Any

from wscodec import CloseCode
from wscodec.asyncio import Request, ServerConnection, State

from . import proxy_protocol

if TYPE_CHECKING:
    from .server import Chat

_HEADER_SIZE = 4096


class ChatConnection(ServerConnection):
    """A connection that belongs to the chat of its server."""

    chat: Chat
    name: str
    """As which members of a room belong to it."""
    place: str | None = None
    """The address for which it has taken one of the Places."""

    _header: bytearray | None = None
    """What has arrived of the header of the PROXY protocol; None if it is not awaited."""
    _client: tuple[str, int] | None = None
    """The client's address in that header."""

    # The client's address

    @property
    def remote_address(self) -> Any:
        return self._client or super().remote_address

    def client_address(self, request: Request) -> str:
        """The address of the client, to which limits apply."""
        if self.chat.options.trust_forwarded:
            # What a client has sent itself comes first; the proxy has added the last one.
            forwarded = ",".join(request.headers.get_all("X-Forwarded-For"))
            last = forwarded.rpartition(",")[2].strip()
            try:
                return str(ipaddress.ip_address(last))
            except ValueError:
                pass
        address = self.remote_address
        return str(address[0]) if isinstance(address, tuple) else "unix"

    # For asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.chat.options.proxy_protocol:
            self._header = bytearray()
            self._header_room = bytearray(_HEADER_SIZE)
        super().connection_made(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        if self._header is None:
            return super().get_buffer(sizehint)
        return memoryview(self._header_room)

    def buffer_updated(self, nbytes: int) -> None:
        if self._header is None:
            super().buffer_updated(nbytes)
            return
        self._header += self._header_room[:nbytes]
        try:
            header = proxy_protocol.parse(bytes(self._header))
        except proxy_protocol.ProxyError as error:
            self.logger.warning("%s: %s", super().remote_address, error)
            self.chat.metrics.handshakes["proxy"] += 1
            self.transport.abort()
            return
        if header is not None:
            self._client = header.client
            rest, self._header = self._header[header.length :], None
            del self._header_room
            if rest:
                super().get_buffer(len(rest))[: len(rest)] = rest
                super().buffer_updated(len(rest))

    def pause_writing(self) -> None:
        super().pause_writing()
        self.chat.waiting.add(self)

    def resume_writing(self) -> None:
        self.chat.waiting.discard(self)
        super().resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        self.chat.waiting.discard(self)
        if self.place is not None:
            self.chat.places.give_back(self.place)
            self.place = None
        super().connection_lost(error)

    # Output

    def tell(self, message: bytes) -> None:
        """Sends a message to this client alone, if the connection is open."""
        self.chat.send((self,), message)

    def drop_if_slow(self) -> None:
        """Closes the connection if too much waits for the client to read."""
        most = self.chat.options.max_waiting
        if self.state is State.OPEN and self.transport.get_write_buffer_size() > most:
            self.logger.info("%s does not read", self.remote_address)
            self.chat.metrics.slow_readers += 1
            self.close_nowait(CloseCode.TRY_AGAIN_LATER, "the client reads too slowly")
