"""One frame (RFC 6455, 5.2), and batches of frames to send."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from ctypes import byref, c_char, c_size_t, c_uint64
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from . import _fast_calls, _ffi
from ._buffers import (
    FILLS_BYTES,
    Data,
    address,
    flat,
    four_bytes,
    in_range,
    number,
    readable,
    type_name,
    writable,
    written,
)
from ._ffi import lib
from ._room import LONG
from .errors import InvalidArgument, check, error_for

FIN = _ffi.FIN
"""The last frame of its message."""
RSV1 = _ffi.RSV1
"""The message is compressed, if compression was agreed on."""
RSV2 = _ffi.RSV2
"""For an extension of your own: see any_rsv and allow_rsv."""
RSV3 = _ffi.RSV3
"""For an extension of your own, like RSV2."""
MASKED = _ffi.MASKED
"""The header has a masking key."""
BEGIN = _ffi.BEGIN
"""This chunk starts the frame's payload."""
END = _ffi.END
"""This chunk ends the frame's payload."""


class Opcode(enum.IntEnum):
    """The kind of a frame (RFC 6455, 11.8)."""

    CONTINUATION = _ffi.OPCODE_CONTINUATION
    TEXT = _ffi.OPCODE_TEXT
    BINARY = _ffi.OPCODE_BINARY
    CLOSE = _ffi.OPCODE_CLOSE
    PING = _ffi.OPCODE_PING
    PONG = _ffi.OPCODE_PONG

    @property
    def is_control(self) -> bool:
        """Whether it is CLOSE, PING or PONG."""
        return self >= _ffi.OPCODE_CLOSE


class Side(enum.IntEnum):
    """Which side you are. The input comes from the other side."""

    SERVER = _ffi.SERVER
    """Frames must be masked."""
    CLIENT = _ffi.CLIENT
    """Frames must not be masked."""


class Frame(NamedTuple):
    """A chunk of payload and the frame it belongs to.

    If the whole frame is in one chunk, chunk_pos is 0, and BEGIN and END are both set.
    Everything but payload, chunk_pos, BEGIN and END describes the frame and repeats in each of
    its chunks.
    """

    opcode: Opcode
    """The kind of the frame."""
    flags: int
    """FIN, RSV1, RSV2, RSV3 and MASKED describe the frame; BEGIN and END the chunk."""
    payload: bytes
    """The bytes of this chunk, unmasked unless keep_masked is set."""
    payload_len: int
    """Length in bytes of the whole payload, as the header announced it."""
    chunk_pos: int
    """Where in the payload this chunk starts, in bytes."""
    mask_key: bytes
    """The masking key, 4 bytes; zeros without MASKED."""
    header_len: int
    """Length of the frame's header in bytes, 2 to 14."""
    message_opcode: Opcode
    """TEXT or BINARY in every frame of a message, also in continuations; its own opcode for a
    control frame. CONTINUATION only from frame_decode(), which sees only one frame."""

    @property
    def fin(self) -> bool:
        """Whether the frame is the last of its message."""
        return bool(self.flags & FIN)

    @property
    def begin(self) -> bool:
        """Whether this chunk starts the frame's payload."""
        return bool(self.flags & BEGIN)

    @property
    def end(self) -> bool:
        """Whether this chunk ends the frame's payload."""
        return bool(self.flags & END)

    @property
    def size(self) -> int:
        """Length in bytes of the whole frame on the wire, header included."""
        return self.header_len + self.payload_len


OPCODES = tuple(Opcode(n) if n in set(Opcode) else None for n in range(16))
"""Faster than calling Opcode, which searches its members for the number."""

ENTRY = Struct(_ffi.FRAME)
"""Reads ws_frame faster than its ctypes declaration."""


class _Row(tuple):  # type: ignore[type-arg]
    __slots__ = ()


class _NewFrame(_Row, Frame):
    """A Frame from a tuple of its fields. It is the base without a __new__ that makes this much
    faster than to call Frame, which counts its arguments, or tuple.__new__()."""

    __slots__ = ()
    __new__ = tuple.__new__  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[Frame], tuple[object, ...]]:
        return Frame, tuple(self)


_NewFrame.__name__ = _NewFrame.__qualname__ = "Frame"  # for repr()

if TYPE_CHECKING:

    def new_frame(fields: tuple[object, ...]) -> Frame: ...
