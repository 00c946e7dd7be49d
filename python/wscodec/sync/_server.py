"""A server: it accepts connections, runs each in a thread, and waits for their end."""

from __future__ import annotations

import contextlib
import inspect
import selectors
import socket
import ssl as tls
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from .._ending import State
from .._listening import address_of
from .._server_opening import Answer, HeadReader, Opening, Steps
from ..errors import HandshakeError, InvalidState
from ..exceptions import ConnectionClosed
from ..text import CloseCode, close_build
from ._channel import Channel
from ._io import Deadline, shut_down
from ._server_connection import ServerConnection
from ._settings import Settings
from ._wakeup import Wakeup

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Handler", "Server"]

Handler = Callable[[ServerConnection], object]

_PAUSE = 0.2
"""Seconds without accept() after it has failed, e.g. because there are no descriptors left."""

_LOOK_AGAIN = 1.0
"""Seconds until shutdown() notices a signal that came just before it waited."""


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
            self.logger.info("server listening on %s", address_of(self.socket))
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
