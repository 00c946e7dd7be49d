"""Connections in memory: transports of asyncio without a network."""

from __future__ import annotations

import asyncio
from typing import Union

__all__ = ["join"]

Protocol = Union[asyncio.Protocol, asyncio.BufferedProtocol]

_CHUNK = 1 << 16


class _Transport(asyncio.Transport):
    """One end of a pipe in memory. What is written waits here until the other end reads it."""

    def __init__(self, protocol: Protocol) -> None:
        super().__init__()
        self.loop = asyncio.get_running_loop()
        self.protocol = protocol
        self.other: _Transport
        self.buffer = bytearray()
        self.high, self.low = 1 << 16, 1 << 14
        self.is_full = self.is_reading_paused = False
        self.has_ended = False  # write_eof() or close() was called
        self.is_lost = self.closes = False

    # Reading

    def is_reading(self) -> bool:
        return not self.is_reading_paused

    def pause_reading(self) -> None:
        self.is_reading_paused = True

    def resume_reading(self) -> None:
        self.is_reading_paused = False
        self.loop.call_soon(self.other.deliver)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, (asyncio.Protocol, asyncio.BufferedProtocol))
        self.protocol = protocol

    def get_protocol(self) -> Protocol:
        return self.protocol

    def receive(self, data: bytes) -> None:
        if isinstance(self.protocol, asyncio.BufferedProtocol):
            room = self.protocol.get_buffer(len(data))
            room[: len(data)] = data  # type: ignore[index]
            self.protocol.buffer_updated(len(data))
        else:
            self.protocol.data_received(data)

    def deliver(self) -> None:
        """Passes what waits to the other end."""
        other = self.other
        if other.is_lost or other.is_reading_paused:
            return
        chunk = bytes(self.buffer[:_CHUNK])
        if chunk:
            del self.buffer[: len(chunk)]
            other.receive(chunk)
            if self.is_full and len(self.buffer) <= self.low:
                self.is_full = False
                self.protocol.resume_writing()
            self.loop.call_soon(self.deliver)
        elif self.has_ended and not other.closes and not other.protocol.eof_received():
            other.close()
        if self.closes and not self.buffer:
            self.lose(None)

    # Writing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.has_ended or self.is_lost:
            return
        self.buffer += data
        self.loop.call_soon(self.deliver)
        if len(self.buffer) > self.high and not self.is_full:
            self.is_full = True
            self.protocol.pause_writing()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = (1 << 16) if high is None else high
        self.low = self.high // 4 if low is None else low

    def get_write_buffer_size(self) -> int:
        return len(self.buffer)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.has_ended = True
        self.loop.call_soon(self.deliver)

    # The end

    def is_closing(self) -> bool:
        return self.closes

    def close(self) -> None:
        if not self.closes:
            self.closes = self.has_ended = True
            self.loop.call_soon(self.deliver)
            if not self.buffer:
                self.loop.call_soon(self.lose, None)

    def abort(self) -> None:
        self.closes = self.has_ended = True
        self.buffer.clear()
        self.loop.call_soon(self.lose, None)
        self.loop.call_soon(self.other.lose, ConnectionResetError("the peer has gone"))

    def lose(self, error: Exception | None) -> None:
        if not self.is_lost:
            self.is_lost = self.closes = True
            self.protocol.connection_lost(error)


def join(first: Protocol, second: Protocol) -> None:
    """Connects two protocols."""
    one, two = _Transport(first), _Transport(second)
    one.other, two.other = two, one
    second.connection_made(two)
    first.connection_made(one)
