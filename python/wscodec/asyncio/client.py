"""A WebSocket client for asyncio.

async with connect("wss://server.example/") as connection:
    await connection.send("hello")
    async for message in connection:
        print(message)
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable

from .._callbacks import check_callable, logger_for
from .._checks import MaxQueue, MaxSize, headers_of
from .._client_opening import USER_AGENT, Offer, Opened
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
from .._signature import with_arguments_of
from ..datastructures import HeadersLike
from ..deflate import Deflate
from ..frame import Side
from ..handshake import Response
from ..http11 import Request, parse_request
from ..proxy import ProxyLike
from ..uri import parse_uri
from ._arguments import ConnectLoopArguments, UnixConnectArguments
from ._attempt import Attempt
from ._route import Route
from ._settings import WRITE_LIMIT, Logger, OnConnection, OnMessage, Settings, WriteLimit
from ._timeout import timeout
from .connection import Connection

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = [
    "ClientConnection",
    "backoff",
    "connect",
    "process_exception",
    "unix_connect",
]


class ClientConnection(Connection):
    """A connection to a server, made by connect()."""

    __slots__ = ()

    side = Side.CLIENT

    @property
    def request(self) -> Request:
        """The request of the opening handshake."""
        if isinstance(self._request, bytes):
            self._request = parse_request(self._request)
        request: Request = self._request
        return request

    @property
    def response(self) -> Response:
        """The server's response."""
        response: Response = self._response
        return response

    def _begin(self, transport: asyncio.Transport, request: bytes, opened: Opened) -> None:
        """Takes over a transport whose opening handshake is complete."""
        self._request, self._response = request, opened.response
        self.connection_made(transport)
        self._open(opened.connection, opened.rest)


