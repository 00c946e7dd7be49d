"""A WebSocket server with a thread for each connection: serve() and unix_serve().

def echo(connection):
    for message in connection:
        connection.send(message)

with serve(echo, "localhost", 8765) as server:
    server.serve_forever()
"""

from __future__ import annotations

import contextlib
import inspect
import os
import selectors
import socket
import ssl as tls
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
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
from .._ending import State
from .._server_opening import Answer, HeadReader, Opening, Origin, Steps, plain
from .._signature import with_arguments_of
from ..datastructures import HeadersLike
from ..deflate import Deflate
from ..errors import HandshakeError, InvalidArgument, InvalidState
from ..exceptions import ConnectionClosed
from ..frame import Side
from ..http11 import Request, Response
from ..text import CloseCode, close_build
from ._arguments import ListenArguments, ServeArguments, check_names, check_type
from ._channel import Channel
from ._io import Deadline, shut_down
from ._settings import Settings
from ._wakeup import Wakeup
from .connection import Connection, broadcast

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

__all__ = ["Server", "ServerConnection", "basic_auth", "broadcast", "serve", "unix_serve"]

Handler = Callable[["ServerConnection"], object]

_PAUSE = 0.2
"""Seconds without accept() after it has failed, e.g. because there are no descriptors left."""

_LOOK_AGAIN = 1.0
"""Seconds until shutdown() notices a signal that came just before it waited."""

_BACKLOG = 1024


class ServerConnection(Connection):
    """A connection of a server. serve() creates it; see Connection for its methods.

    Besides those of Connection, its attributes are:

    request   The client's Request. It is there for process_request and all that follows.
    response  The Response to it; None before it is sent.
    server    The Server that it belongs to.
    username  The user, once basic_auth() has let it through.
    """

    side = Side.SERVER

    request: Request
    """The client's request."""
    username: str
    """The user, once basic_auth() has let it through."""

    def __init__(self, channel: Channel, server: Server, **options: Any) -> None:
        """For serve()."""
        super().__init__(channel, **options)
        self._response: Response | None = None
        self._awaits_request = True  # guarded by the lock of the server
        self.server = server
        """The server that it belongs to."""

    @property
    def response(self) -> Response | None:
        """The response to it; None before it is sent."""
        if self._response is None and self.state is not State.CONNECTING:
            self._response = self.server._opening.response_to(self.request, self.subprotocol)
        return self._response

    def respond(self, status: int, text: str) -> Response:
        """A response with a short text, for process_request and process_response to return.

        status  200 ... 599
        text    The body.
        """
        return plain(status, text)


