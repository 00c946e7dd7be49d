"""Many frames per call: payloads of any length, input that is split anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import addressof, byref, c_char, c_size_t, c_void_p

from . import _ffi
from ._buffers import Data, in_range, writable
from ._ffi import lib
from .errors import WsError, check, error_for
from .frame import ENTRY, OPCODES, Frame, Side, decoder_flags, new_frame

_ENTRIES = 256
_INPUT = 65536

# Without declared argument types: ctypes then passes C objects unchanged, in half the time that
# a conversion from Python's objects needs. Every argument below is a C object.
_feed = lib["ws_decoder_feed"]
_feed.restype = _ffi.c_result


class _Room:
    """Memory for one call of the library: a copy of the input, the entries, the arguments."""

    def __init__(self) -> None:
        self.input = bytearray(_INPUT)
        self.entries = memoryview(bytearray(_ENTRIES * ENTRY.size))
        self.kept = c_char.from_buffer(self.input), c_char.from_buffer(self.entries)
        self.input_address, entries_address = map(addressof, self.kept)
        self.at = c_void_p()
        self.len = c_size_t()
        self.entries_at = c_void_p(entries_address)
        self.entries_len = c_size_t(_ENTRIES)
        self.consumed = c_size_t()
        self.consumed_at = byref(self.consumed)


# A call borrows one, or creates it, and returns it. So an idle connection costs nothing, and
# two threads never share one.
_rooms: list[_Room] = []


class Decoder:
    """Decodes the frames of one connection.

    For one thread at a time. It keeps no bytes of the input except an incomplete header. It
    does not stop at a close frame; you should.
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

        Raises InvalidArgument if `max_payload` is not in 0 ... 2**64 - 1.
        """
        self._state = _ffi.Decoder()
        self._state_ref = byref(self._state)
        flags = decoder_flags(side == Side.CLIENT, deflate, any_mask, keep_masked, any_rsv)
        limit = in_range("max_payload", max_payload, 2**64)
        check(lib.ws_decoder_init(self._state_ref, flags, limit))

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
        try:
            room = _rooms.pop()
        except IndexError:
            room = _Room()
        if not isinstance(data, (bytes, bytearray)):
            view = memoryview(data)
            data = view.cast("B") if view.c_contiguous or in_place else view.tobytes()
        size = len(data)
        buffer: bytearray | memoryview
        if in_place or size > _INPUT:
            buffer, start = writable(data if in_place else bytearray(data))  # type: ignore[arg-type]
            address = addressof(start) if start is not None else None
        else:
            buffer, address = room.input, room.input_address
            buffer[:size] = data
        frames: list[Frame] = []
        error = self._decode(room, buffer, address, size, frames)
        _rooms.append(room)
        return iter(frames) if error is None else _then_raise(frames, error)

    def _decode(
        self,
        room: _Room,
        buffer: bytearray | memoryview,
        address: int | None,
        size: int,
        frames: list[Frame],
    ) -> WsError | None:
        """Decodes `size` bytes of the buffer at `address` and appends to `frames`. Returns the
        error that stopped it."""
        done = 0
        while True:
            room.at.value = address and address + done
            room.len.value = size - done
            count = _feed(
                self._state_ref,
                room.at,
                room.len,
                room.entries_at,
                room.entries_len,
                room.consumed_at,
            )
            if count < 0:
                return error_for(count)
            end = done + room.consumed.value
            piece = bytes(buffer[done:end])
            frames += [
                new_frame(
                    Frame,
                    (
                        OPCODES[opcode],
                        flags,
                        piece[off : off + length],
                        payload_len,
                        pos,
                        key,
                        header_len,
                        OPCODES[message],
                    ),
                )
                for payload_len, pos, off, length, key, opcode, flags, header_len, message in (
                    ENTRY.iter_unpack(room.entries[: count * ENTRY.size])
                )
            ]
            if end == size:
                return None
            done = end

    def finish(self) -> None:
        """Checks that the stream may end here.

        Raises UnexpectedEof inside a frame or message, or the error that stopped the decoder.
        """
        check(lib.ws_decoder_finish(self._state_ref))


def _then_raise(frames: list[Frame], error: WsError) -> Iterator[Frame]:
    yield from frames
    raise error
