"""A server: it listens, knows its connections, and waits for their end."""

from __future__ import annotations

import asyncio
import contextvars
import socket
from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._listening import address_of
from .._server_opening import Opening
from ..errors import InvalidState
from ..text import CloseCode, close_build
from ._base import CLOSED, CONNECTING, OPEN
from ._server_connection import ServerConnection
from ._settings import Logger, Settings

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Handler", "Server"]

Handler = Callable[[ServerConnection], Awaitable[object]]


class Server:
    """A server, which serve() returns. Await it to start it, or use it in `async with`, which
    also closes it at the end."""

    def __init__(
        self,
        listen: Callable[[Callable[[], asyncio.BaseProtocol]], Awaitable[Any]],
        handler: Handler | None,
        settings: Settings,
        opening: Opening,
        create_connection: Callable[[Settings, Server], ServerConnection],
    ) -> None:
        """For serve().

        listen  Creates the server of asyncio, for a factory of protocols.
        """
        self._listen, self._handler = listen, handler
        self._settings, self._opening = settings, opening
        self._create_connection = create_connection
        self._server: Any = None
        self._starting = asyncio.Lock()
        self._context = contextvars.copy_context()
        self._all: set[ServerConnection] = set()  # also those that open, close, or were closed
        if settings.keepalive:
            settings.keepalive.members = self._all
        self._closing = False
        self._done: asyncio.Future[None] = settings.loop.create_future()

    # Starting

    def __await__(self) -> Generator[Any, None, Self]:
        return self._started().__await__()

    async def __aenter__(self) -> Self:
        return await self

    async def __aexit__(
        self,
        class_: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        await self.wait_closed()

    async def _started(self) -> Self:
        if not await self._start():
            raise InvalidState("the server is closed")
        return self

    async def _start(self) -> bool:
        """Creates the server of asyncio. Returns False after close(), also if that was called
        meanwhile."""
        async with self._starting:
            if self._server is None and not self._closing:
                self._server = await self._listen(self._connection)
                for each in self._server.sockets:
                    self.logger.info("server listening on %s", address_of(each))
        if self._closing and self._server is not None:
            self._server.close()
        return not self._closing

    def _connection(self) -> ServerConnection:
        return self._create_connection(self._settings, self)

    async def start_serving(self) -> None:
        """Accepts connections from now on, if serve() was called with start_serving=False.

        Raises InvalidState after close().
        """
        await (await self)._server.start_serving()

    async def serve_forever(self) -> None:
        """Accepts connections until close() is called, or the task is cancelled: then it closes
        the server. After close() it only waits, like wait_closed()."""
        try:
            if await self._start():
                await self._server.start_serving()
            await self.wait_closed()
        finally:
            self.close()

    # Facts

    @property
    def connections(self) -> set[ServerConnection]:
        """The connections that are open, for broadcast()."""
        return {each for each in self._all if each._state is OPEN}

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The sockets on which the server listens."""
        return () if self._server is None else tuple(self._server.sockets)

    @property
    def logger(self) -> Logger:
        """The logger of the server and its connections."""
        return self._settings.logger

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the server."""
        return self._settings.loop

    def is_serving(self) -> bool:
        """Whether the server accepts connections."""
        return self._server is not None and bool(self._server.is_serving())

    # Closing

    def close(
        self,
        close_connections: bool = True,
        code: int = CloseCode.GOING_AWAY,
        reason: str = "",
    ) -> None:
        """Stops to listen, and starts to close the connections. May be called again.

        close_connections  False: let them go on until they end by themselves. Opening
                           handshakes in progress are answered with a 503 in any case.
        code, reason       For the close frames; see Connection.close().

        A server that was not started cannot be started any more.

        Raises InvalidArgument for a code or reason that a close frame cannot have.
        """
        close_build(code, reason)
        if not self._closing:
            self._closing = True
            self.logger.info("server closing")
            if self._server is not None:
                self._server.close()
        for connection in list(self._all):
            if close_connections or connection._state is CONNECTING:
                connection._go_away(code, reason)
        self._end_if_done()

    async def wait_closed(self) -> None:
        """Waits until close() was called, all connections are closed, and all handlers have
        returned. They are not cancelled: recv() and send() raise ConnectionClosed in them."""
        await asyncio.shield(self._done)

    def _is_closing(self) -> bool:
        return self._closing

    def _forget_if_done(self, connection: ServerConnection) -> None:
        if connection._state is CLOSED and connection._task is None:
            self._all.discard(connection)
            self._end_if_done()

    def _end_if_done(self) -> None:
        if self._closing and not self._all and not self._done.done():
            self._done.set_result(None)
            self.logger.info("server closed")