else:
    new_frame = _NewFrame


class OutFrame(NamedTuple):
    """A frame to send; its fields are the arguments of frame_encode()."""

    opcode: int
    payload: Data = b""
    fin: bool = True
    rsv: int = 0
    mask_key: Data | None = None


def frame_encode(
    opcode: int,
    payload: Data = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask_key: Data | None = None,
) -> bytes:
    """Encodes one frame, header and payload.

    opcode    One of Opcode.
    fin       Whether the frame is the last of its message.
    rsv       RSV1 if the message is compressed; RSV1, RSV2 and RSV3 for an extension of your
              own; or 0.
    mask_key  4 unpredictable bytes, e.g. secrets.token_bytes(4), new for every frame (RFC 6455,
              10.3): clients must mask. None: servers must not.

    Raises InvalidArgument for a reserved opcode, other bits in `rsv`, a key that is not 4 bytes
    long, and a control frame that is not final or has more than 125 bytes.
    """
    payload, key = readable(payload, "payload"), _key(mask_key)
    opcode, flags, length = _opcode(opcode), _flags(fin, rsv), len(payload)
    encode = _encode if length < LONG else _encode_long
    try:
        return written(
            _size(length, key is not None),
            lambda out, size: encode(
                opcode, flags, key, payload, c_size_t(length), out, c_size_t(size)
            ),
        )
    except InvalidArgument:
        raise _refused(opcode, flags, "payload", length) from None


def _size(length: int, masked: bool) -> int:
    """Length of a frame with a payload of `length` bytes."""
    extended = 0 if length < 126 else 2 if length < 1 << 16 else 8
    return 2 + extended + 4 * masked + length


def frame_header(
    opcode: int,
    payload_len: int,
    *,
    fin: bool = True,
    rsv: int = 0,
    mask_key: Data | None = None,
) -> bytes:
    """Encodes only the header of a frame, for a payload of `payload_len` bytes that follows in
    chunks; mask those with mask(). Arguments and errors are those of frame_encode();
    InvalidArgument also for a length that is negative or above 2**63 - 1.
    """
    length = in_range("payload_len", payload_len, 2**63)
    opcode, flags, key = _opcode(opcode), _flags(fin, rsv), _key(mask_key)
    try:
        return written(
            _ffi.MAX_HEADER,
            lambda out, size: lib.ws_frame_header(opcode, flags, key, length, out, size),
        )
    except InvalidArgument:
        raise _refused(opcode, flags, "payload_len", length) from None


def frame_size(payload_len: int, *, masked: bool = False) -> int:
    """Length in bytes of a frame with a payload of `payload_len` bytes, header included.

    Raises InvalidArgument for a length that is negative or above 2**63 - 1.
    """
    return _size(in_range("payload_len", payload_len, 2**63), bool(masked))


_OUT_FRAME = Struct(_ffi.OUT_FRAME)


def frames_encode(frames: Iterable[OutFrame]) -> bytes:
    """Encodes many frames, one after another, in one call of the library.

    Raises as frame_encode() does, for the first invalid frame; then nothing is returned.
    """
    rows = _rows(frames)
    pieces = [readable(row.payload, "payload") for row in rows]
    payloads = b"".join(pieces)  # so that one address is enough
    start = address(payloads)
    entries = bytearray(len(rows) * _OUT_FRAME.size)
    for at, row in enumerate(rows):
        length = len(pieces[at])
        opcode, flags, key = _opcode(row.opcode), _flags(row.fin, row.rsv), _key(row.mask_key)
        if key is not None:
            flags |= MASKED
        _OUT_FRAME.pack_into(
            entries, at * _OUT_FRAME.size, start, length, key or b"", opcode, flags
        )
        start += length
    return _encode_entries(bytes(entries), len(rows), len(payloads))


def _rows(frames: Iterable[OutFrame]) -> list[OutFrame]:
    if isinstance(frames, (str, bytes, bytearray, memoryview)):
        raise _no_frames(frames)
    try:
        rows = iter(frames)
    except TypeError:
        raise _no_frames(frames) from None
    return [row if type(row) is OutFrame else _row(row) for row in rows]


def _row(row: object) -> OutFrame:
    if isinstance(row, (tuple, list)):
        try:
            return OutFrame(*row)
        except TypeError:  # too few or too many
            pass
    raise _no_frames(row)