class Server:
    """A server, which serve() returns. At the end of a `with`, it is shut down.

    socket  The socket on which it listens.
    logger  The logger of the server and its connections.

    Each connection has a thread, in which the handler runs. These are not daemon threads: the
    interpreter waits for them at its exit, so shut the server down.
    """

    def __init__(
        self,
        sock: socket.socket,
        handler: Handler,
        opening: Opening,
        settings: Settings,
        *,
        ssl: tls.SSLContext | None,
        create_connection: Callable[..., ServerConnection],
    ) -> None:
        """For serve()."""
        self.socket = sock
        """The socket on which the server listens."""
        self.logger = settings.logger
        """The logger of the server and its connections."""
        self._handler, self._opening, self._ssl = handler, opening, ssl
        self._settings, self._create_connection = settings, create_connection
        # Re-entrant: a signal handler may call shutdown() while its thread holds it.
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)
        self._threads: dict[threading.Thread, ServerConnection | None] = {}
        self._accepting: threading.Thread | None = None  # that is in serve_forever()
        self._finishing: set[threading.Thread] = set()  # that wait for the end
        self._is_closing = False
        self._goodbye: tuple[int, str] | None = None  # for connections, once it is closing
        self._has_told = True  # all connections that there are of _goodbye
        self._has_ended = False
        self._wakeup = Wakeup()
        sock.setblocking(False)

    @property
    def connections(self) -> set[ServerConnection]:
        """The connections that are open, for broadcast()."""
        with self._lock:
            known = list(self._threads.values())
        return {each for each in known if each is not None and each.state is State.OPEN}

    def fileno(self) -> int:
        """The descriptor of the socket on which the server listens."""
        return self.socket.fileno()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shutdown()

    # Accepting

    def serve_forever(self) -> None:
        """Accepts connections until shutdown() is called, and returns once all handlers have.
        If accept() fails, for instance because the process has no descriptors left, that is
        logged, and tried again soon.

        Raises InvalidState if another thread is in serve_forever().
        """
        with self._lock:
            if self._accepting is not None:
                raise InvalidState("another thread is in serve_forever()")
            if self._is_closing:
                return
            self._accepting = threading.current_thread()
        try:
            self.logger.info("server listening on %s", _name(self.socket))
            self._accept_all()
        finally:
            with self._lock:
                self._accepting = None
                self._news.notify_all()
        self._finish()

    def _accept_all(self) -> None:
        with selectors.DefaultSelector() as selector, self._wakeup.woken_by_signals():
            selector.register(self._wakeup, selectors.EVENT_READ)
            selector.register(self.socket, selectors.EVENT_READ)
            while not self._is_closing:
                selector.select()
                self._wakeup.clear()
                if not self._is_closing and not self._accept():
                    # Needs no new descriptor.
                    selector.unregister(self.socket)
                    selector.select(_PAUSE)
                    selector.register(self.socket, selectors.EVENT_READ)

    def _accept(self) -> bool:
        """Accepts a connection and starts its thread. Returns False if something is
        exhausted."""
        try:
            sock, _ = self.socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return True
        except OSError as error:
            self.logger.error("accept failed: %s", error)
            return False
        thread = threading.Thread(target=self._run, args=(sock,))
        try:
            with self._lock:
                self._threads[thread] = None
                thread.start()
        except BaseException as error:
            if thread not in threading.enumerate():  # else a signal handler has raised it
                sock.close()
                with self._lock:
                    self._threads.pop(thread, None)
            if not isinstance(error, RuntimeError):
                raise
            self.logger.error("cannot start a thread for a connection: %s", error)
            return False
        return True

    # The thread of a connection

    def _run(self, sock: socket.socket) -> None:
        try:
            with contextlib.closing(sock):
                self._serve(sock)
        except Exception:
            self.logger.error("connection failed", exc_info=True)
        finally:
            with self._lock:
                self._threads.pop(threading.current_thread(), None)
                self._news.notify_all()

    def _serve(self, sock: socket.socket) -> None:
        channel = Channel(sock, Deadline(self._settings.open_timeout))
        connection = self._create_connection(channel, self, **self._settings.of_connection)
        with self._lock:
            self._threads[threading.current_thread()] = connection
            if self._is_closing:
                self._go_away(connection)
        if self._open(channel, connection):
            with connection:
                self._handle(connection)

    def _open(self, channel: Channel, connection: ServerConnection) -> bool:
        """The opening handshake. Returns whether the connection is open."""
        reader = HeadReader()
        try:
            if self._ssl is not None:
                channel.start_tls(self._ssl, is_server=True)
            answer = self._answer(channel, connection, reader)
            connection._response = answer.response
            channel.send(answer.reply)
            if answer.engine is None:
                self.logger.info("connection rejected (%s)", answer.reply[9:12].decode())
                channel.finish(Deadline(self._settings.close_timeout))
                return False
            connection._open(answer.engine, reader.data[reader.length :])
        except (OSError, EOFError) as error:
            self.logger.info("opening handshake failed: %s", error)
            return False
        connection.logger.info("connection open")
        with self._lock:
            if self._is_closing:
                self._go_away(connection)
        return True

    def _answer(
        self, channel: Channel, connection: ServerConnection, reader: HeadReader
    ) -> Answer:
        try:
            is_complete = False
            while not is_complete:
                data = channel.receive()
                if not data:
                    if self._is_closing:
                        return self._opening.shutting_down()
                    raise EOFError("the client closed the connection")
                is_complete = reader.feed(data)
        except HandshakeError as error:
            return self._opening.refusal(error)
        with self._lock:
            connection._awaits_request = False
        return _finished(
            connection,
            self._opening.answer(connection, reader.data, lambda: self._is_closing),
        )

    def _handle(self, connection: ServerConnection) -> None:
        try:
            result = self._handler(connection)
            if inspect.iscoroutine(result):
                result.close()
                raise TypeError("the handler has returned a coroutine: it must not be async")
        except Exception as error:
            if isinstance(error, ConnectionClosed) and connection.state is not State.OPEN:
                connection.logger.info("connection handler ended: %s", error)
            else:
                connection.logger.error("connection handler failed", exc_info=True)
            connection.close(CloseCode.INTERNAL_ERROR)

    # The end

    def shutdown(
        self,
        close_connections: bool = True,
        code: int = CloseCode.GOING_AWAY,
        reason: str = "",
    ) -> None:
        """Stops to listen, closes the connections, and waits until all handlers have returned.
        May be called by any thread, and again. A handler does not wait for itself, nor for
        others that are in shutdown().

        A signal handler that interrupts serve_forever() may call it, too. Then it does not
        wait, but serve_forever() does, which goes on when the signal handler has returned.

        close_connections  False: let them go on until they end by themselves. Opening
                           handshakes in progress are answered with a 503 in any case.
        code, reason       For the close frames; see Connection.close().

        Raises InvalidArgument for a code or reason that a close frame cannot have.
        """
        close_build(code, reason)
        with self._lock:
            self._is_closing = True
            self._has_told = False
            if close_connections:
                self._goodbye = code, reason
            if self._accepting is not None:
                self._wakeup.wake()
            self._news.notify_all()
            current = threading.current_thread()
            if current is self._accepting or current in self._finishing:
                return  # what a signal handler has interrupted may hold locks
        self._finish()

    def _finish(self) -> None:
        """Tells the connections that the server is closing, and waits until all is done."""
        current = threading.current_thread()
        with self._lock:
            self._finishing.add(current)
            self._news.notify_all()
            try:
                while not self._go_on(current):
                    self._news.wait(_LOOK_AGAIN)
            finally:
                self._finishing.discard(current)
            if not self._threads and not self._has_ended:
                self._has_ended = True
                self.logger.info("server closed")

    def _go_on(self, current: threading.Thread) -> bool:
        """Goes on with the end. Returns whether nothing is left to wait for. Needs the lock."""
        if not self._has_told:
            self._has_told = True
            for connection in filter(None, self._threads.values()):
                self._go_away(connection)
        if self._accepting is not None:
            return False
        if self.socket.fileno() >= 0:
            self.logger.info("server closing")
        self.socket.close()
        self._wakeup.close()
        ignored = {current}
        if current in self._threads:
            ignored |= self._finishing
        return all(thread in ignored for thread in self._threads)

    def _go_away(self, connection: ServerConnection) -> None:
        """The server is closing. Needs the lock."""
        if connection._awaits_request:
            shut_down(connection.socket, socket.SHUT_RD)  # wakes _answer()
        elif self._goodbye is not None and connection.state is not State.CONNECTING:
            connection.start_close(*self._goodbye)  # else _open() does it


def _finished(connection: ServerConnection, steps: Steps) -> Answer:
    """The result of steps whose callbacks are plain functions. Raises ConnectionAbortedError
    once one of them has closed the connection."""
    result = None
    try:
        while not connection._is_lost:
            result = steps.send(result)
    except StopIteration as end:
        answer: Answer = end.value
        return answer
    raise ConnectionAbortedError("a callback has closed the connection")


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


def _name(listening: socket.socket) -> str:
    """The address of a listening socket, for the log."""
    name = listening.getsockname()
    if listening.family == socket.AF_INET:
        return f"{name[0]}:{name[1]}"
    if listening.family == getattr(socket, "AF_INET6", None):
        return f"[{name[0]}]:{name[1]}"
    return str(name)
