"""A connection of the chat's server: the client's address, and what is counted."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from wscodec import CloseCode
from wscodec.asyncio import ConnectionClosed, Request, ServerConnection, State

from . import proxy_protocol
from .logs import note
from .protocol import Join

if TYPE_CHECKING:
    from .server import Chat


class ChatConnection(ServerConnection):
    """A connection that belongs to the chat of its server."""

    chat: Chat
    name = ""
    """SERVER/NUMBER: as which members of a room belong to it."""
    join: Join | None = None
    """The room that it has joined, as far as it has."""
    place: str | None = None
    """Which of the Places it has taken."""
    on_closing: Callable[[], object] | None = None
    """Called when we close; the handler is told only when the client has closed, too."""
    is_accepted = False
    """Whether it has become a WebSocket."""
    has_outcome = False
    """Whether the end of its opening handshake was counted."""

    _opened_at = 0.0
    _header: bytearray | None = None
    """What has arrived of the header of the PROXY protocol; None if it is not awaited."""
    _client: tuple[str, int] | None = None
    """The client's address as a proxy has told it."""

    # The client's address

    @property
    def remote_address(self) -> Any:
        return self._client or super().remote_address

    @property
    def host(self) -> str:
        """The client's IP address; "" if it has none."""
        address = self.remote_address
        return str(address[0]) if isinstance(address, tuple) else ""

    def trust_forwarded(self, request: Request) -> None:
        """Takes the client's address from the proxy's header field, which has no port.

        What a client has sent itself comes first; the proxy has added the last address.
        """
        forwarded = ",".join(request.headers.get_all("X-Forwarded-For"))
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(forwarded.rpartition(",")[2].strip())
            self._client = str(address), 0

    def facts(self) -> dict[str, Any]:
        """What the log says about the connection."""
        facts: dict[str, Any] = {"connection": self.name, "address": self._address()}
        if self.join is not None:
            facts.update(room=self.join.room, client=self.join.client)
        return facts

    def _address(self) -> str:
        address = self.remote_address
        if not isinstance(address, tuple):
            return "unix"
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    # For asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._opened_at = time.monotonic()
        self.chat.metrics.connections += 1
        if self.chat.options.proxy_protocol:
            self._header = bytearray()
            self._header_room = bytearray(proxy_protocol.MAX_HEADER)
        super().connection_made(cast(asyncio.Transport, _Counting(transport, self.chat)))

    def get_buffer(self, sizehint: int) -> memoryview:
        if self._header is None:
            return super().get_buffer(sizehint)
        return memoryview(self._header_room)

    def buffer_updated(self, nbytes: int) -> None:
        self.chat.metrics.bytes_received += nbytes
        if self._header is None:
            super().buffer_updated(nbytes)
            return
        self._header += self._header_room[:nbytes]
        try:
            header = proxy_protocol.parse(bytes(self._header))
        except proxy_protocol.ProxyError as error:
            note(self.chat.log, "failed", **self.facts(), reason=error)
            self.count_outcome("proxy_header")
            self.transport.abort()
        else:
            if header is not None:
                self._header_received(header)

    def _header_received(self, header: proxy_protocol.Header) -> None:
        assert self._header is not None
        rest, self._header = self._header[header.length :], None
        del self._header_room
        self._client = header.client
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
        super().connection_lost(error)
        self.chat.waiting.discard(self)
        if self.is_accepted:
            self._count_closed()
        elif not self.has_outcome:
            self._count_lost()
        if self.place is not None:
            self.chat.places.give_back(self.place)

    # Figures

    def count_outcome(self, outcome: str) -> None:
        """Counts how the opening handshake has ended."""
        self.has_outcome = True
        self.chat.metrics.handshakes[outcome] += 1

    def _count_lost(self) -> None:
        """Counts what no callback is told: requests that are no HTTP, or not complete."""
        if self.response is not None:
            self.count_outcome("invalid")
        elif time.monotonic() - self._opened_at >= self.chat.options.handshake_timeout:
            self.count_outcome("timeout")

    def _count_closed(self) -> None:
        try:
            self.send_nowait("")
        except ConnectionClosed as error:  # which says who has sent what
            self.chat.metrics.count_closed(error)
        code, reason = self.close_code, self.close_reason
        note(self.chat.log, "closed", **self.facts(), code=code, reason=reason)

    # The end

    def close_nowait(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        was_open = self.state is State.OPEN
        super().close_nowait(code, reason)
        if was_open and self.on_closing is not None:
            self.on_closing()

    # Output

    def tell(self, message: bytes) -> None:
        """Sends a message to this client alone, if the connection is open."""
        self.chat.send((self,), message)

    def drop_if_slow(self) -> None:
        """Closes the connection if too much waits for the client to read."""
        most = self.chat.options.max_waiting
        if self.state is State.OPEN and self.transport.get_write_buffer_size() > most:
            note(self.chat.log, "slow", **self.facts())
            self.chat.metrics.slow_clients += 1
            self.close_nowait(CloseCode.TRY_AGAIN_LATER, "reads too slowly")


class _Counting:
    """A transport that counts what is written."""

    def __init__(self, transport: asyncio.BaseTransport, chat: Chat) -> None:
        self._transport, self._metrics = transport, chat.metrics
        self._write = cast(asyncio.Transport, transport).write

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._metrics.bytes_sent += len(data)
        self._metrics.compression.written(data)
        self._write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