def _no_frames(value: object) -> TypeError:
    return TypeError(f"frames must be an iterable of OutFrame, not {type_name(value)}")


def _encode_entries(entries: bytes, count: int, payload_len: int) -> bytes:
    """Encodes an array of ws_out_frame; the caller keeps the payloads alive."""
    done = c_size_t()

    def encode(out: object, size: int) -> int:
        encoded = lib.ws_frames_encode(entries, count, out, size, byref(done))
        if encoded < count:  # there is room, so the next frame is invalid
            at = max(0, encoded) * _OUT_FRAME.size
            _, length, _, opcode, flags = _OUT_FRAME.unpack_from(entries, at)
            raise _refused(opcode, flags, "payload", length)
        return done.value

    return written(payload_len + count * _ffi.MAX_HEADER, encode)


_Entry = tuple[bytearray, object]
"""Memory for a ws_frame, and the argument that passes its address."""

# A call takes one, or creates it, and returns it, so that two threads never share one.
_entries: list[_Entry] = []


def _new_entry() -> _Entry:
    memory = bytearray(ENTRY.size)
    return memory, byref(c_char.from_buffer(memory))


_encode = _fast_calls.short("ws_frame_encode")
_encode_long = _fast_calls.long("ws_frame_encode")
_mask, _mask_long = _fast_calls.short("ws_mask"), _fast_calls.long("ws_mask")
_mask_copy = _fast_calls.short("ws_mask_copy")
_mask_copy_long = _fast_calls.long("ws_mask_copy")
_decode = _fast_calls.short("ws_frame_decode")
_read_whole = Struct("=32x4sBBBB").unpack_from  # of a frame that is in one chunk
_read_lengths = Struct("=Q30xBx").unpack_from  # payload_len and header_len


def frame_decode(
    data: Data,
    *,
    client: bool = False,
    deflate: bool = False,
    any_mask: bool = False,
    keep_masked: bool = False,
    any_rsv: bool = False,
) -> Frame | None:
    """Decodes the frame at the start of `data`; the next one starts at `frame.size`. Returns
    None if the frame is incomplete: frame_missing() tells how many bytes to read.

    For many frames a Decoder is several times faster; it also keeps incomplete frames, and
    checks the order of fragments.

    client       You are the client: frames must not be masked. Otherwise they must be.
    deflate      RSV1 may be set.
    any_mask     Accept masked and unmasked frames, e.g. in a proxy.
    keep_masked  Do not unmask the payload.
    any_rsv      Report the reserved bits of data frames instead of rejecting them, e.g. in a
                 proxy.

    Raises ReservedBits, ReservedOpcode, InvalidControlFrame, InvalidMask and InvalidLength as
    soon as the byte that proves the error has arrived.
    """
    if type(data) is not bytes:
        view = flat(data, "data")
        data = bytes(view[: _end(view)[1]])  # no more than one frame
    entry = _entries.pop() if _entries else _new_entry()
    memory, entry_at = entry
    # With KEEP_MASKED, so that the library does not write to `data`.
    flags = _SERVER_READ_ONLY
    if client or deflate or any_mask or any_rsv:
        flags = decoder_flags(client, deflate, any_mask, True, any_rsv)
    length = len(data)
    size = _decode(data, length if length < _INTS else c_size_t(length), flags, entry_at)
    if size <= 0:
        _entries.append(entry)
        if size < 0:
            raise error_for(size)
        return None
    key, opcode, flags, header_len, message = _read_whole(memory)
    _entries.append(entry)
    payload = data[header_len:size]
    length = size - header_len
    if flags & MASKED and not keep_masked:
        # The slice is new, unless it has 0 or 1 bytes.
        if 1 < length < LONG and FILLS_BYTES:
            _mask(payload, length, key, 0)
        else:
            payload = mask(payload, key)
    return new_frame(
        (OPCODES[opcode], flags, payload, length, 0, key, header_len, OPCODES[message])
    )


