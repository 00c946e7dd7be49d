"""Servers: serve() and unix_serve()."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Generator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._auth import basic_auth
from .._callbacks import check_callable, check_no_generator, logger_for
from .._checks import MaxQueue, MaxSize, check_list
from .._defaults import (
    CLOSE_TIMEOUT,
    COMPRESS_FROM,
    COMPRESSION,
    MAX_QUEUE,
    MAX_SIZE,
    OPEN_TIMEOUT,
    PING_INTERVAL,
    PING_TIMEOUT,
)
from .._server_opening import Answer, HeadReader, Opening, Origin, Steps, plain
from ..datastructures import HeadersLike
from ..deflate import Deflate
from ..errors import HandshakeError, InvalidArgument, InvalidState
from ..exceptions import ConnectionClosed
from ..frame import Side
from ..http11 import Request, Response, parse_request
from ..text import CloseCode, close_build
from ._arguments import accepted_by, check_loop_arguments
from ._base import CLOSED, CONNECTING, OPEN
from ._settings import WRITE_LIMIT, Logger, OnConnection, OnMessage, Settings, WriteLimit
from .connection import Connection, broadcast

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Server", "ServerConnection", "basic_auth", "broadcast", "serve", "unix_serve"]

Handler = Callable[["ServerConnection"], Awaitable[object]]

MOST_EARLY = 4096
"""Bytes after a request from which nothing more is read until it is answered."""


class ServerConnection(Connection):
    """A connection of a server. serve() creates it; see Connection for its methods."""

    __slots__ = ("_head", "_task", "server")

    side = Side.SERVER

    server: Server
    """The server that it belongs to."""
    username: str
    """The user, once basic_auth() has let it through."""

    def __init__(self, settings: Settings, server: Server) -> None:
        super().__init__(settings)
        self.server = server
        self._head: HeadReader | None = HeadReader()
        self._task: asyncio.Future[Any] | None = None  # of the opening, then of the handler

    @property
    def request(self) -> Request:
        """The client's request, always the same object.

        Raises InvalidState before it has arrived.
        """
        if self._request is None:
            raise InvalidState("the client's request has not arrived yet")
        if isinstance(self._request, bytes):
            self._request = parse_request(self._request)
        request: Request = self._request
        return request

    @request.setter
    def request(self, request: Request) -> None:
        self._request = request

    @property
    def response(self) -> Response | None:
        """The response to it; None before it is sent."""
        if self._response is None and self._was_open:
            self._response = self.server._opening.response_to(self.request, self._subprotocol)
        response: Response | None = self._response
        return response

    def respond(self, status: int, text: str) -> Response:
        """A response with a short text, for process_request and process_response to return.

        status  200 ... 599
        text    The body.

        Raises InvalidArgument for another status, TypeError for a text that is not a str.
        """
        return plain(status, text)

    # The opening handshake

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """For asyncio: a client has connected."""
        super().connection_made(transport)
        self.server._all.add(self)

    def _head_received(self, data: bytes) -> None:
        head = self._head
        if head is None:
            return
        if head.length:
            head.data += data
            self._limit_early(head)
            return
        try:
            if head.feed(data):
                self._answer(head)
        except HandshakeError as error:
            self._reply(self.server._opening.refusal(error))

    def _answer(self, head: HeadReader) -> None:
        server = self.server
        steps = server._opening.answer(self, head.data, server._is_closing)
        awaitable = self._advance(steps, steps.send, None)
        if awaitable is not None:
            self._limit_early(head)
            self._task = self._settings.loop.create_task(self._answer_later(steps, awaitable))
            answered = functools.partial(self._answered, awaitable)
            self._task.add_done_callback(answered, context=server._context)

    def _limit_early(self, head: HeadReader) -> None:
        """Reads no more while a coroutine decides on the request, if the client has sent much
        after it. Until then reading goes on, since it shows whether the client has left."""
        if len(head.data) - head.length > MOST_EARLY:
            self.transport.pause_reading()

    def _advance(
        self, steps: Steps, resume: Callable[[Any], Any], value: Any
    ) -> Awaitable[Any] | None:
        """Goes on with the opening handshake. If a callback has returned something to be
        awaited, returns that. Else the handshake ends here: with a reply, or because a callback
        has aborted the connection."""
        answer: Answer | None = None
        try:
            while not self._is_aborted:
                value = resume(value)
                if isinstance(value, Awaitable):
                    return value
                resume = steps.send
            steps.close()
        except StopIteration as end:
            answer = end.value
        if answer is not None:
            self._reply(answer)
        return None

    async def _answer_later(self, steps: Steps, awaitable: Awaitable[Any] | None) -> None:
        """The rest of the opening handshake, if a callback has returned a coroutine."""
        while awaitable is not None:
            try:
                result = await awaitable
            except Exception as error:
                awaitable = self._advance(steps, steps.throw, error)
            else:
                awaitable = self._advance(steps, steps.send, result)

    def _answered(self, awaitable: Awaitable[Any], task: asyncio.Future[Any]) -> None:
        """The task of _answer_later() has ended: without a reply if it was cancelled."""
        if self._task is task:
            if inspect.iscoroutine(awaitable):
                awaitable.close()  # if it was not even started
            self._reply(self.server._opening.failed())
            self.server._forget_if_done(self)

    @property
    def _is_aborted(self) -> bool:
        return self._state is not CONNECTING or self.transport.is_closing()

    def _reply(self, answer: Answer) -> None:
        awaited, self._task = self._task, None
        if self._is_aborted:
            if answer.engine is not None:
                answer.engine.free()
            return
        if awaited is not None:
            self.transport.resume_reading()
        head, self._head = self._head, None
        assert head is not None
        self.transport.write(answer.reply)
        if answer.response is not None:
            self._response = answer.response
        if answer.engine is None:
            assert answer.response is not None
            self.logger.info("connection rejected (%d)", answer.response.status_code)
            self._stop_timer()
            self._end_with(b"")
        else:
            self.logger.info("connection open")
            if not self.server._opening.shows_request:
                self._request = head.data[: head.length]  # takes less memory than the object
            self._open(answer.engine, head.data[head.length :])

    def _go_away(self, code: int, reason: str) -> None:
        """The server is closing."""
        if self._state is OPEN:
            self.close_nowait(code, reason)
        elif self._state is CONNECTING and self._task is None:
            self._reply(self.server._opening.shutting_down())

    # The handler

    def _opened(self) -> None:
        super()._opened()
        handler = self.server._handler
        if handler is None:
            return
        try:
            running = handler(self)
            if not inspect.isawaitable(running):
                raise TypeError(
                    f"the handler returned {running!r}: it is no coroutine function"
                )
            self._task = asyncio.ensure_future(running, loop=self._settings.loop)
        except Exception as error:
            self._handler_failed(error)
        else:
            # All connections share the context, since a copy for each takes memory.
            self._task.add_done_callback(self._handler_done, context=self.server._context)

    def _handler_done(self, task: asyncio.Future[Any]) -> None:
        self._task = None
        if task.cancelled():
            self.close_nowait(CloseCode.INTERNAL_ERROR)
        else:
            error = task.exception()
            if error is None:
                self.close_nowait()
            else:
                self._handler_failed(error)
        self.server._forget_if_done(self)

    def _handler_failed(self, error: BaseException) -> None:
        if isinstance(error, ConnectionClosed) and self._state is not OPEN:
            self.logger.info("connection handler ended: %s", error)
        else:
            self.logger.error("connection handler failed", exc_info=error)
        self.close_nowait(CloseCode.INTERNAL_ERROR)

    def _lost(self) -> None:
        super()._lost()
        self._head = None
        if self._task is not None and not self._was_open:
            self._task.cancel()
        self.server._forget_if_done(self)


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
                    self.logger.info("server listening on %s", _name(each))
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


def serve(
    handler: Handler | None = None,
    host: str | Sequence[str] | None = None,
    port: int | None = None,
    *,
    on_message: OnMessage | None = None,
    on_connect: OnConnection | None = None,
    on_disconnect: OnConnection | None = None,
    origins: Sequence[Origin] | None = None,
    subprotocols: Sequence[str] | None = None,
    select_subprotocol: Callable[[ServerConnection, list[str]], str | None] | None = None,
    compression: str | Deflate | None = COMPRESSION,
    compress_from: int = COMPRESS_FROM,
    process_request: Callable[[ServerConnection, Request], Any] | None = None,
    process_response: Callable[[ServerConnection, Request, Response], Any] | None = None,
    headers: HeadersLike = (),
    server_header: str | None = None,
    open_timeout: float | None = OPEN_TIMEOUT,
    ping_interval: float | None = PING_INTERVAL,
    ping_timeout: float | None = PING_TIMEOUT,
    close_timeout: float | None = CLOSE_TIMEOUT,
    max_size: MaxSize = MAX_SIZE,
    max_queue: MaxQueue = MAX_QUEUE,
    write_limit: WriteLimit = WRITE_LIMIT,
    decode_text: bool = True,
    stream: bool = False,
    logger: Logger | None = None,
    create_connection: Callable[[Settings, Server], ServerConnection] | None = None,
    **kwargs: Any,
) -> Server:
    """Creates a server. Await the result to start it, or use it in `async with`:

        async def echo(connection):
            async for message in connection:
                await connection.send(message)

        async with serve(echo, "localhost", 8765) as server:
            await server.serve_forever()

    Instead of a handler, which is a task for each connection, a server can have callbacks:
    plain functions, which are called with less overhead, and for which nothing is queued:

        def echo(connection, message):
            connection.send_nowait(message)

        async with serve(on_message=echo, host="localhost", port=8765) as server:
            ...

    handler             A coroutine function, called with each ServerConnection. When it
                        returns, the connection is closed with 1000. If it raises, that is
                        logged, and the connection is closed with 1011.
    host, port          Where to listen, as for loop.create_server().
    on_message          Instead of a handler: called with the connection and each message, a str
                        or bytes. Reply with send_nowait() and close_nowait(). While the peer
                        does not read the replies, nothing is read from it. If it raises, that
                        is logged, and the connection is closed with 1011.
    on_connect          Called with the connection when it is open.
    on_disconnect       Called with the connection when it is closed.
    origins             The acceptable origins (str or compiled patterns), against pages of
                        other sites that use the cookies of their visitors; with None for
                        requests without Origin, which are not from browsers. None: all are
                        acceptable. Default: None.
    subprotocols        The subprotocols of the server, most preferred first. A client that
                        offers none of them is rejected. Default: None, for no subprotocol.
    select_subprotocol  Called with the connection and the list of offered subprotocols; returns
                        one of them, or None for none. It replaces the choice from
                        `subprotocols`. Default: None.
    compression         "deflate": without context takeover, so no memory is held between
                        messages, and a broadcast is compressed once. Or a wscodec.Deflate, or
                        None for no compression. Default: "deflate".
    compress_from       Shorter messages are sent uncompressed: in bytes. Default: 1024.
    process_request     A function or a coroutine function, called before the handshake is
                        answered, also for an ordinary HTTP request. It gets the connection,
                        which is not open yet (of use are its `request`, `remote_address`,
                        `logger`, respond(), and close_nowait(), which aborts it: then nothing
                        else is called), and the request, with its `path`, `headers` and
                        `method`. It returns a Response to send instead of the handshake, or
                        None. Without it, ordinary requests get a 426. If it fails or is
                        cancelled, the answer is a 500. If the client leaves meanwhile, it is
                        cancelled.
    process_response    A function or a coroutine function, called with the same connection and
                        request, and the response. It may modify the response, or return another
                        one.
    headers             Additional header fields of the response that accepts a connection.
                        Default: none.
    server_header       The field Server of all responses; None for none. Default: None.
    open_timeout        Seconds for the opening handshake; None for no limit. Default: 10.
    ping_interval       Seconds between the pings to each client, which keep the connection
                        alive and measure its latency; None for none. Default: 20.
    ping_timeout        Seconds after a ping until the connection is closed with 1011, if
                        nothing was received since. None: never. Default: 20.
    close_timeout       Seconds for the closing handshake, after which the connection is
                        aborted; None for no limit. Default: 10.
    max_size            Most bytes of a message, decompressed; or a pair, of a message and of a
                        fragment; None for no limit. A longer one closes the connection with
                        1009. Default: 1 MiB.
    max_queue           How many messages are queued for recv() until no more are read; or a
                        pair, also how many are left when reading goes on (default: a quarter).
                        (With `stream`: parts of messages.) No more are read either while they
                        take more memory than max_size, or than 256 KiB if that is more. None
                        for no limit of both kinds. Default: 16.
    write_limit         How many bytes may wait for the peer to read them until send() waits; or
                        a pair, also how many are left when it goes on (default: a quarter).
                        Default: 32 KiB.
    decode_text         Whether text messages arrive as str; else as bytes that are valid UTF-8.
                        Default: True.
    stream              Whether recv_streaming() yields the parts of messages as they arrive.
                        Default: False.
    logger              For errors of callbacks and handlers, and what happens. None: the logger
                        "wscodec.server".
    create_connection   A subclass of ServerConnection to use instead of it, for attributes of
                        your own. Called with (settings, server), which it passes to
                        super().__init__().
    ssl                 An SSLContext, for TLS. Default: None, for no TLS.
    kwargs              All other arguments are for loop.create_server(): sock, reuse_port,
                        start_serving...

    Raises InvalidArgument for values out of range and for combinations that are not possible;
    TypeError for values of the wrong type.
    """
    if (handler is None) == (on_message is None):
        raise InvalidArgument("give either a handler or on_message")
    if handler is not None:
        _check_handler(handler)
    if create_connection is not None:
        check_callable("create_connection", create_connection, "settings", "server")
    unix = kwargs.pop("_unix", False)
    _check_address(unix, host, port, kwargs)
    settings = Settings(
        logger=logger_for("wscodec.server", logger),
        on_message=on_message,
        on_connect=on_connect,
        on_disconnect=on_disconnect,
        compression=compression,
        compress_from=compress_from,
        open_timeout=open_timeout,
        ping_interval=ping_interval,
        ping_timeout=ping_timeout,
        close_timeout=close_timeout,
        max_size=max_size,
        max_queue=max_queue,
        write_limit=write_limit,
        decode_text=decode_text,
        stream=stream,
    ).on_this_loop()
    opening = Opening(
        origins=origins,
        subprotocols=subprotocols,
        select_subprotocol=select_subprotocol,
        process_request=process_request,
        process_response=process_response,
        headers=headers,
        server_header=server_header,
        deflate=settings.deflate,
        options=settings.options(),
    )
    if kwargs.get("ssl") is not None:
        kwargs.setdefault("ssl_handshake_timeout", open_timeout)
        if sys.version_info >= (3, 11):
            kwargs.setdefault("ssl_shutdown_timeout", close_timeout)

    async def listen(factory: Callable[[], asyncio.BaseProtocol]) -> asyncio.AbstractServer:
        if unix:
            return await settings.loop.create_unix_server(factory, **kwargs)
        arguments = {"host": host, "port": port, **kwargs}
        return await settings.loop.create_server(factory, **arguments)

    return Server(listen, handler, settings, opening, create_connection or ServerConnection)


def unix_serve(
    handler: Handler | None = None,
    path: str | os.PathLike[str] | None = None,
    **kwargs: Any,
) -> Server:
    """Creates a server on a Unix socket.

    path    Where the socket is; None with `sock`.
    kwargs  As for serve(), without host and port; the rest is for loop.create_unix_server().

    Raises as serve() does.
    """
    return serve(handler, path=path, _unix=True, **kwargs)


def _check_handler(handler: object) -> None:
    """Raises TypeError for what is certainly no handler."""
    check_callable("handler", handler, "connection")
    check_no_generator("handler", handler)


def _check_address(unix: bool, host: object, port: object, others: dict[str, Any]) -> None:
    """Raises TypeError or InvalidArgument for arguments of the event loop that are wrong, and
    unless they say in one way where to listen."""
    function, method = "serve", "create_server"
    if unix:
        function, method = "unix_serve", "create_unix_server"
    named = {"host": host, "port": port}
    given = {name: value for name, value in named.items() if value is not None}
    check_loop_arguments(function, accepted_by(method), {**given, **others}, of_client=False)
    check_list("host", [host] if isinstance(host, str) else host, str)
    for name, value in others.items():
        if name.startswith("ssl_") and value is not None and others.get("ssl") is None:
            raise InvalidArgument(f"{name} needs ssl")
    is_named = bool(given) or others.get("path") is not None
    if is_named == (others.get("sock") is not None):
        ways = "a path or sock" if unix else "host and port, or sock"
        raise InvalidArgument(f"give either {ways}")


def _name(listening: socket.socket) -> str:
    """The address of a listening socket, for the log."""
    if listening.family == socket.AF_INET:
        return "{}:{}".format(*listening.getsockname())
    if listening.family == socket.AF_INET6:
        return "[{}]:{}".format(*listening.getsockname()[:2])
    return str(listening.getsockname())
