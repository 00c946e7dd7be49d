"""A WebSocket server with a thread for each connection: serve() and unix_serve(). What they
create is in _server.py and _server_connection.py.

def echo(connection):
    for message in connection:
        connection.send(message)

with serve(echo, "localhost", 8765) as server:
    server.serve_forever()
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl as tls
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .._auth import basic_auth
from .._callbacks import (
    LoggerLike,
    check_callable,
    check_no_generator,
    check_plain,
    logger_for,
)
from .._checks import MaxQueue, MaxSize, deflate_for
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
from ._arguments import ListenArguments, ServeArguments, check_names, check_type
from ._server import Handler, Server
from ._server_connection import ServerConnection
from ._settings import Settings
from .connection import broadcast

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Server", "ServerConnection", "basic_auth", "broadcast", "serve", "unix_serve"]

_BACKLOG = 1024


def serve(
    handler: Handler,
    host: str | None = None,
    port: int | None = None,
    *,
    sock: socket.socket | None = None,
    ssl: tls.SSLContext | None = None,
    origins: Sequence[Origin] | None = None,
    subprotocols: Sequence[str] | None = None,
    select_subprotocol: Callable[[ServerConnection, list[str]], str | None] | None = None,
    compression: str | Deflate | None = COMPRESSION,
    compress_from: int = COMPRESS_FROM,
    process_request: Callable[[ServerConnection, Request], Response | None] | None = None,
    process_response: (
        Callable[[ServerConnection, Request, Response], Response | None] | None
    ) = None,
    headers: HeadersLike = (),
    server_header: str | None = None,
    open_timeout: float | None = OPEN_TIMEOUT,
    ping_interval: float | None = PING_INTERVAL,
    ping_timeout: float | None = PING_TIMEOUT,
    close_timeout: float | None = CLOSE_TIMEOUT,
    max_size: MaxSize = MAX_SIZE,
    max_queue: MaxQueue = MAX_QUEUE,
    decode_text: bool = True,
    stream: bool = False,
    logger: LoggerLike | None = None,
    create_connection: Callable[..., ServerConnection] | None = None,
    **kwargs: Unpack[ListenArguments],
) -> Server:
    """Creates a server, which listens at once, and accepts connections in serve_forever().

    handler             A function, called with each ServerConnection in a thread of its own.
                        When it returns, the connection is closed with 1000. If it raises, that
                        is logged, and the connection is closed with 1011.
    host, port          Where to listen. None as host: all addresses of IPv4.
    sock                A socket that listens, instead of host and port. Default: None.
    ssl                 An SSLContext, for TLS. Default: None, for no TLS.
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
                        messages. Or a wscodec.Deflate, or None for no compression. Default:
                        "deflate".
    compress_from       Shorter messages are sent uncompressed: in bytes. Default: 1024.
    process_request     A function, called before the handshake is answered, also for an
                        ordinary HTTP request. It gets the connection, which is not open yet (of
                        use are its `request`, `remote_address`, `logger`, respond(), and
                        close(), which aborts it: then nothing else is called), and the request,
                        with its `path`, `headers` and `method`. It returns a Response to send
                        instead of the handshake, or None. Without it, ordinary requests get a
                        426.
    process_response    A function, called with the same connection and request, and the
                        response. It may modify the response, or return another one.
    headers             Additional header fields of the response that accepts a connection.
                        Default: none.
    server_header       The field Server of all responses; None for none. Default: None.
    open_timeout        Seconds for the opening handshake, with TLS; None for no limit. Default:
                        10.
    ping_interval       Seconds between the pings to each client, which keep the connection
                        alive and measure its latency; None for none. Default: 20.
    ping_timeout        Seconds after a ping until the connection is closed with 1011, if
                        nothing was received since, or nothing could be sent. None: never.
                        Default: 20.
    close_timeout       Seconds for the closing handshake, after which the connection is
                        aborted; None for no limit. Default: 10.
    max_size            Most bytes of a message, decompressed; or a pair, of a message and of a
                        fragment; None for no limit. A longer one closes the connection with
                        1009. Default: 1 MiB.
    max_queue           How many messages are queued for recv() until no more are read; or a
                        pair, also how many are left when reading goes on (default: a quarter);
                        None for no limit. (With `stream`: parts of messages.) Default: 16.
    decode_text         Whether text messages arrive as str; else as bytes that are valid UTF-8.
                        Default: True.
    stream              Whether recv_streaming() yields the parts of messages as they arrive.
                        Default: False.
    logger              For errors of callbacks and handlers, and what happens. None: the logger
                        "wscodec.server".
    create_connection   A subclass of ServerConnection to use instead of it, for attributes of
                        your own. Called with (channel, server, **options), which it passes to
                        super().__init__().
    kwargs              For socket.create_server(): family, backlog, reuse_port,
                        dualstack_ipv6.

    Raises InvalidArgument for values out of range and for combinations that are not possible;
    TypeError for values of the wrong type; OSError if it cannot listen.
    """
    check_callable("handler", handler, "connection")
    check_plain("handler", handler, "connection")
    check_no_generator("handler", handler)
    check_plain("process_request", process_request, "connection", "request")
    check_plain("process_response", process_response, "connection", "request", "response")
    if create_connection is not None:
        check_callable("create_connection", create_connection, "channel", "server")
    given: dict[str, Any] = {**kwargs}
    check_names("serve", ListenArguments.__annotations__, given)
    for name, value in ("host", host), ("port", port), ("sock", sock), ("ssl", ssl):
        check_type(name, value)
    settings = Settings(
        logger=logger_for("wscodec.server", logger),
        compress_from=compress_from,
        open_timeout=open_timeout,
        ping_interval=ping_interval,
        ping_timeout=ping_timeout,
        close_timeout=close_timeout,
        max_size=max_size,
        max_queue=max_queue,
        decode_text=decode_text,
        stream=stream,
    )
    opening = Opening(
        origins=origins,
        subprotocols=subprotocols,
        select_subprotocol=select_subprotocol,
        process_request=process_request,
        process_response=process_response,
        headers=headers,
        server_header=server_header,
        deflate=deflate_for(compression),
        options=settings.of_engine,
    )
    with contextlib.ExitStack() as stack:
        server = Server(
            stack.enter_context(_listening(sock, host, port, given)),
            handler,
            opening,
            settings,
            ssl=ssl,
            create_connection=create_connection or ServerConnection,
        )
        stack.pop_all()
    return server


@with_arguments_of(serve)
def unix_serve(
    handler: Handler,
    path: str | os.PathLike[str] | None = None,
    **kwargs: Unpack[ServeArguments],
) -> Server:
    """Creates a server on a Unix socket.

    path    Where the socket is; None with `sock`.
    kwargs  As for serve(), without host and port.

    Raises as serve() does.
    """
    check_type("path", path)
    if (path is None) == (kwargs.get("sock") is None):
        raise InvalidArgument("give either a path or sock")
    if path is None:
        return serve(handler, **kwargs)
    backlog = kwargs.pop("backlog", _BACKLOG)
    check_type("backlog", backlog)
    name = os.fspath(path)
    listening = socket.create_server(name, family=socket.AF_UNIX, backlog=backlog)
    kwargs["sock"] = listening
    try:
        return serve(handler, **kwargs)
    except BaseException:
        listening.close()
        os.unlink(name)
        raise


def _listening(
    sock: socket.socket | None, host: str | None, port: int | None, given: dict[str, Any]
) -> socket.socket:
    """The socket of the server."""
    if sock is not None:
        if host is not None or port is not None:
            raise InvalidArgument("sock excludes host and port")
        if given:
            raise InvalidArgument(f"sock excludes {', '.join(given)}")
        if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise InvalidArgument("sock does not listen: call its listen()")
        return sock
    if port is None:
        raise InvalidArgument("the port is missing")
    return socket.create_server((host or "", port), **{"backlog": _BACKLOG, **given})
