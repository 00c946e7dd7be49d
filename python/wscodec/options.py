"""The options of a connection, and what it reports about itself."""

from __future__ import annotations

from ctypes import byref, c_uint64, memmove
from typing import TYPE_CHECKING, Any, TypedDict

from . import _fast_calls, _ffi
from ._buffers import in_range, readable
from ._owner import Owner
from .control import Random
from .deflate import Deflate
from .errors import InvalidArgument, check
from .frame import OPCODES, Opcode

if TYPE_CHECKING:
    from typing_extensions import Unpack

MAX_MESSAGE = 1 << 20
"""Default limit on a message, in bytes."""

COMPRESS_FROM = 1024
"""Default length in bytes from which messages are compressed."""


class Options(TypedDict, total=False):
    """The options of a connection; see Connection."""

    compress_from: int
    max_message: int
    max_frame: int
    stream: bool
    decode_text: bool | None
    auto_pong: bool
    auto_close: bool
    check_utf8: bool
    any_mask: bool
    allow_rsv: int
    keep_buffer: int
    random: Random | None


_SWITCHES = {
    "stream": _ffi.OPT_STREAM,
    "auto_pong": _ffi.OPT_AUTO_PONG,
    "auto_close": _ffi.OPT_AUTO_CLOSE,
    "check_utf8": _ffi.OPT_CHECK_UTF8,
    "any_mask": _ffi.OPT_ANY_MASK,
}
_NUMBERS = {
    "max_message": _ffi.OPT_MAX_MESSAGE,
    "max_frame": _ffi.OPT_MAX_FRAME,
    "keep_buffer": _ffi.OPT_KEEP_BUFFER,
}
_OTHERS = {"compress_from", "decode_text", "random"}

_free = _fast_calls.declared("ws_conn_free")
_get = _fast_calls.declared("ws_conn_get")
_set = _fast_calls.declared("ws_conn_set")
_set_random = _fast_calls.declared("ws_conn_set_random")


