"""Compression of messages: permessage-deflate (RFC 7692) and its negotiation.

A server passes Connection.accept(head, deflate=Deflate()). A client sends an offer, and passes
it to Connection.confirm():

    offered = Deflate()
    request = build_request(host, extensions=deflate_offer(offered))
    ...
    conn, response = Connection.confirm(received, request, deflate=offered)

Without a Connection, use deflate_accept() or deflate_confirm() to negotiate, and a Deflater to
compress.

If the library was built without compression (see library_can_deflate()), all of this raises
Unsupported.
"""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import addressof, byref, c_char, c_size_t
from dataclasses import dataclass, fields

from . import _fast_calls, _ffi
from ._buffers import Data, address, in_range, number, optional, readable, written
from ._ffi import lib
from ._library import library_can_deflate
from ._owner import Owner
from ._room import LONG_DEFLATE, LONG_INFLATE
from ._side import side_of
from .errors import InvalidArgument, NoMemory, TooBig, Unsupported, check
from .frame import Side
from .handshake import check_head

_MAX_TEXT = 256  # longer than any offer or response

_RANGES = {
    "server_max_window_bits": range(8, 16),
    "client_max_window_bits": range(8, 16),
    "level": range(1, 10),
    "mem_level": range(1, 10),
}


@dataclass(frozen=True)
class Deflate:
    """Parameters of permessage-deflate: what one side is willing to use, or what was agreed.

    Raises InvalidArgument for a number out of range, TypeError for anything but a number.
    """

    server_no_context_takeover: bool = False
    """The server compresses each message independently: slightly larger, but no memory is held
    between messages."""
    client_no_context_takeover: bool = False
    """The client compresses each message independently."""
    server_max_window_bits: int = 15
    """The server's window, as a power of two: 8 ... 15. With 8 the library compresses without
    back-references, since deflate libraries do not support windows of 256 bytes."""
    client_max_window_bits: int = 15
    """The client's window, as a power of two: 8 ... 15."""
    level: int = 6
    """Effort to compress, local: 1 (fast) ... 9 (small)."""
    mem_level: int = 8
    """Memory to compress with, local: 1 (little) ... 9 (much)."""

    def __post_init__(self) -> None:
        for name, allowed in _RANGES.items():
            if number(name, getattr(self, name)) not in allowed:
                raise InvalidArgument(
                    f"{name} is not in {allowed.start} ... {allowed.stop - 1}"
                )


_DEFAULT = Deflate()


def deflate_accept(head: Data, willing: Deflate = _DEFAULT) -> tuple[Deflate, str] | None:
    """Server: accepts the first acceptable offer in a client's complete head (RFC 7692, 5.1).
    Returns what was agreed, for Connection(), and the value for
    build_response(extensions=...). None if there is no acceptable offer: do not compress.

    willing  The parameters you are willing to use; the client's offer may restrict them
             further. The client's window is limited only if its offer allows that.

    Raises ExtensionError if Sec-WebSocket-Extensions is malformed; other errors as for
    next_header().
    """
    head, params = readable(head, "head"), pmd_params(willing, "willing")

    def accept(out: object, size: int) -> int:
        result = lib.ws_pmd_accept(head, len(head), byref(params), out, size)
        return check_head(result)

    answer = written(_MAX_TEXT, accept)
    return (deflate_of(params), answer.decode()) if answer else None


def deflate_accept_value(
    offers: str | Data | None, willing: Deflate = _DEFAULT
) -> tuple[Deflate, str] | None:
    """Server: accepts an offer as deflate_accept() does, from the value of
    Sec-WebSocket-Extensions (see field_value()), None if it is absent."""
    value, params = optional(offers, "offers"), pmd_params(willing, "willing")
    answer = written(
        _MAX_TEXT,
        lambda out, size: lib.ws_pmd_accept_value(
            value.data, value.len, byref(params), out, size
        ),
    )
    return (deflate_of(params), answer.decode()) if answer else None


def deflate_offer(offered: Deflate = _DEFAULT) -> str:
    """Client: the offer for build_request(extensions=...). It always allows the server to limit
    the client's window."""
    params = pmd_params(offered, "offered")
    return written(
        _MAX_TEXT, lambda out, size: lib.ws_pmd_offer(byref(params), out, size)
    ).decode()


def deflate_confirm(head: Data, offered: Deflate = _DEFAULT) -> Deflate | None:
    """Client: what was agreed according to the server's complete head, for Connection().
    `offered` is what was passed to deflate_offer(). None if compression is off.

    Raises ExtensionError if the response is malformed, repeated, or exceeds the offer; other
    errors as for next_header().
    """
    head, params = readable(head, "head"), pmd_params(offered, "offered")
    on = check_head(lib.ws_pmd_confirm(head, len(head), byref(params)))
    return deflate_of(params) if on else None