class connect:
    """Connects to a WebSocket server. It is an asynchronous context manager, which closes the
    connection at the end:

        async with connect("wss://server.example/") as connection:
            ...

    It is an asynchronous iterator, which connects again and again, after a delay if the
    connection could not be made, and raises only what `process_exception` does not call
    transient:

        async for connection in connect("wss://server.example/"):
            try:
                ...
            except ConnectionClosed:
                continue

    And it can be awaited; then you close the connection:

        connection = await connect("wss://server.example/")

    uri                 "ws://host:port/path" or "wss://...". With "user:password@", the request
                        has an Authorization field (RFC 7617).
    on_message          A plain function of the connection and a message, a str or bytes: called
                        with each message as it arrives. Then there is no recv(). None: messages
                        wait for recv().
    on_connect          With on_message: a plain function of the connection, called when it is
                        open.
    on_disconnect       With on_message: a plain function of the connection, called when it is
                        closed.
    origin              The value of Origin, for servers that want one; None: the field is not
                        sent.
    subprotocols        The subprotocols to offer, most preferred first; None for none.
    compression         "deflate": offer permessage-deflate without context takeover, which
                        holds no memory between messages. A wscodec.Deflate: offer that. None:
                        none.
    compress_from       Shorter messages are not compressed. Default: 1024 bytes.
    additional_headers  Additional header fields of the request. Host, User-Agent and
                        Authorization replace those that are sent otherwise.
    user_agent_header   The value of User-Agent, by default "wscodec/VERSION Python/3.x"; None:
                        the field is not sent.
    proxy               True: the proxy that the environment or the system's settings name (see
                        wscodec.proxy.get_proxy). A URL with http://, https://, socks5h://,
                        socks5://, socks4a:// or socks4://: this proxy. None: no proxy. SOCKS
                        needs the package python-socks.
    process_exception   For the iterator: a function of the exception that ended an attempt.
                        None: the attempt is repeated; else the exception that it returns is
                        raised.
    open_timeout        Seconds within which the connection must be open, with proxies and
                        redirections. None: no limit. Default: 10.
    ping_interval       Seconds between pings. None: no pings. Default: 20.
    ping_timeout        Seconds after a ping until the connection is closed with 1011, if
                        nothing was received since. None: never. Default: 20.
    close_timeout       Seconds that the closing handshake may take. None: no limit. Default:
                        10.
    reconnect_delays    For the iterator: a function that returns a generator of the delays in
                        seconds; when they end, the exception is raised. It starts again after
                        each connection that could be made. A longer Retry-After of the server
                        (at most 300 seconds) has precedence.
    max_size            The limit on a message, or a pair of limits on a message and on a
                        fragment, in bytes; None for none. Default: 1 MiB.
    max_queue           Messages that wait for recv() at most before reading pauses, or a pair
                        with the number at which it goes on. Reading also pauses while they take
                        more memory than max_size, or than 256 KiB if that is more. None for no
                        limit of both kinds. Default: 16.
    write_limit         Bytes that wait for the network at most before send() waits, or a pair
                        with the number at which it goes on. Default: 32 KiB.
    decode_text         Whether text messages arrive as str; else as bytes that are valid UTF-8.
                        Default: True.
    stream              Whether recv_streaming() yields the parts of messages as they arrive.
                        Default: False.
    logger              Default: the logger "wscodec.client".
    create_connection   A subclass of ClientConnection to use instead of it, for attributes of
                        your own. Called with (settings), which it passes to super().__init__().

    All other arguments are those of loop.create_connection(): `ssl` is an SSLContext for a
    wss:// URI (default: ssl.create_default_context()), `server_hostname` the name in its
    certificate; `host` and `port` are where to connect instead of the URI's; `sock` is a socket
    that is connected; `family`, `local_addr`, `happy_eyeballs_delay` and so on. With a proxy,
    those for the connection apply to the proxy, and those for TLS to the server; the TLS of an
    https:// proxy has `proxy_ssl`, `proxy_server_hostname` and so on. TLS inside the TLS of a
    proxy needs Python 3.11, or uvloop.

    Redirections (301, 302, 303, 307, 308) are followed, at most 10. Another origin does not get
    Authorization, Cookie and Host of `additional_headers`, nor the credentials of the URI.

    Raises InvalidURI, and ValueError or TypeError for other arguments that are invalid or
    exclude each other. When it connects, it raises:

    InvalidProxy     The proxy's URL is invalid; or asyncio cannot use TLS inside TLS.
    OSError          The network or a proxy (ProxyError) failed; TimeoutError after
                     open_timeout; ssl.SSLError.
    InvalidStatus    The status of the response is not 101. Its `response` has `status_code`,
                     `headers` and up to 64 KiB of the `body`. SecurityError, which is a kind of
                     it, for a redirection from wss to ws, for one too many, and for one to
                     another origin if `sock`, `host`, `port` or `server_hostname` is given.
    InvalidHandshake The response is invalid in another way.
    ImportError      The proxy needs python-socks.
    """

    def __init__(
        self,
        uri: str,
        *,
        on_message: OnMessage | None = None,
        on_connect: OnConnection | None = None,
        on_disconnect: OnConnection | None = None,
        origin: str | None = None,
        subprotocols: Sequence[str] | None = None,
        compression: str | Deflate | None = COMPRESSION,
        compress_from: int = COMPRESS_FROM,
        additional_headers: HeadersLike | None = None,
        user_agent_header: str | None = USER_AGENT,
        proxy: ProxyLike = True,
        process_exception: Callable[[Exception], Exception | None] = process_exception,
        open_timeout: float | None = OPEN_TIMEOUT,
        ping_interval: float | None = PING_INTERVAL,
        ping_timeout: float | None = PING_TIMEOUT,
        close_timeout: float | None = CLOSE_TIMEOUT,
        reconnect_delays: Callable[[], Iterator[float]] = backoff,
        max_size: MaxSize = MAX_SIZE,
        max_queue: MaxQueue = MAX_QUEUE,
        write_limit: WriteLimit = WRITE_LIMIT,
        decode_text: bool = True,
        stream: bool = False,
        logger: Logger | None = None,
        create_connection: Callable[[Settings], ClientConnection] | None = None,
        **arguments: Unpack[ConnectLoopArguments],
    ) -> None:
        check_callable("process_exception", process_exception, "exception")
        check_callable("reconnect_delays", reconnect_delays)
        if create_connection is not None:
            check_callable("create_connection", create_connection, "settings")
        self._uri = parse_uri(uri)
        self._settings = Settings(
            logger=logger_for("wscodec.client", logger),
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
        )
        self._offer = Offer(
            origin=origin,
            subprotocols=subprotocols,
            deflate=self._settings.deflate,
            headers=headers_of("additional_headers", additional_headers),
            user_agent=user_agent_header,
        )
        self._offer.request(self._uri)  # raises what is wrong with it
        self._route = Route(proxy, user_agent_header, {**arguments})
        self._route.check(self._uri)
        self._process_exception = process_exception
        self._reconnect_delays = reconnect_delays
        self._create = create_connection or ClientConnection
        self._connection: ClientConnection | None = None

    async def _connect(self) -> ClientConnection:
        settings = self._settings.on_this_loop()
        attempt = Attempt(self._route, settings, self._create)
        limit = timeout(settings.open_timeout)
        try:
            async with limit:
                return await attempt.run(self._uri, self._offer)
        except TimeoutError as error:
            if not limit.expired():
                raise
            if attempt.refusal is not None:
                raise attempt.refusal from error
            raise TimeoutError("the connection was not open in time") from error

    def __await__(self) -> Generator[Any, None, ClientConnection]:
        return self._connect().__await__()

    async def __aenter__(self) -> ClientConnection:
        if self._connection is not None:
            raise RuntimeError("this connect() is already in use")
        self._connection = await self
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        connection, self._connection = self._connection, None
        assert connection is not None
        await connection.__aexit__(kind, error, trace)

    async def __aiter__(self) -> AsyncIterator[ClientConnection]:
        logger = self._settings.logger
        retries = Retries(self._process_exception, self._reconnect_delays, logger)
        while True:
            try:
                async with self as connection:
                    retries.restart()
                    yield connection
            except Exception as error:
                delay = retries.delay(error)
                if delay is None:
                    raise
                await asyncio.sleep(delay)


@with_arguments_of(connect)
def unix_connect(
    path: str | bytes | os.PathLike[str] | None = None,
    uri: str | None = None,
    **options: Unpack[UnixConnectArguments],
) -> connect:
    """Connects to a server on a Unix socket. Without a path, `sock` must be given.

    uri  The URI for the request. Default: "ws://localhost/", or "wss://localhost/" if `ssl` is
         given.

    All other arguments, and exceptions, are those of connect().
    """
    if uri is None:
        uri = "wss://localhost/" if options.get("ssl") else "ws://localhost/"
    given: dict[str, Any] = {**options, "unix": True, "path": path}
    return connect(uri, **given)
