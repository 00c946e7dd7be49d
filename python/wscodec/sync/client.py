"""A WebSocket client for threads.

with connect("wss://server.example/") as connection:
    connection.send("hello")
    for message in connection:
        print(message)
"""

from __future__ import annotations

import os
import socket
import ssl as tls
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from .._callbacks import LoggerLike, check_callable, check_plain, logger_for
from .._checks import MaxQueue, MaxSize, deflate_for, headers_of
from .._client_opening import USER_AGENT, ClientOpening, Offer, Opened
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
from .._reconnect import Retries, backoff, process_exception
from .._redirect import Redirects
from .._signature import with_arguments_of
from ..datastructures import HeadersLike
from ..deflate import Deflate
from ..errors import InvalidArgument
from ..exceptions import InvalidStatus
from ..frame import Side
from ..handshake import Response
from ..http11 import Request, parse_request
from ..proxy import ProxyLike
from ..uri import WebSocketURI, parse_uri
from ._arguments import ConnectArguments, SocketArguments, check_names, check_type
from ._channel import Channel
from ._io import Deadline
from ._route import Route
from ._settings import Settings
from .connection import Connection

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Unpack

__all__ = [
    "ClientConnection",
    "backoff",
    "connect",
    "process_exception",
    "reconnect",
    "unix_connect",
    "unix_reconnect",
]


class ClientConnection(Connection):
    """A connection to a server. connect() creates it; see Connection for its methods.

    Besides those of Connection, its attributes are:

    request   The Request.
    response  The server's Response.
    """

    side = Side.CLIENT

    request: Request
    """The request."""
    response: Response
    """The server's response."""