def frame_missing(data: Data) -> int:
    """How many bytes the frame at the start of `data` lacks at least; 0 if it is complete. To
    read exactly one frame:

        while missing := frame_missing(received):
            received += read(missing)  # at most so many
        frame = frame_decode(received)

    While the header is incomplete, these are the bytes that the header lacks, as far as it is
    known; then those that the frame lacks. A peer may announce up to 2**63 - 1 bytes: limit
    what you read.

    Raises ReservedBits, ReservedOpcode, InvalidControlFrame and InvalidLength as frame_decode()
    does where the frame is invalid for both sides, with every extension.
    """
    view = flat(data, "data")
    result, end = _end(view)
    check(result)
    return max(0, end - len(view))


_INTS = 1 << 31
"""Lengths below it can be passed as an int: see _fast_calls."""
_SERVER_READ_ONLY = _ffi.SERVER | _ffi.KEEP_MASKED
_ANY_FRAME = _ffi.DEFLATE | _ffi.ANY_MASK | _ffi.ANY_RSV | _ffi.KEEP_MASKED


def _end(view: memoryview) -> tuple[int, int]:
    """The result of ws_frame_decode() for the header of any frame, and the length of the frame.
    While its header is incomplete, the length of the header as far as it is known."""
    memory, entry_at = _new_entry()
    head = bytes(view[: _ffi.MAX_HEADER])
    result = _decode(head, len(head), _ANY_FRAME, entry_at)
    payload_len, header_len = _read_lengths(memory)
    if header_len:
        return result, header_len + payload_len
    if len(head) < 2:
        return result, 2
    extended = {126: 2, 127: 8}.get(head[1] & 0x7F, 0)
    return result, 2 + extended + 4 * (head[1] >> 7)


def decoder_flags(
    client: bool, deflate: bool, any_mask: bool, keep_masked: bool, any_rsv: bool
) -> int:
    """The flags of ws_frame_decode() and ws_decoder_init()."""
    return (
        (_ffi.CLIENT if client else _ffi.SERVER)
        | (_ffi.DEFLATE if deflate else 0)
        | (_ffi.ANY_MASK if any_mask else 0)
        | (_ffi.KEEP_MASKED if keep_masked else 0)
        | (_ffi.ANY_RSV if any_rsv else 0)
    )


def mask(data: Data, key: Data, pos: int = 0) -> bytes:
    """Masks or unmasks; the two are the same operation (RFC 6455, 5.3).

    key  The masking key, 4 bytes.
    pos  The position of `data` in the frame's payload, in bytes.

    Raises InvalidArgument if the key is not 4 bytes long or `pos` is not in 0 ... 2**64 - 1.
    """
    data, key = readable(data), four_bytes(key, "key")
    pos = in_range("pos", pos, 2**64)

    def fill(out: object, size: int) -> int:
        copy = _mask_copy if size < LONG else _mask_copy_long
        copy(out, data, c_size_t(size), key, c_uint64(pos))
        return size

    return written(len(data), fill)


def mask_in_place(data: bytearray | memoryview, key: Data, pos: int = 0) -> None:
    """Masks or unmasks `data` in place, like mask(). Raises InvalidArgument also if `data`
    cannot be modified."""
    key = four_bytes(key, "key")
    pos = in_range("pos", pos, 2**64)
    view, start = writable(data)
    if start is None:
        return
    (_mask if len(view) < LONG else _mask_long)(
        byref(start), c_size_t(len(view)), key, c_uint64(pos)
    )


def _opcode(opcode: int) -> int:
    return in_range("opcode", opcode, 16)


def _refused(opcode: int, flags: int, argument: str, length: int) -> InvalidArgument:
    """The exception for a frame that the library refuses (RFC 6455, 5.2 and 5.5).

    argument  The name of the argument that has so many bytes.
    """
    if OPCODES[opcode] is None:
        return InvalidArgument.of("opcode", f"{opcode} is reserved")
    if not flags & FIN:
        return InvalidArgument.of("fin", "a control frame has no fragments")
    why = f"a control frame has at most {_ffi.MAX_CONTROL} bytes, not {length}"
    return InvalidArgument.of(argument, why)


def _flags(fin: bool, rsv: int) -> int:
    # The library would interpret other bits as FIN, and in a batch as MASKED.
    rsv = number("rsv", rsv)
    if rsv & ~(RSV1 | RSV2 | RSV3):
        raise InvalidArgument("rsv has other bits than RSV1, RSV2 and RSV3")
    return (FIN if fin else 0) | rsv


def _key(key: Data | None) -> bytes | None:
    return None if key is None else four_bytes(key, "mask_key")
