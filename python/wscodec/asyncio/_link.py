"""A client's network connection until it is a WebSocket connection."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, NoReturn, Protocol, TypeVar

__all__ = ["Exchange", "Link"]

Found = TypeVar("Found", covariant=True)
Result = TypeVar("Result")


class Exchange(Protocol[Found]):
    """A request and its response: a wscodec.proxy.Tunnel or a ClientOpening."""

    request: bytes

    def receive(self, data: bytes) -> Found:
        """Takes what has arrived. False or None: more must arrive."""
        ...

    def finish(self) -> NoReturn:
        """Raises the error for the end of the stream."""
        ...


class Link(asyncio.Protocol):
    """Sends requests and waits for their responses, one after the other. The last of them hands
    the transport over to another protocol."""

    transport: Any = None
    """The transport; None until the connection is made."""

    def __init__(self) -> None:
        self._exchange: Exchange[Any] | None = None
        self._answer: asyncio.Future[Any] | None = None
        self._then: Callable[[Any], Any] | None = None
        self._early = b""
        self._lost: BaseException | None = None

    async def exchange(
        self, exchange: Exchange[Found], then: Callable[[Found], Result]
    ) -> Result:
        """Sends the request. Returns what `then` returns, which is called with the response as
        soon as it has arrived, before anything that follows.

        Raises what the exchange and `then` raise, and OSError.
        """
        if self._lost is not None:
            raise self._lost
        self._exchange, self._then = exchange, then
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(exchange.request)
        if self._early:
            early, self._early = self._early, b""
            self.data_received(early)
        result: Result = await self._answer
        return result

    def abort(self) -> None:
        """Closes the connection at once, if there is one."""
        if self.transport is not None:
            self.transport.abort()

    def _settle(self, settle: Callable[[Exchange[Any]], Any]) -> None:
        """Ends the exchange with what `settle` returns or raises; goes on if it returns None
        or False."""
        exchange, answer, then = self._exchange, self._answer, self._then
        if exchange is None or answer is None or then is None:
            return
        try:
            found = settle(exchange)
            if found is None or found is False:
                return
            self._exchange = None
            result = then(found)
        except Exception as error:
            self._exchange = None
            if not answer.done():
                answer.set_exception(error)
                answer.exception()  # asyncio need not report it if nobody waits any more
        else:
            if not answer.done():  # else it was cancelled
                answer.set_result(result)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._exchange is None:
            self._early += data  # nothing was asked for, so the next exchange rejects it
            return
        self._settle(lambda exchange: exchange.receive(data))

    def eof_received(self) -> None:
        self._settle(lambda exchange: exchange.finish())

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = exc or ConnectionResetError("the connection was closed")

        def settle(exchange: Exchange[Any]) -> NoReturn:
            if exc is not None:
                raise exc
            exchange.finish()

        self._settle(settle)
