"""Servers: serve() and unix_serve(). What they create is in _server.py and
_server_connection.py."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
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
from .._server_opening import Opening, Origin
from .._signature import with_arguments_of
from ..datastructures import HeadersLike
from ..deflate import Deflate
from ..errors import InvalidArgument
from ..http11 import Request, Response
from ._arguments import (
    ServeLoopArguments,
    UnixServeArguments,
    accepted_by,
    check_loop_arguments,
)
from ._server import Handler, Server
from ._server_connection import ServerConnection
from ._settings import WRITE_LIMIT, Logger, OnConnection, OnMessage, Settings, WriteLimit
from .connection import broadcast

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Server", "ServerConnection", "basic_auth", "broadcast", "serve", "unix_serve"]


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
    **kwargs: Unpack[ServeLoopArguments],
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
    others: dict[str, Any] = {**kwargs}
    unix = others.pop("_unix", False)
    _check_address(unix, host, port, others)
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
    if others.get("ssl") is not None:
        others.setdefault("ssl_handshake_timeout", open_timeout)
        if sys.version_info >= (3, 11):
            others.setdefault("ssl_shutdown_timeout", close_timeout)

    async def listen(factory: Callable[[], asyncio.BaseProtocol]) -> asyncio.AbstractServer:
        if unix:
            return await settings.loop.create_unix_server(factory, **others)
        arguments = {"host": host, "port": port, **others}
        return await settings.loop.create_server(factory, **arguments)

    return Server(listen, handler, settings, opening, create_connection or ServerConnection)


@with_arguments_of(serve)
def unix_serve(
    handler: Handler | None = None,
    path: str | os.PathLike[str] | None = None,
    **kwargs: Unpack[UnixServeArguments],
) -> Server:
    """Creates a server on a Unix socket.

    path    Where the socket is; None with `sock`.
    kwargs  As for serve(), without host and port; the rest is for loop.create_unix_server().

    Raises as serve() does.
    """
    options: dict[str, Any] = {**kwargs, "path": path, "_unix": True}
    return serve(handler, **options)


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
