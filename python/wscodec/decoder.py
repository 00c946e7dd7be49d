"""Many frames per call: payloads of any length, input that is split anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ctypes import addressof, byref, c_char, c_size_t, c_void_p
from struct import Struct
from typing import NoReturn, TypeVar

from . import _fast_calls, _ffi
from ._buffers import FILLS_BYTES, Data, address, in_range, own_copy, view_of, writable
from ._ffi import lib
from ._room import LONG
from ._side import side_of
from .errors import WsError, check, error_for
from .frame import BEGIN, END, ENTRY, OPCODES, Frame, Opcode, Side, decoder_flags, new_frame

_ENTRIES = 256
_ENTRY_SIZE = ENTRY.size

_feed_short = _fast_calls.short("ws_decoder_feed")
_feed_long = _fast_calls.long("ws_decoder_feed")

# ws_frame without what is known of a frame in one chunk, and without all but what a tuple has.
_WHOLE = Struct("=16xQQ4sBBBB")
_TUPLE = Struct("=16xQQ4xBB2x")
_FLAGS = _ffi.Frame.flags.offset

Chunk = TypeVar("Chunk")


class _Room:
    """Memory for one call of the library: the entries, the arguments."""

    def __init__(self) -> None:
        self.entries = memoryview(bytearray(_ENTRIES * ENTRY.size))
        self.kept = c_char.from_buffer(self.entries)
        self.entries_at = c_void_p(addressof(self.kept))
        self.entries_len = c_size_t(_ENTRIES)
        self.len = c_size_t()
        self.consumed = c_size_t()
        self.consumed_at = byref(self.consumed)


# A call borrows one, or creates it, and returns it. So an idle connection costs nothing, and
# two threads never share one.
_rooms: list[_Room] = []


class Decoder:
    """Decodes the frames of one connection.

    For one thread at a time. It keeps no bytes of the input except an incomplete header. It
    does not stop at a close frame; you should. It cannot be copied or pickled: a stream has one
    reader.
    """

    __slots__ = ("_state", "_state_ref")

    def __init__(
        self,
        side: Side = Side.SERVER,
        *,
        deflate: bool = False,
        any_mask: bool = False,
        keep_masked: bool = False,
        any_rsv: bool = False,
        max_payload: int = 0,
    ) -> None:
        """
        side         Which side you are: a SERVER's input must be masked, a CLIENT's must not.
        deflate      RSV1 may be set on the first frame of a message.
        any_mask     Accept masked and unmasked frames, e.g. in a proxy.
        keep_masked  Do not unmask payloads.
        any_rsv      Report the reserved bits of data frames, also of continuations, instead of
                     rejecting them, e.g. in a proxy.
        max_payload  A frame that announces a longer payload is TooBig; 0 for no limit.

        Raises InvalidArgument for another side, and if `max_payload` is not in 0 ... 2**64 - 1.
        """
        self._state = _ffi.Decoder()
        self._state_ref = byref(self._state)
        client = side_of(side) is Side.CLIENT
        flags = decoder_flags(client, deflate, any_mask, keep_masked, any_rsv)
        limit = in_range("max_payload", max_payload, 2**64)
        check(lib.ws_decoder_init(self._state_ref, flags, limit))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a decoder cannot be copied")

    def feed(self, data: Data, *, in_place: bool = False) -> Iterator[Frame]:
        """Decodes all bytes from the peer at once; the iterator yields their frames.

        A frame that is entirely in `data` is one Frame. A frame that is cut by the start or end
        of `data` is reported in chunks: several Frames, not all with BEGIN and END. Only a
        frame without payload is an empty chunk.

        in_place  Unmask in `data` itself, a bytearray or a writable memoryview, which saves a
                  copy. Else `data` is not modified. The payloads are copies in both cases.

        The iterator raises an error after the frames before it: ReservedBits, ReservedOpcode,
        InvalidControlFrame, InvalidFragmentation, InvalidMask, InvalidLength or TooBig. The
        error is raised as soon as the byte that proves it has arrived, however the stream is
        cut. Every later call raises it again.

        Raises InvalidArgument if `in_place` is set and `data` cannot be modified.
        """
        return self._decoded(data, in_place, _frames)

    def feed_tuples(
        self, data: Data, *, in_place: bool = False
    ) -> Iterator[tuple[Opcode, int, bytes]]:
        """Decodes like feed(), but the iterator yields plain tuples, which takes two thirds of
        the time: the opcode, the flags and the payload of each Frame."""
        return self._decoded(data, in_place, _tuples)

    def _decoded(
        self, data: Data, in_place: bool, chunks_of: Callable[[bytes, memoryview], list[Chunk]]
    ) -> Iterator[Chunk]:
        """Decodes `data`; `chunks_of` makes chunks of some bytes and of their entries."""
        source: bytes | memoryview
        if in_place or not FILLS_BYTES:
            own = data if in_place else bytearray(view_of(data, "data"))
            source, start = writable(own)  # type: ignore[arg-type]
            at: object = None if start is None else byref(start)
        else:
            source = at = own_copy(data)
            start = None
        size = len(source)
        room = _rooms.pop() if _rooms else _Room()
        if size < LONG:
            count = _feed_short(
                self._state_ref, at, size, room.entries_at, room.entries_len, room.consumed_at
            )
        else:
            room.len.value = size
            count = _feed_long(
                self._state_ref,
                at,
                room.len,
                room.entries_at,
                room.entries_len,
                room.consumed_at,
            )
        if count < 0 or room.consumed.value != size:
            result = self._decode_rest(room, count, source, start, chunks_of)
        else:
            entries = room.entries[: count * _ENTRY_SIZE]
            result = iter(chunks_of(bytes(source), entries))
        _rooms.append(room)
        return result

    def _decode_rest(
        self,
        room: _Room,
        count: int,
        source: bytes | memoryview,
        start: c_char | None,
        chunks_of: Callable[[bytes, memoryview], list[Chunk]],
    ) -> Iterator[Chunk]:
        """Continues after a call that returned `count` and did not consume all."""
        chunks: list[Chunk] = []
        size, done = len(source), 0
        while count >= 0:
            end = done + room.consumed.value
            chunks += chunks_of(bytes(source[done:end]), room.entries[: count * _ENTRY_SIZE])
            if end == size:
                return iter(chunks)
            done = end
            base = addressof(start) if start is not None else address(bytes(source))
            room.len.value = size - done
            count = _feed_long(
                self._state_ref,
                c_void_p(base + done),
                room.len,
                room.entries_at,
                room.entries_len,
                room.consumed_at,
            )
        return _then_raise(chunks, error_for(count))

    def finish(self) -> None:
        """Checks that the stream may end here.

        Raises UnexpectedEof inside a frame or message, or the error that stopped the decoder.
        """
        check(lib.ws_decoder_finish(self._state_ref))


def _frames(piece: bytes, entries: memoryview) -> list[Frame]:
    opcodes = OPCODES
    # Only the first and the last can be parts of frames.
    if entries and entries[_FLAGS] & BEGIN and entries[_FLAGS - _ENTRY_SIZE] & END:
        return [
            new_frame(
                (
                    opcodes[opcode],
                    flags,
                    piece[off : off + length],
                    length,
                    0,
                    key,
                    header_len,
                    opcodes[message],
                )
            )
            for off, length, key, opcode, flags, header_len, message in (
                _WHOLE.iter_unpack(entries)
            )
        ]
    return [
        new_frame(
            (
                opcodes[opcode],
                flags,
                piece[off : off + length],
                payload_len,
                pos,
                key,
                header_len,
                opcodes[message],
            )
        )
        for payload_len, pos, off, length, key, opcode, flags, header_len, message in (
            ENTRY.iter_unpack(entries)
        )
    ]


def _tuples(piece: bytes, entries: memoryview) -> list[tuple[Opcode, int, bytes]]:
    opcodes = OPCODES
    return [
        (opcodes[opcode], flags, piece[off : off + length])
        for off, length, opcode, flags in _TUPLE.iter_unpack(entries)
    ]


def _then_raise(chunks: list[Chunk], error: WsError) -> Iterator[Chunk]:
    yield from chunks
    raise error
