"""Sending: messages, fragments, pings."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from time import perf_counter
from typing import Any

from .. import _ffi
from .._messages import (
    PING,
    PONG,
    Data,
    Fragments,
    encoded,
    is_fragments,
    ping_payload,
    server_message,
)
from ..errors import check
from ..exceptions import ConcurrencyError
from ..text import CloseCode
from ._base import CLOSED, OPEN
from ._closing import Closing
from ._room import BURST, output

_END = object()
"""After the last fragment."""


class Sending(Closing):
    """What a connection sends."""

    __slots__ = ()

    # Messages

    def send_nowait(self, message: Data, text: bool | None = None) -> None:
        """Sends a message like send(), but does not wait until the peer reads: what it does not
        read takes memory here. For callbacks, and for code outside coroutines; drain() waits.

        Raises as send() does; ConcurrencyError while a message is sent in fragments.
        """
        if text is None and self._state is OPEN and self._sending is None:
            frame = server_message(message, self._engine_from)
            if frame is not None:
                self._put_frame(frame)
                return
        opcode, payload = encoded(message, text)
        if self._state is not OPEN:
            self._check_opening()
            raise self._exception()
        if self._sending is not None:
            raise ConcurrencyError("a message is being sent in fragments")
        self._put(opcode, payload)

    async def send(self, message: Data | Fragments, text: bool | None = None) -> None:
        """Sends a message. Waits as drain() does, and while another message is sent in
        fragments.

        message  A str is sent as text, bytes as a binary message. An iterable or asynchronous
                 iterable of either is sent as fragments of one message, each as soon as it is
                 there; an empty one sends nothing.
        text     True: as text; bytes must then be UTF-8, which is not checked. False: as a
                 binary message. None: according to the type.

        If an iterable raises or the task is cancelled between two fragments, the message cannot
        be completed: the connection is closed with 1011. Otherwise, to cancel send() is
        harmless: the message is sent, or it was not started.

        Raises ConnectionClosed; TypeError for anything else, also for a dict and for fragments
        of different types; InvalidArgument for a str with surrogates.
        """
        if text is None and self._state is OPEN and self._sending is None:
            frame = server_message(message, self._engine_from)
            if frame is not None:
                self._put_frame(frame)
                if self._has_to_wait():
                    await self.drain()
                return
        if is_fragments(message):
            await self._send_fragments(message, text)
        else:
            await self._send_whole(message, text)

    async def _send_whole(self, message: Data, text: bool | None) -> None:
        opcode, payload = encoded(message, text)
        if self._sending is not None or self._state is not OPEN:
            await self._may_send()
        self._put(opcode, payload)
        if self._has_to_wait():
            await self.drain()

    async def drain(self) -> None:
        """Waits while more than write_limit bytes are waiting for the peer to read. If the peer
        reads faster than we send, gives others a turn now and then.

        Raises ConnectionClosed if the connection ends first.
        """
        self._flush()
        if self._is_write_paused and self._state is not CLOSED:
            waiter = self._settings.loop.create_future()
            if self._drainers is None:
                self._drainers = []
            self._drainers.append(waiter)
            try:
                await waiter
            finally:
                self._drainers.remove(waiter)
        elif self._has_to_wait():
            self._room.burst = BURST
            await asyncio.sleep(0)
        if self._state is CLOSED:
            raise self._exception()

    def _has_to_wait(self) -> bool:
        """Whether the peer does not read, others have had no turn for long, or a write has
        failed: then the next turn of the loop calls connection_lost()."""
        return self._is_write_paused or self._room.burst < 0 or self.transport.is_closing()

    async def _may_send(self) -> None:
        """Waits until no message is being sent in fragments."""
        while self._sending is not None:
            await asyncio.shield(self._sending)
        if self._state is not OPEN:
            await self._not_open()

    # Fragments

    async def _send_fragments(self, fragments: Fragments, text: bool | None) -> None:
        iterator = _iterator(fragments)
        first = await _next(iterator)
        if first is _END:
            return
        opcode, payload = encoded(first, text)
        await self._may_send()
        self._sending = self._settings.loop.create_future()
        try:
            await self._send_fragment(opcode, payload, more=True)
            while (fragment := await _next(iterator)) is not _END:
                if isinstance(fragment, str) is not isinstance(first, str):
                    raise TypeError("the fragments of a message are all str, or all bytes")
                await self._send_fragment(opcode, encoded(fragment, text)[1], more=True)
            await self._send_fragment(opcode, b"", more=False)
        except BaseException as error:
            self._fail(CloseCode.INTERNAL_ERROR, "a message was not completed", error)
            raise
        finally:
            self._sending.set_result(None)
            self._sending = None

    async def _send_fragment(self, opcode: int, payload: bytes, *, more: bool) -> None:
        if self._state is not OPEN:
            await self._not_open()
        self._put_frame(self._encoded(opcode, _ffi.SEND_MORE if more else 0, payload))
        if self._has_to_wait():
            await self.drain()

    # Pings

    async def ping(self, data: Data | None = None) -> asyncio.Future[float]:
        """Sends a ping. Waits as drain() does. Returns a future, which you may ignore: when the
        pong arrives, it gets the seconds that passed. It raises ConnectionClosed if the
        connection ends first.

        data  At most 125 bytes; a str is encoded as UTF-8. None: random bytes.

        Raises ConnectionClosed; TypeError, InvalidArgument for other `data`; ConcurrencyError
        while the pong to a ping with the same data has not arrived.
        """
        payload = None if data is None else ping_payload(data)
        if self._state is not OPEN:
            await self._not_open()
        if self._pings is None:
            self._pings = {}
        if payload in self._pings:
            raise ConcurrencyError("a ping with the same data is waiting for its pong")
        while payload is None or payload in self._pings:
            payload = random.getrandbits(32).to_bytes(4, "big")
        pong: asyncio.Future[float] = self._settings.loop.create_future()
        self._pings[payload] = pong, perf_counter()
        self._put(PING, payload)
        if self._has_to_wait():
            await self.drain()
        return pong

    async def pong(self, data: Data = b"") -> None:
        """Sends an unsolicited pong. Waits as drain() does.

        data  At most 125 bytes; a str is encoded as UTF-8.

        Raises ConnectionClosed; TypeError, InvalidArgument for other `data`.
        """
        payload = ping_payload(data)
        if self._state is not OPEN:
            await self._not_open()
        self._put(PONG, payload)
        if self._has_to_wait():
            await self.drain()

    def _on_pong(self, payload: bytes) -> None:
        pings = self._pings
        if pings and payload in pings:
            # A pong also answers the pings before (RFC 6455, 5.5.3).
            for sent in list(pings):
                pong, at = pings.pop(sent)
                self.latency = perf_counter() - at
                if not pong.done():
                    pong.set_result(self.latency)
                if sent == payload:
                    break
            if not pings:
                self._pings = None
        elif self._settings.keepalive:
            latency = self._settings.keepalive.latency(payload)
            if latency is not None:
                self.latency = latency

    def _keepalive_ping(self, payload: bytes) -> int:
        """Sends a ping, unless the peer does not read. Then returns how many bytes wait."""
        if self._is_write_paused:
            return self.transport.get_write_buffer_size()
        self._put(PING, payload)
        return 0

    def _keepalive_judge(self, tick: int, stuck: int) -> None:
        """Closes the connection if the peer seems to be gone, ping_timeout after this ping.

        stuck  How many bytes waited for the peer then.
        """
        if self._is_write_paused and stuck:
            is_alive = self.transport.get_write_buffer_size() < stuck
        else:
            is_alive = self._heard >= tick or self._is_read_paused or bool(stuck)
        if self._state is OPEN and not is_alive:
            reason = "keepalive ping timeout"
            self._fail(CloseCode.INTERNAL_ERROR, reason, TimeoutError(reason))

    # The library's own frames, and the peer that does not read

    def _output(self) -> bytes:
        """The pong or close frame that the library has; b"" if it has none."""
        room = self._room
        room.handle.value = self._handle
        return bytes(room.output[: check(output(*room.output_args))])

    def _put_output(self) -> None:
        frame = self._output()
        if frame:
            self._put_frame(frame)

    def pause_writing(self) -> None:
        self._is_write_paused = True

    def resume_writing(self) -> None:
        self._is_write_paused = False
        for waiter in self._drainers or ():
            if not waiter.done():
                waiter.set_result(None)
        if self._handle:
            self._put_output()  # the pong to the latest ping


def _iterator(fragments: Fragments) -> AsyncIterator[Data] | Iterator[Data]:
    if isinstance(fragments, AsyncIterable):
        return fragments.__aiter__()
    return iter(fragments)


async def _next(iterator: AsyncIterator[Data] | Iterator[Data]) -> Any:
    """The next fragment; _END if there is none."""
    try:
        if isinstance(iterator, AsyncIterator):
            return await iterator.__anext__()
        return next(iterator)
    except (StopAsyncIteration, StopIteration):
        return _END