class reconnect:
    """Connects again and again:

        for connection in reconnect("wss://server.example/"):
            try:
                ...
            except ConnectionClosed:
                continue

    Each connection is closed when its turn of the loop ends. If a connection cannot be made, or
    ends with an exception that leaves the loop's body, it is tried again after a delay, unless
    `process_exception` calls the exception fatal.

    It can also be used as connect() is, in a `with`.

    The arguments are those of connect(), and:

    process_exception  A function of the exception that ended an attempt. None: the attempt is
                       repeated; else the exception that it returns is raised.
    reconnect_delays   A function that returns a generator of the delays in seconds. It starts
                       again after each connection that could be made. A longer Retry-After of
                       the server (at most 300 seconds) has precedence. When the generator ends,
                       the exception is raised.

    Raises what connect() raises.
    """

    def __init__(
        self,
        uri: str,
        *,
        sock: socket.socket | None = None,
        ssl: tls.SSLContext | None = None,
        server_hostname: str | None = None,
        origin: str | None = None,
        subprotocols: Sequence[str] | None = None,
        compression: str | Deflate | None = COMPRESSION,
        compress_from: int = COMPRESS_FROM,
        additional_headers: HeadersLike | None = None,
        user_agent_header: str | None = USER_AGENT,
        proxy: ProxyLike = True,
        proxy_ssl: tls.SSLContext | None = None,
        proxy_server_hostname: str | None = None,
        process_exception: Callable[[Exception], Exception | None] = process_exception,
        open_timeout: float | None = OPEN_TIMEOUT,
        ping_interval: float | None = PING_INTERVAL,
        ping_timeout: float | None = PING_TIMEOUT,
        close_timeout: float | None = CLOSE_TIMEOUT,
        reconnect_delays: Callable[[], Iterator[float]] = backoff,
        max_size: MaxSize = MAX_SIZE,
        max_queue: MaxQueue = MAX_QUEUE,
        decode_text: bool = True,
        stream: bool = False,
        logger: LoggerLike | None = None,
        create_connection: Callable[..., ClientConnection] | None = None,
        **kwargs: Unpack[SocketArguments],
    ) -> None:
        check_plain("process_exception", process_exception, "exception")
        check_plain("reconnect_delays", reconnect_delays)
        if create_connection is not None:
            check_callable("create_connection", create_connection, "channel")
        given: dict[str, Any] = {**kwargs}
        check_names("connect", SocketArguments.__annotations__, given)
        self._uri = parse_uri(uri)
        self._settings = Settings(
            logger=logger_for("wscodec.client", logger),
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
        self._offer = Offer(
            origin=origin,
            subprotocols=subprotocols,
            deflate=deflate_for(compression),
            headers=headers_of("additional_headers", additional_headers),
            user_agent=user_agent_header,
        )
        self._offer.request(self._uri)  # raises what is wrong with it
        self._route = Route(
            sock=sock,
            ssl=ssl,
            server_hostname=server_hostname,
            proxy=proxy,
            proxy_ssl=proxy_ssl,
            proxy_server_hostname=proxy_server_hostname,
            user_agent=user_agent_header,
            arguments=given,
        )
        self._route.check(self._uri)
        self._process_exception, self._delays = process_exception, reconnect_delays
        self._create = create_connection or ClientConnection
        self._connection: ClientConnection | None = None

    def __enter__(self) -> ClientConnection:
        if self._connection is not None:
            raise RuntimeError("this connection is already in use")
        self._connection = self._connect()
        return self._connection

    def __exit__(self, exc_type: type[BaseException] | None, *others: object) -> None:
        connection, self._connection = self._connection, None
        assert connection is not None
        connection.__exit__(exc_type, *others)

    def __iter__(self) -> Iterator[ClientConnection]:
        retries = Retries(self._process_exception, self._delays, self._settings.logger)
        while True:
            try:
                with self as connection:
                    retries.restart()
                    yield connection
            except Exception as error:
                delay = retries.delay(error)
                if delay is None:
                    raise
                time.sleep(delay)

    # One attempt

    def _connect(self) -> ClientConnection:
        deadline = Deadline(self._settings.open_timeout)
        route = self._route
        next_ = Redirects(
            self._uri,
            self._offer,
            is_given=route.is_given,
            is_used_up=route.sock is not None,
        )
        while True:
            try:
                return self._open(next_.uri, next_.offer, deadline)
            except InvalidStatus as error:
                next_.follow(error)

    def _open(self, uri: WebSocketURI, offer: Offer, deadline: Deadline) -> ClientConnection:
        """Connects without redirections."""
        channel = self._route.connect(uri, deadline)
        try:
            opening = ClientOpening(uri, offer, self._settings.of_engine)
            opened = _shake_hands(channel, opening)
            connection = self._create(channel, **self._settings.of_connection)
            connection.request = parse_request(opening.request)
            connection.response = opened.response
            connection._open(opened.connection, opened.rest)
        except BaseException:
            channel.socket.close()
            raise
        return connection


def _shake_hands(channel: Channel, opening: ClientOpening) -> Opened:
    """The opening handshake. If its time is up, a response counts whose body has not ended."""
    try:
        channel.send(opening.request)
        while True:
            data = channel.receive()
            if not data:
                opening.finish()
            if (opened := opening.receive(data)) is not None:
                return opened
    except TimeoutError as error:
        if opening.refusal is not None:
            raise opening.refusal from error
        raise


@overload
def connect(
    uri: str, *, legacy: Literal[True] | None = ..., **options: Unpack[ConnectArguments]
) -> ClientConnection: ...
@overload
def connect(
    uri: str, *, legacy: Literal[False], **options: Unpack[ConnectArguments]
) -> reconnect: ...


@with_arguments_of(reconnect)
def connect(
    uri: str, *, legacy: bool | None = None, **options: Unpack[ConnectArguments]
) -> ClientConnection | reconnect:
    """Connects to a WebSocket server. Close the connection with its close(), or use it in a
    `with`, which does that:

        with connect("wss://server.example/") as connection:
            ...

    uri                    "ws://host:port/path" or "wss://...". With "user:password@", the
                           request has an Authorization field (RFC 7617).
    sock                   A socket that is connected to the server.
    ssl                    For a wss:// URI. Default: ssl.create_default_context().
    server_hostname        The name in the server's certificate, instead of the URI's host.
    origin                 The value of Origin, for servers that want one; None: the field is
                           not sent.
    subprotocols           The subprotocols to offer, most preferred first; None for none.
    compression            "deflate": offer permessage-deflate without context takeover, which
                           holds no memory between messages. A wscodec.Deflate: offer that.
                           None: none.
    compress_from          Shorter messages are not compressed. Default: 1024 bytes.
    additional_headers     Additional header fields of the request. Host, User-Agent and
                           Authorization replace those that are sent otherwise.
    user_agent_header      The value of User-Agent, by default "wscodec/VERSION Python/3.x";
                           None: the field is not sent.
    proxy                  True: the proxy that the environment or the system's settings name
                           (see wscodec.proxy.get_proxy). A URL with http://, https://,
                           socks5h://, socks5://, socks4a:// or socks4://: this proxy. None: no
                           proxy. SOCKS needs the package python-socks.
    proxy_ssl              For an https:// proxy. Default: ssl.create_default_context().
    proxy_server_hostname  The name in the proxy's certificate, instead of its URL's host.
    open_timeout           Seconds within which the connection must be open, with proxies and
                           redirections. None: no limit. Default: 10.
    ping_interval          Seconds between pings. None: no pings. Default: 20.
    ping_timeout           Seconds after a ping until the connection is closed with 1011, if
                           nothing was received since, or nothing could be sent. None: no limit.
                           Default: 20.
    close_timeout          Seconds that the closing handshake may take. None: no limit. Default:
                           10.
    max_size               The limit on a message, or a pair of limits on a message and on a
                           fragment, in bytes; None for none. Default: 1 MiB.
    max_queue              How many messages are queued for recv() until no more are read; or a
                           pair, also how many are left when reading goes on; None for no limit.
                           Default: 16.
    decode_text            Whether text messages arrive as str; else as bytes that are valid
                           UTF-8. Default: True.
    stream                 Whether recv_streaming() yields the parts of messages as they arrive.
                           Default: False.
    logger                 Default: the logger "wscodec.client".
    create_connection      A subclass of ClientConnection to use instead of it, for attributes
                           of your own. Called with (channel, **options), which it passes to
                           super().__init__().

    legacy                 False: return a reconnect, as connect() of other packages does. The
                           arguments `process_exception` and `reconnect_delays` are for it.

    All other arguments are those of socket.create_connection(), e.g. `source_address`;
    `address` is a pair of the host and the port to connect to instead of the URI's.

    Redirections (301, 302, 303, 307, 308) are followed, at most 10. Another origin does not get
    Authorization, Cookie and Host of `additional_headers`, nor the credentials of the URI.

    Raises InvalidURI; InvalidArgument or TypeError for other arguments that are invalid or
    exclude each other; and:

    InvalidProxy     The proxy's URL is invalid.
    OSError          The network or a proxy (ProxyError) failed; TimeoutError after
                     open_timeout; ssl.SSLError.
    EOFError         The server or proxy closed the connection during the TLS handshake.
    InvalidStatus    The status of the response is not 101. Its `response` has `status_code`,
                     `headers` and up to 64 KiB of the `body`. SecurityError, which is a kind of
                     it, for a redirection from wss to ws, for one too many, and for one to
                     another origin if `sock`, `address` or `server_hostname` is given.
    InvalidHandshake The response is invalid in another way.
    ImportError      The proxy needs python-socks.
    """
    connecting = reconnect(uri, **options)
    return connecting if legacy is False else connecting._connect()


@with_arguments_of(reconnect)
def unix_connect(
    path: str | bytes | os.PathLike[str] | None = None,
    uri: str | None = None,
    **options: Unpack[ConnectArguments],
) -> ClientConnection:
    """Connects to a server on a Unix socket. Without a path, `sock` must be given.

    uri  The URI for the request. Default: "ws://localhost/", or "wss://localhost/" if `ssl` is
         given.

    All other arguments, and exceptions, are those of connect().
    """
    return unix_reconnect(path, uri, **options)._connect()


@with_arguments_of(reconnect)
def unix_reconnect(
    path: str | bytes | os.PathLike[str] | None = None,
    uri: str | None = None,
    **options: Unpack[ConnectArguments],
) -> reconnect:
    """Connects to a server on a Unix socket, again and again; see reconnect.

    The arguments are those of unix_connect() and reconnect.
    """
    check_type("path", path)
    if (path is None) == (options.get("sock") is None):
        raise InvalidArgument("give either a path or sock")
    if uri is None:
        uri = "wss://localhost/" if options.get("ssl") else "ws://localhost/"
    connecting = reconnect(uri, **options)
    connecting._route = replace(connecting._route, path=path)
    connecting._route.check(connecting._uri)
    return connecting
