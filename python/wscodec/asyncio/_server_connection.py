"""A connection of a server: the opening handshake with its callbacks, and the handler."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from .._server_opening import Answer, HeadReader, Steps, plain
from ..errors import HandshakeError, InvalidState
from ..exceptions import ConnectionClosed
from ..frame import Side
from ..http11 import Request, Response, parse_request
from ..text import CloseCode
from ._base import CONNECTING, OPEN
from ._settings import Settings
from .connection import Connection

if TYPE_CHECKING:
    from ._server import Server

__all__ = ["ServerConnection"]

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
