"""The session: sends messages, prints those that arrive, and closes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import sys
import threading
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from typing import Any, Callable, Union

from ..asyncio.client import ClientConnection, connect
from ..exceptions import ConnectionClosed, InvalidStatus, ProxyError, WebSocketException
from ..proxy import proxy_for
from ..uri import parse_uri
from . import commands
from .output import Output
from .terminal import Terminal, escaped

__all__ = ["EXIT_ERROR", "EXIT_INCOMPLETE", "EXIT_INVALID", "EXIT_NORMAL", "Failure", "Session"]

EXIT_NORMAL, EXIT_ERROR, EXIT_INVALID, EXIT_INCOMPLETE = range(4)

_MAX_BODY = 200  # characters of the body of a refusal that are shown

Line = Union[str, bytes]
"""A line of stdin, without its newline: str from a terminal."""


class Failure(Exception):
    """Why the program ends with EXIT_ERROR."""


class Session:
    """One run of the program."""

    def __init__(self, options: Namespace) -> None:
        self._options = options
        self._interactive = not options.messages and Terminal.is_usable()
        self._output = Output(options.verbose)
        self._sent = self._received = 0
        self._is_sent = self._gave_up = self._asked = False
        self._working: asyncio.Task[None] | None = None

    async def run(self, arguments: dict[str, Any]) -> int:
        """Returns the exit status.

        arguments  Those of connect().
        """
        url = self._options.url
        try:
            self._arrival = asyncio.Event()
            connection = await connect(url, **arguments)
        except InvalidStatus as error:
            raise Failure(f"{url}: {_refusal(error)}") from error
        except (OSError, WebSocketException, ImportError, ValueError) as error:
            via = _proxy(url, arguments) if isinstance(error, OSError) else ""
            raise Failure(f"{url}: {via}{_why(error)}") from error
        with contextlib.ExitStack() as stack:
            if self._interactive:
                self._output.terminal = stack.enter_context(Terminal())
            self._output.note(f"connected to {url}{_agreed(connection)}")
            ended = await self._converse(connection)
            self._output.note(f"closed: {ended}")
        return self._result(ended)

    async def _converse(self, connection: ClientConnection) -> ConnectionClosed:
        """Returns how the connection ended."""
        receiving = asyncio.ensure_future(self._receive(connection))
        working = self._working = asyncio.ensure_future(self._work(connection, receiving))
        with self._signals():
            try:
                await asyncio.wait({receiving, working}, return_when=asyncio.FIRST_COMPLETED)
                if working.done() and not working.cancelled():
                    working.result()
                if not receiving.done():
                    await connection.close()
                return await receiving
            except Failure:
                await connection.close()
                raise
            finally:
                working.cancel()
                receiving.cancel()
                connection.transport.abort()

    async def _work(
        self, connection: ClientConnection, receiving: asyncio.Future[ConnectionClosed]
    ) -> None:
        """Sends all messages; returns when the connection may be closed."""
        await self._send_all(connection)
        self._is_sent = True
        await self._await_messages(receiving)

    async def _receive(self, connection: ClientConnection) -> ConnectionClosed:
        while True:
            try:
                message = await connection.recv()
            except ConnectionClosed as error:
                return error
            self._output.message(message)
            self._received += 1
            self._arrival.set()

    async def _await_messages(self, receiving: asyncio.Future[Any]) -> None:
        """Waits until the connection may be closed."""
        options = self._options
        count = self._sent if options.count is None else options.count
        if self._interactive:
            count = 0
        while not receiving.done() and (options.no_close or self._received < count):
            self._arrival.clear()
            arrival = asyncio.ensure_future(self._arrival.wait())
            await asyncio.wait(
                {receiving, arrival},
                timeout=None if options.no_close else options.wait or None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            self._gave_up = not arrival.done() and not receiving.done()
            arrival.cancel()
            if self._gave_up:
                return

    # What is sent

    async def _send_all(self, connection: ClientConnection) -> None:
        if self._options.messages:
            for message in self._options.messages:
                await self._send(connection, message)
        elif self._output.terminal is not None:
            async for line in _in_thread(self._output.terminal.lines):
                await self._obey(connection, line)
        else:
            async for line in _in_thread(_lines_of_stdin):
                await self._send(connection, line)

    async def _send(self, connection: ClientConnection, line: Line) -> None:
        try:
            if self._options.binary:
                data = (
                    line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line
                )
                await connection.send(data)
            else:
                text = line if isinstance(line, str) else line.decode()
                text.encode()
                await connection.send(text)
            self._sent += 1
        except UnicodeError as error:
            raise Failure("message: not UTF-8 (see --binary)") from error
        except ConnectionClosed:  # recv() says why
            pass

    async def _obey(self, connection: ClientConnection, line: Line) -> None:
        """A line of a person: a message or a command."""
        assert isinstance(line, str)
        if not line.startswith("/") or line.startswith("//"):
            try:
                await self._send(connection, line[1:] if line.startswith("//") else line)
            except Failure as error:
                self._output.note(str(error))
            return
        try:
            self._asked |= await commands.run(line, connection, self._output)
        except ConnectionClosed:
            pass
        except (commands.Mistake, WebSocketException) as error:
            self._output.note(f"{line}: {error}")

    # How it ends

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """The first SIGINT or SIGTERM closes the connection, the next one ends the program."""
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)

        def restore() -> None:
            for number in numbers:
                with contextlib.suppress(NotImplementedError):
                    loop.remove_signal_handler(number)

        def close() -> None:
            restore()
            self._asked = True
            assert self._working is not None
            self._working.cancel()

        for number in numbers:
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, close)
        try:
            yield
        finally:
            restore()

    def _result(self, ended: ConnectionClosed) -> int:
        url = self._options.url
        if not _is_normal(ended):
            raise Failure(f"{url}: {_end(ended)}")
        awaited = self._sent if self._options.count is None else self._options.count
        if self._interactive or self._options.no_close or self._asked:
            return EXIT_NORMAL
        if self._is_sent and not self._gave_up and self._received >= awaited:
            return EXIT_NORMAL
        why = (
            "since a message did not arrive in time"
            if self._gave_up
            else "before all messages were sent and received"
        )
        counts = f"{self._sent} messages sent, {self._received} received"
        print(f"wscodec: {escaped(url)}: closed {why}: {counts}", file=sys.stderr)
        return EXIT_INCOMPLETE


def _is_normal(ended: ConnectionClosed) -> bool:
    """Whether it was closed with 1000, without a code, or as we asked."""
    if ended.rcvd is None or ended.sent is None:
        return False
    return not ended.rcvd_then_sent or ended.rcvd.code in (1000, 1005)


def _end(ended: ConnectionClosed) -> str:
    if ended.rcvd is not None:
        return escaped(f"closed with {ended.rcvd.code} {ended.rcvd.reason}".rstrip(" "))
    if isinstance(ended.__cause__, Exception) and not isinstance(ended.__cause__, EOFError):
        return _why(ended.__cause__)
    return "the server closed the connection without a close frame"


def _why(error: BaseException) -> str:
    text = str(error)
    if isinstance(error, ssl.SSLError):
        text = getattr(error, "verify_message", None) or error.reason or text
    elif isinstance(error, socket.gaierror):
        text = error.strerror or text
    elif isinstance(error, OSError) and error.errno and not isinstance(error, ProxyError):
        text = os.strerror(error.errno)
    return escaped(text or type(error).__name__)


def _proxy(url: str, arguments: dict[str, Any]) -> str:
    """The proxy that connect() uses with these arguments, without credentials; "" if none."""
    proxy = proxy_for(parse_uri(url), arguments["proxy"])
    if proxy is None:
        return ""
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    return f"proxy {proxy.scheme}://{host}:{proxy.port}: "


def _refusal(error: InvalidStatus) -> str:
    """Why the server did not accept the connection; more lines show the start of the body."""
    response = error.response
    text = f"refused with status {response.status} {response.reason}".rstrip()
    body = response.body[:_MAX_BODY].decode("utf-8", "replace").strip()
    return escaped(text) + (f"\n{escaped(body, chr(10))}" if body else "")


def _agreed(connection: ClientConnection) -> str:
    parts = []
    tls = connection.transport.get_extra_info("ssl_object")
    if tls is not None:
        parts.append(str(tls.version()))
    if connection.subprotocol is not None:
        parts.append(f"subprotocol {connection.subprotocol}")
    if connection.response is not None and connection.response.extensions:
        parts.append(connection.response.extensions)
    return "".join(f", {part}" for part in parts)


def _lines_of_stdin() -> Iterator[bytes]:
    """Reads from the descriptor: a thread that waits in sys.stdin would hold its lock when the
    program ends."""
    if sys.stdin is None:  # it was closed when we were started
        return
    line = bytearray()
    while data := os.read(sys.stdin.fileno(), 65536):
        first, *others = data.split(b"\n")
        line += first
        for other in others:
            yield bytes(line.rstrip(b"\r") if sys.platform == "win32" else line)
            line[:] = other
    if line:
        yield bytes(line)


async def _in_thread(lines: Callable[[], Iterator[Line]]) -> AsyncIterator[Line]:
    """The lines of an iterator that blocks. Its thread is left behind if it still waits at the
    end of the program."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Line | BaseException | None] = asyncio.Queue()
    room = threading.Semaphore(16)

    def put(item: Line | BaseException | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(queue.put_nowait, item)

    def work() -> None:
        try:
            for line in lines():
                room.acquire()
                put(line)
            put(None)
        except BaseException as error:
            put(error)

    threading.Thread(target=work, daemon=True).start()
    while (item := await queue.get()) is not None:
        if isinstance(item, UnicodeError):
            raise Failure("stdin: not valid text") from item
        if isinstance(item, BaseException):
            raise item
        yield item
        room.release()
