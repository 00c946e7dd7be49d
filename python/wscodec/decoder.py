"""Many frames per call: payloads of any length, any split of the input."""

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

# Without declared arguments: ctypes then takes C objects as they are, in half the time that
# it needs to make them of Python's. Every argument below is one.
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


# A caller takes one, or makes it, and brings it back: so that an idle connection costs
# nothing, and threads do not meet in one.
_rooms: list[_Room] = []


class Decoder:
    """Decodes the frames of one connection.

    One thread at a time. It keeps no bytes of the input but an incomplete header, and knows
    nothing of closing: after a close frame, stopping is up to you.
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
        side         The side that you are: a SERVER's input must be masked, a CLIENT's not.
        deflate      RSV1 may be set on the first frame of a message.
        any_mask     Accept masked and unmasked, e.g. in a proxy.
        keep_masked  Do not unmask payloads.
        any_rsv      Reserved bits of data frames are reported, not refused, of continuations
                     too, e.g. in a proxy.
        max_payload  Frames that announce more bytes are TooBig; 0 for no limit.

        Raises InvalidArgument if `max_payload` is not in 0 ... 2**64 - 1.
        """
        self._state = _ffi.Decoder()
        self._state_ref = byref(self._state)
        flags = decoder_flags(side == Side.CLIENT, deflate, any_mask, keep_masked, any_rsv)
        limit = in_range("max_payload", max_payload, 2**64)
        check(lib.ws_decoder_init(self._state_ref, flags, limit))

    def feed(self, data: Data, *, in_place: bool = False) -> Iterator[Frame]:
        """Decodes what came from the peer, all of it, now; the iterator hands it out.

        A frame that lies whole in `data` is one Frame. What is cut by its ends comes in
        chunks, several Frames without BEGIN or END. Only a frame without payload is an
        empty chunk.

        in_place  Unmask in `data` itself, a bytearray or a writable memoryview, which saves
                  a copy. Else `data` is not modified. The payloads are copies either way.

        The iterator raises the error where it stands in the stream, behind the frames before
        it: ReservedBits, ReservedOpcode, InvalidControlFrame, InvalidFragmentation,
        InvalidMask, InvalidLength or TooBig. That is as soon as the byte is there that
        proves it, however the stream is cut. Every later call raises it again.

        Raises InvalidArgument if `in_place` is asked of something that cannot be modified.
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
        """Decodes `size` bytes of the buffer, which lies at the address; appends to `frames`.
        Returns what stopped it."""
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
        """Tells whether the stream may end here.

        Raises UnexpectedEof in mid-frame or mid-message, or the error that stopped the
        decoder.
        """
        check(lib.ws_decoder_finish(self._state_ref))


def _then_raise(frames: list[Frame], error: WsError) -> Iterator[Frame]:
    yield from frames
    raise error
