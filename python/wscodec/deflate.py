"""Compression of messages, permessage-deflate (RFC 7692): what the two sides agree on.

A server leaves it to Connection.accept(head, deflate=Deflate()). A client offers, and reads
the answer:

    offered = Deflate()
    request = build_request(host, extensions=deflate_offer(offered))
    ...
    agreed = deflate_confirm(response.head, offered)  # None: the server does not compress
    conn = Connection(CLIENT, deflate=agreed)

Where the library was built without compression (see library_can_deflate()), all of this
raises Unsupported.
"""

from __future__ import annotations

from ctypes import byref
from dataclasses import dataclass, fields

from . import _ffi
from ._buffers import Data, readable, written
from ._ffi import lib
from .errors import InvalidArgument, check

_MAX_TEXT = 256  # more than any offer or answer takes

_RANGES = {
    "server_max_window_bits": range(8, 16),
    "client_max_window_bits": range(8, 16),
    "level": range(1, 10),
    "mem_level": range(1, 10),
}


@dataclass(frozen=True)
class Deflate:
    """How to compress: what one side is willing to, or what both have agreed on.

    Raises InvalidArgument for a number that is out of range.
    """

    server_no_context_takeover: bool = False
    """The server compresses each message for itself: a little worse, but without memory of
    the last one."""
    client_no_context_takeover: bool = False
    """The client does."""
    server_max_window_bits: int = 15
    """How far back the server's messages may refer, as a power of two: 8 ... 15. With 8 ours
    compress without referring back, since no engine can do more."""
    client_max_window_bits: int = 15
    """The same of the client's."""
    level: int = 6
    """How hard to try, of no concern to the peer: 1 (fast) ... 9 (small)."""
    mem_level: int = 8
    """Memory to compress with, of no concern to the peer: 1 (little) ... 9 (much)."""

    def __post_init__(self) -> None:
        for name, allowed in _RANGES.items():
            if getattr(self, name) not in allowed:
                raise InvalidArgument(f"{name} {getattr(self, name)} is out of range")


_DEFAULT = Deflate()


def deflate_accept(head: Data, willing: Deflate = _DEFAULT) -> tuple[Deflate, str] | None:
    """Server: takes the first acceptable offer in a client's complete head. Returns what is
    agreed on, for Connection(), and what says so, for build_response(extensions=...).

    willing  What you want at least: the client may ask for more of it. Its window is limited
             only where its offer allows that.

    None: there is no offer, or none that is well-formed; do not compress. Errors as for
    next_header().
    """
    head, params = readable(head), pmd_params(willing)
    answer = written(
        _MAX_TEXT,
        lambda out, size: lib.ws_pmd_accept(head, len(head), byref(params), out, size),
    )
    return (deflate_of(params), answer.decode()) if answer else None


def deflate_offer(offered: Deflate = _DEFAULT) -> str:
    """Client: the offer for build_request(extensions=...). It always lets the server limit
    our window."""
    params = pmd_params(offered)
    return written(
        _MAX_TEXT, lambda out, size: lib.ws_pmd_offer(byref(params), out, size)
    ).decode()


def deflate_confirm(head: Data, offered: Deflate = _DEFAULT) -> Deflate | None:
    """Client: what the server's complete head agrees to, for Connection(). `offered` is what
    deflate_offer() was given.

    None: the server does not compress, and neither may you.

    Raises ExtensionError if the answer is malformed or does not fit the offer; else errors
    as for next_header().
    """
    head, params = readable(head), pmd_params(offered)
    on = check(lib.ws_pmd_confirm(head, len(head), byref(params)))
    return deflate_of(params) if on else None


def pmd_params(deflate: Deflate) -> _ffi.PmdParams:
    """As C has it."""
    return _ffi.PmdParams(*[int(getattr(deflate, field.name)) for field in fields(deflate)])


def deflate_of(params: _ffi.PmdParams) -> Deflate:
    """The way back."""
    return Deflate(
        bool(params.server_no_context_takeover),
        bool(params.client_no_context_takeover),
        params.server_max_window_bits,
        params.client_max_window_bits,
        params.level,
        params.mem_level,
    )