def deflate_confirm_value(
    answer: str | Data | None, offered: Deflate = _DEFAULT
) -> Deflate | None:
    """Client: confirms an offer as deflate_confirm() does, from the value of
    Sec-WebSocket-Extensions (see field_value()), None if it is absent."""
    value, params = optional(answer, "answer"), pmd_params(offered, "offered")
    on = check(lib.ws_pmd_confirm_value(value.data, value.len, byref(params)))
    return deflate_of(params) if on else None


_PIECE = 65536

_free = _fast_calls.declared("ws_pmd_free")
_compress = _fast_calls.declared("ws_pmd_compress")
_compress_bound = _fast_calls.declared("ws_pmd_compress_bound")
_decompress = _fast_calls.declared("ws_pmd_decompress")


class Deflater(Owner):
    """Compresses and decompresses the payloads of frames (RFC 7692, 7.2): for users of Decoder,
    for proxies, and to compress once for many. For one thread at a time.

        payload = deflater.compress(b"Hello")
        frame_encode(Opcode.TEXT, payload, rsv=RSV1)

    The library's memory for it is freed when the object is garbage-collected, or at once by
    free() or at the end of a `with`; after that, every method raises InvalidState.
    """

    __slots__ = ("_is_too_big", "_size")

    _KIND = "deflater"

    def __init__(self, side: Side, deflate: Deflate = _DEFAULT) -> None:
        """
        side     Which side you are.
        deflate  The compression that was agreed.

        Raises InvalidArgument for another side, Unsupported if the library cannot compress,
        NoMemory.
        """
        side = side_of(side)
        if not library_can_deflate():
            raise Unsupported()
        handle = lib.ws_pmd_new(side, byref(pmd_params(deflate)), None)
        if handle is None:
            raise NoMemory()
        self._own(handle, _free)
        self._size = 0  # decompressed bytes of the message so far
        self._is_too_big = False

    def compress(self, data: Data, *, more: bool = False) -> bytes:
        """Compresses a message, or a fragment of one, into the payload of one frame. Set RSV1
        on the first frame of a message, and on no other.

        more  More fragments of this message follow.

        Raises TypeError for anything but a bytes-like object; NoMemory.
        """
        handle, data = self._handle or self._freed(), readable(data)
        compress = _compress if len(data) < LONG_DEFLATE else lib.ws_pmd_compress
        flags = _ffi.SEND_MORE if more else 0
        return written(
            _compress_bound(handle, len(data)),
            lambda out, size: compress(handle, flags, data, len(data), out, size),
        )

    def decompress(self, payload: Data, *, more: bool = False, max_size: int) -> bytes:
        """Decompresses the unmasked payload of one frame, or a chunk of it.

        more      More chunks or frames of this message follow.
        max_size  A message that decompresses to more bytes is TooBig; 0 for no limit.

        Raises CompressionError if the data is damaged or the message is truncated; NoMemory.
        Every later call raises these and TooBig again.
        """
        limit = in_range("max_size", max_size, 2**64)
        pieces = []
        for piece in self.decompressed(payload, more=more):
            pieces.append(piece)
            self._size += len(piece)
            if limit and self._size > limit:
                self._is_too_big = True
                raise TooBig()
        if not more:
            self._size = 0
        return b"".join(pieces)

    def decompressed(self, payload: Data, *, more: bool = False) -> Iterator[bytes]:
        """Decompresses like decompress(), but lazily, in parts of at most 64 KiB, and without a
        limit. Iterate to the end before the next payload."""
        if self._is_too_big:
            raise TooBig()
        return self._pieces(readable(payload, "payload"), _ffi.SEND_MORE if more else 0)

    def _pieces(self, payload: bytes, flags: int) -> Iterator[bytes]:
        done, used, start = 0, c_size_t(), address(payload)
        decompress = _decompress if len(payload) < LONG_INFLATE else lib.ws_pmd_decompress
        out = bytearray(_PIECE)
        out_start = c_char.from_buffer(out)
        while True:
            size = check(
                decompress(
                    self._handle or self._freed(),
                    flags,
                    start + done,
                    len(payload) - done,
                    byref(used),
                    addressof(out_start),
                    _PIECE,
                )
            )
            if not size:
                return
            done += used.value
            yield bytes(memoryview(out)[:size])


def pmd_params(deflate: Deflate, name: str = "deflate") -> _ffi.PmdParams:
    """The ws_pmd_params of a Deflate. Raises TypeError for anything else."""
    if not isinstance(deflate, Deflate):
        raise TypeError(f"{name} must be a Deflate, not {type(deflate).__name__}")
    return _ffi.PmdParams(*[int(getattr(deflate, field.name)) for field in fields(deflate)])


def deflate_of(params: _ffi.PmdParams) -> Deflate:
    """The Deflate of a ws_pmd_params."""
    return Deflate(
        bool(params.server_no_context_takeover),
        bool(params.client_no_context_takeover),
        params.server_max_window_bits,
        params.client_max_window_bits,
        params.level,
        params.mem_level,
    )
