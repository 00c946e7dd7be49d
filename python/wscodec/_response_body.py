"""The body of a response that a client does not accept. It does no I/O: wscodec.asyncio and
wscodec.sync share it."""

from __future__ import annotations

import re
from collections.abc import Generator

from ._buffers import Data
from .handshake import Response

__all__ = ["MAX_BODY", "BodyReader"]

MAX_BODY = 64 * 1024
"""Most bytes of a body that are read."""

_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(;.*)?\Z", re.DOTALL)
_MAX_CHUNK_LINE = 4096

_Steps = Generator[None, None, None]


class BodyReader:
    """Reads the body after a response's head (RFC 9112, 6.3): what arrives, up to its end or
    MAX_BODY bytes. A body whose chunks are malformed ends there."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._buffer = bytearray()
        self._body = bytearray()
        self._steps = self._read()
        self.is_complete = False
        """Whether there is nothing more to read."""
        self.receive(b"")

    @property
    def response(self) -> Response:
        """The response with what was read of its body."""
        return self._response._replace(body=bytes(self._body[:MAX_BODY]))

    def receive(self, data: Data) -> bool:
        """Takes what has arrived. Returns whether there is nothing more to read."""
        if not self.is_complete:
            self._buffer += data
            try:
                next(self._steps)
                self.is_complete = len(self._body) >= MAX_BODY
            except StopIteration:
                self.is_complete = True
        return self.is_complete

    def _read(self) -> _Steps:
        fields = self._response.headers
        codings = ",".join(fields.get_all("Transfer-Encoding")).lower()
        lengths = set(fields.get_all("Content-Length"))
        if self._response.status in (204, 304):
            return
        if codings:
            if codings.rpartition(",")[2].strip() == "chunked":
                yield from self._chunks()
                return
        elif len(lengths) == 1 and (length := lengths.pop()).isascii() and length.isdigit():
            yield from self._take(int(length[:20]))
            return
        while True:  # to the end of the stream
            yield from self._take(MAX_BODY)

    def _chunks(self) -> _Steps:
        while True:
            while b"\r\n" not in self._buffer:
                if len(self._buffer) > _MAX_CHUNK_LINE:
                    return
                yield
            line, _, self._buffer = self._buffer.partition(b"\r\n")
            found = _CHUNK.match(line)
            size = int(found[1], 16) if found else 0
            if not size:  # what may follow are trailers
                return
            yield from self._take(size)
            while len(self._buffer) < 2:
                yield
            if self._buffer[:2] != b"\r\n":
                return
            del self._buffer[:2]

    def _take(self, size: int) -> _Steps:
        """Moves so many bytes to the body, as they arrive."""
        while True:
            piece = self._buffer[:size]
            del self._buffer[: len(piece)]
            self._body += piece
            size -= len(piece)
            if not size:
                return
            yield
