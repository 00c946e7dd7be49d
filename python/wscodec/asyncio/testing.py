"""Servers and connections in memory, to test handlers and callbacks without a network:

async with pair(handler) as (server, client):
    await client.send("Hello")
    assert await client.recv() == "Hello"

async with serve(handler) as server:
    async with server.connect("/one") as one, server.connect("/two") as two:
        ...
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any

from .._testing import Failures
from ..uri import WebSocketURI
from ._arguments import accepted_by
from ._link import Link
from ._memory_transport import join
from ._route import Route
from ._server import Handler
from .client import ClientConnection, connect
from .server import Server, ServerConnection
from .server import serve as serve_on_network

__all__ = ["MemoryServer", "pair", "serve"]


def serve(handler: Handler | None = None, **options: Any) -> MemoryServer:
    """Creates a server that does not listen: its own connect() makes the connections. They
    behave like those of a network, with bytes on a wire, limits and back-pressure.

    handler  As for wscodec.asyncio.serve().
    options  As for wscodec.asyncio.serve(), except those for sockets and TLS.

    Use it in `async with`. An exception that leaves the block aborts the connections and
    cancels the handlers. Otherwise the connections are closed at the end; if a handler has not
    returned when close_timeout has passed, it is cancelled, and TimeoutError is raised.

    At the end, what a handler or callback has raised first is raised again, in place of the
    WebSocketException that was its consequence. The end of its own connection is no failure of
    a handler.

    Raises as wscodec.asyncio.serve() does.
    """
    of_network = accepted_by("create_server").intersection(options)
    if of_network:
        raise TypeError(f"not for a server in memory: {', '.join(sorted(of_network))}")
    return MemoryServer(serve_on_network(handler, port=0, **options))


@contextlib.asynccontextmanager
async def pair(
    handler: Handler | None = None,
    path: str = "/",
    *,
    client: Mapping[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[tuple[ServerConnection, ClientConnection]]:
    """Two connections, a server's and a client's, that are connected in memory. They end as
    those of serve() do.

    handler  As for serve(); None (and no on_message): nothing, so that the test uses the
             server's connection itself.
    path     The target of the client's request, e.g. "/chat?room=1".
    client   Options of the client, as for MemoryServer.connect(), e.g.
             {"additional_headers": {"Cookie": "a=b"}}.
    options  As for serve().

    Raises as serve() and its server.connect() do.
    """
    has_handler = handler is not None or "on_message" in options
    server = serve(handler if has_handler else _nothing, **options)
    if not has_handler:
        server._handler = None
    async with server:
        attempt = server.connect(path, **(client or {}))
        async with attempt as theirs:
            yield attempt.route.accepted, theirs


async def _nothing(connection: ServerConnection) -> None:
    raise AssertionError("it is not called")


class MemoryServer(Server):
    """A server that serve() returns."""

    def __init__(self, model: Server) -> None:
        """For serve().

        model  Has the options; it is not started.
        """
        settings, opening = model._settings, model._opening
        self._failures = Failures(asyncio.CancelledError)
        super().__init__(
            _listen, self._watched(model._handler), settings, opening, model._create_connection
        )
        settings.on_message = self._watched(settings.on_message)
        settings.on_connect = self._watched(settings.on_connect)
        settings.on_disconnect = self._watched(settings.on_disconnect)
        opening.select_subprotocol = self._watched(opening.select_subprotocol)
        opening.process_request = self._watched(opening.process_request)
        opening.process_response = self._watched(opening.process_response)

    def connect(self, path: str = "/", **options: Any) -> MemoryConnect:
        """A client of this server, to be used like wscodec.asyncio.connect().

        path     The target of its request.
        options  As for wscodec.asyncio.connect(), except those for sockets, TLS and proxies.
                 By default it offers the subprotocols and the compression of the server, and
                 sends no pings.

        Raises as wscodec.asyncio.connect() does; ConnectionRefusedError while the server is not
        started, and after close().
        """
        opening = self._opening
        offered = {
            "subprotocols": opening.protocols.split(", ") if opening.protocols else None,
            "compression": opening.deflate,
            "ping_interval": None,
        }
        return MemoryConnect(self, path, {**offered, **options})

    def _accept(self, link: Link) -> ServerConnection:
        if not self.is_serving():
            raise ConnectionRefusedError("the server does not listen")
        connection = self._connection()
        join(connection, link)
        return connection

    def _watched(self, function: Any) -> Any:
        """As Failures.watched(), also for coroutine functions."""
        watched = self._failures.watched(function)
        if watched is None:
            return None

        async def awaited(connection: ServerConnection, result: Awaitable[Any]) -> Any:
            with self._failures.noting(connection):
                return await result

        @functools.wraps(function)
        def call(connection: ServerConnection, *others: Any) -> Any:
            result = watched(connection, *others)
            return awaited(connection, result) if inspect.isawaitable(result) else result

        return call

    # The end

    async def __aexit__(
        self,
        class_: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        if error is not None:
            self._abort()
        ended = asyncio.ensure_future(self.wait_closed())
        await asyncio.wait([ended], timeout=self._settings.close_timeout)
        if not ended.done():
            self._abort()
            await ended
            if error is None:
                raise TimeoutError("a handler has not returned")
        self._failures.raise_first(error)

    def _abort(self) -> None:
        for connection in list(self._all):
            connection.transport.abort()
            if connection._task is not None:
                connection._task.cancel()


class MemoryConnect(connect):
    """A client that server.connect() returns."""

    def __init__(self, server: MemoryServer, path: str, options: dict[str, Any]) -> None:
        super().__init__(f"ws://test{path}", proxy=None, **options)
        self._route = self.route = _MemoryRoute(server)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None and self._connection is not None:
            self._connection.transport.abort()
        await super().__aexit__(kind, error, trace)


class _MemoryRoute(Route):
    """Leads to a server in memory."""

    accepted: ServerConnection
    """The server's end of the latest connection."""

    def __init__(self, server: MemoryServer) -> None:
        super().__init__(None, None, {})
        self._server = server

    @property
    def is_given(self) -> bool:
        return True

    async def connect(self, uri: WebSocketURI, link: Link) -> None:
        self.accepted = self._server._accept(link)


async def _listen(factory: Callable[[], asyncio.BaseProtocol]) -> _Listening:
    return _Listening()


class _Listening:
    """Stands for the server of asyncio."""

    sockets = ()
    is_open = True

    def close(self) -> None:
        self.is_open = False

    def is_serving(self) -> bool:
        return self.is_open

    async def start_serving(self) -> None:
        pass
