"""Connections without a network, to test handlers:

with pair(handler) as (server, client):
    client.send("Hello")
    assert client.recv() == "Hello"
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from .._server_opening import Opening
from .._testing import Failures
from ._io import shut_down
from ._server import Handler
from .client import ClientConnection, connect
from .server import ServerConnection, serve

__all__ = ["pair"]

_PATIENCE = 1.0
"""Seconds for a handler to return after its connection was aborted."""

_OF_NETWORK = ("host", "port", "sock", "ssl")


@contextlib.contextmanager
def pair(
    handler: Handler | None = None,
    path: str = "/",
    *,
    client: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[tuple[ServerConnection, ClientConnection]]:
    """Two connections, a server's and a client's, that are connected by socket.socketpair().

    handler  What the server runs in a thread, as for wscodec.sync.serve(); None: nothing, so
             that the test uses the server's connection itself.
    path     The target of the client's request, e.g. "/chat?room=1".
    client   Options of the client, as for wscodec.sync.connect(), e.g.
             {"additional_headers": {"Cookie": "a=b"}}. By default it offers the subprotocols
             and the compression of the server, and sends no pings.
    options  As for wscodec.sync.serve(), except those for sockets and TLS.

    An exception that leaves the block aborts the connections. Otherwise they are closed at the
    end; if the handler has not returned when close_timeout has passed, they are aborted, and
    TimeoutError is raised.

    At the end, what the handler or a callback has raised first is raised again, in place of the
    WebSocketException that was its consequence. The end of its connection is no failure of a
    handler.

    Raises as wscodec.sync.serve() and connect() do.
    """
    for name in _OF_NETWORK:
        if name in options:
            raise TypeError(f"not for a pair in memory: {name}")
    served = _Served(handler, options)
    error: BaseException | None = None
    try:
        theirs = served.connect(path, dict(client or {}))
        with theirs:
            ours = served.accepted.get()
            try:
                yield ours, theirs
            except BaseException:
                shut_down(theirs.socket, socket.SHUT_RDWR)
                raise
    except BaseException as raised:
        error = raised
        raise
    finally:
        served.end(error)


class _Served:
    """A server of one connection."""

    def __init__(self, handler: Handler | None, options: dict[str, Any]) -> None:
        self._close_timeout = options.get("close_timeout", 10)
        self._is_over = threading.Event()
        self._failures = Failures()
        self.accepted: queue.SimpleQueue[ServerConnection] = queue.SimpleQueue()
        self._server = serve(handler or self._wait, "127.0.0.1", 0, **options)
        self._server.socket.close()  # nobody else shall connect
        self._handler = self._failures.watched(self._server._handler)
        self._server._handler = self._handle
        self._watch(self._server._opening)
        self._ours, self._theirs = socket.socketpair()

    def _watch(self, opening: Opening) -> None:
        watched = self._failures.watched
        opening.select_subprotocol = watched(opening.select_subprotocol)
        opening.process_request = watched(opening.process_request)
        opening.process_response = watched(opening.process_response)

    def _wait(self, connection: ServerConnection) -> None:
        self._is_over.wait()

    def _handle(self, connection: ServerConnection) -> None:
        self.accepted.put(connection)
        try:
            self._handler(connection)
        except Exception:
            raise
        except BaseException as error:  # pytest has such
            raise RuntimeError("the handler has failed") from error

    def connect(self, path: str, options: dict[str, Any]) -> ClientConnection:
        server = self._server
        self._thread = threading.Thread(target=server._run, args=(self._ours,), daemon=True)
        with server._lock:
            server._threads[self._thread] = None
            self._thread.start()
        opening = server._opening
        offered = {
            "subprotocols": opening.protocols.split(", ") if opening.protocols else None,
            "compression": opening.deflate,
            "ping_interval": None,
        }
        options = {**offered, **options, "sock": self._theirs}
        connection: ClientConnection = connect(f"ws://test{path}", **options)
        return connection

    def end(self, error: BaseException | None) -> None:
        self._is_over.set()
        self._theirs.close()
        self._thread.join(self._close_timeout if error is None else _PATIENCE)
        if not self._thread.is_alive():
            self._server.shutdown()
        else:
            late = TimeoutError("the handler has not returned")
            self._abort(late)
            if error is None:
                raise late
        self._failures.raise_first(error)

    def _abort(self, error: BaseException) -> None:
        """Ends the connection, and releases all that does not belong to the thread, which goes
        on."""
        for connection in self._server.connections:
            connection._lost(error)
        shut_down(self._ours, socket.SHUT_RDWR)  # in the opening handshake
        self._server._wakeup.close()