class Configured(Owner):
    """The owner of a connection's handle, with the options of the connection.

    The library keeps the options that it has. Beside them are those that it need not know, and
    those that are looked at for every message.
    """

    __slots__ = (
        "_allow_rsv",
        "_any_mask",
        "_auto_close",
        "_check_utf8",
        "_compress_from",
        "_decode_text",
        "_deflate",
        "_random",
        "_stream",
    )

    _KIND = "connection"

    def _configure(self, handle: int, **options: Unpack[Options]) -> None:
        """Initialises the object as the owner of a new handle."""
        self._own(handle, _free)
        self._deflate: Deflate | None = None
        for name, value in options.items():
            self._choose(name, value)
        self._stream = bool(options.get("stream", False))
        self._check_utf8 = bool(options.get("check_utf8", True))
        self._any_mask = bool(options.get("any_mask", False))
        self._auto_close = bool(options.get("auto_close", True))
        self._allow_rsv = in_range("allow_rsv", options.get("allow_rsv", 0), 256)
        self._decode_text = _decode_text(options.get("decode_text"), self._check_utf8)
        self._set_compress_from(options.get("compress_from", COMPRESS_FROM))
        random = options.get("random")
        self._random = None if random is None else _fill(random)
        if self._random is not None:
            check(_set_random(handle, self._random, None))

    def _choose(self, name: str, value: Any) -> None:
        """Sets an option of the library, whose other defaults are those of this package."""
        if name in _SWITCHES:
            self._set(_SWITCHES[name], bool(value))
        elif name == "allow_rsv":
            bits = in_range(name, value, 256)
            result = _set(self._handle, _ffi.OPT_ALLOW_RSV, bits)
            check(result, name, f"{bits} has other bits than RSV1, RSV2 and RSV3")
        elif name in _NUMBERS:
            self._set(_NUMBERS[name], in_range(name, value, 2**64))
        elif name not in _OTHERS:
            raise TypeError(f"there is no option {name!r}")

    @property
    def receiving(self) -> Opcode | None:
        """Opcode.TEXT or Opcode.BINARY while a message is arriving, as far as the input was
        processed; else None."""
        return OPCODES[self._get(_ffi.INFO_RECEIVING)] or None

    @property
    def announced(self) -> int:
        """After TooBig: the length in bytes, announced or reached, that exceeds a limit; else
        0."""
        return self._get(_ffi.INFO_ANNOUNCED)

    @property
    def buffered(self) -> int:
        """Bytes of an incomplete message that the library holds."""
        return self._get(_ffi.INFO_BUFFERED)

    @property
    def deflate(self) -> Deflate | None:
        """The compression that was agreed; None if there is none."""
        return self._deflate

    @property
    def stream(self) -> bool:
        """Whether messages are yielded in parts."""
        return self._stream

    @property
    def decode_text(self) -> bool | None:
        """Which texts are yielded as str: None for whole messages, True for parts, too, False
        for none."""
        return self._decode_text

    @property
    def check_utf8(self) -> bool:
        """Whether incoming text must be UTF-8."""
        return self._check_utf8

    @property
    def any_mask(self) -> bool:
        """Whether masked and unmasked frames are accepted."""
        return self._any_mask

    @property
    def auto_close(self) -> bool:
        """Whether the connection sends a close frame in reply to a close or to report an
        error."""
        return self._auto_close

    @property
    def allow_rsv(self) -> int:
        """The reserved bits that messages may have."""
        return self._allow_rsv

    @property
    def max_frame(self) -> int:
        """Data frames that announce more bytes are TooBig; 0 for no limit. Can be set."""
        return self._get(_ffi.OPT_MAX_FRAME)

    @max_frame.setter
    def max_frame(self, value: int) -> None:
        self._set(_ffi.OPT_MAX_FRAME, in_range("max_frame", value, 2**64))

    @property
    def max_message(self) -> int:
        """Messages of more bytes, decompressed, are TooBig; 0 for no limit. Can be set."""
        return self._get(_ffi.OPT_MAX_MESSAGE)

    @max_message.setter
    def max_message(self, value: int) -> None:
        self._set(_ffi.OPT_MAX_MESSAGE, in_range("max_message", value, 2**64))

    @property
    def auto_pong(self) -> bool:
        """Whether the connection replies to pings. Can be set."""
        return bool(self._get(_ffi.OPT_AUTO_PONG))

    @auto_pong.setter
    def auto_pong(self, value: bool) -> None:
        self._set(_ffi.OPT_AUTO_PONG, bool(value))

    @property
    def keep_buffer(self) -> int:
        """Most bytes of message memory to keep between messages. Can be set."""
        return self._get(_ffi.OPT_KEEP_BUFFER)

    @keep_buffer.setter
    def keep_buffer(self, value: int) -> None:
        self._set(_ffi.OPT_KEEP_BUFFER, in_range("keep_buffer", value, 2**64))

    def _set_compress_from(self, value: int) -> None:
        value = in_range("compress_from", value, 2**64)
        self._set(_ffi.OPT_COMPRESS_FROM, value)
        self._compress_from = value

    def _get(self, option: int) -> int:
        value = c_uint64()
        check(_get(self._handle or self._freed(), option, byref(value)))
        return value.value

    def _set(self, option: int, value: int) -> None:
        check(_set(self._handle or self._freed(), option, value))


def _decode_text(value: bool | None, check_utf8: bool) -> bool | None:
    if not (value is None or value is True or value is False):
        raise TypeError(f"decode_text is True, False or None, not {value!r}")
    if value and not check_utf8:
        raise InvalidArgument("decode_text needs check_utf8: only UTF-8 can be decoded")
    return value


def _fill(random: Random) -> Any:
    """A C function that calls `random`; no exception may reach C."""
    if not callable(random):
        raise TypeError(f"random is a function, not {random!r}")

    def fill(_: int | None, out: int, size: int) -> int:
        try:
            data = readable(random(size))
            if len(data) != size:
                return 1
            memmove(out, data, size)
        except BaseException:  # ctypes would print it and return 0
            return 1
        return 0

    return _ffi.RandomFunction(fill)
