"""Decodes reads of masked binary frames to lists of their payloads, as `bytes`."""

from __future__ import annotations

import struct
from collections.abc import Callable
from ctypes import addressof, byref, c_char, c_size_t, c_uint32, c_void_p

import wscodec
from wscodec import _ffi

Side = Callable[[bytes], "list[bytes]"]

# ---- ours ----


def decoder_feed() -> Side:
    decoder = wscodec.Decoder()
    return lambda data: [frame.payload for frame in decoder.feed(data)]


def decoder_feed_tuples() -> Side:
    decoder = wscodec.Decoder()
    return lambda data: [payload for _, _, payload in decoder.feed_tuples(data)]


# With ctypes only, as in a program that does not use the classes of the package.


def function(name: str) -> Callable[..., int]:
    """Without declared arguments: ctypes passes its own objects faster than those of Python."""
    found = _ffi.lib[name]
    found.restype = _ffi.c_result
    return found


def input_buffer() -> tuple[memoryview, int]:
    """And its address."""
    view = memoryview(bytearray(1 << 17))
    return view, addressof(c_char.from_buffer(view))


def ctypes_call_per_read() -> Side:
    feed = function("ws_decoder_feed")
    view, base = input_buffer()
    entries = (_ffi.Frame * 256)()
    read = memoryview(entries).cast("B")
    payloads_of = struct.Struct("=16xQQ8x")  # chunk_off and chunk_len
    decoder, consumed, cap = _ffi.Decoder(), c_size_t(), c_size_t(256)
    decoder_at, entries_at, consumed_at = map(byref, (decoder, entries, consumed))
    at, left = c_void_p(), c_size_t()

    def side(data: bytes) -> list[bytes]:
        size = len(data)
        view[:size] = data
        payloads: list[bytes] = []
        done = 0
        while done < size:
            at.value = base + done
            left.value = size - done
            count = feed(decoder_at, at, left, entries_at, cap, consumed_at)
            if count < 0:
                raise ValueError(count)
            end = done + consumed.value
            piece = bytes(view[done:end])
            found = payloads_of.iter_unpack(read[: count * payloads_of.size])
            payloads += [piece[off : off + length] for off, length in found]
            done = end
        return payloads

    return side


def ctypes_call_per_frame() -> Side:
    decode = function("ws_frame_decode")
    view, base = input_buffer()
    frame = _ffi.Frame()
    entry = memoryview(frame).cast("B")
    fields = struct.Struct("=8x8xQQ").unpack_from
    flags, frame_at = c_uint32(_ffi.SERVER), byref(frame)
    at, left = c_void_p(), c_size_t()

    def side(data: bytes) -> list[bytes]:
        size = len(data)
        view[:size] = data
        payloads = []
        done = 0
        while done < size:
            at.value = base + done
            left.value = size - done
            used = decode(at, left, flags, frame_at)
            if used <= 0:
                raise ValueError(used)
            off, length = fields(entry)
            off += done
            payloads.append(view[off : off + length].tobytes())
            done += used
        return payloads

    return side


def frame_decode() -> Side:
    def side(data: bytes) -> list[bytes]:
        payloads = []
        while data:
            frame = wscodec.frame_decode(data)
            payloads.append(frame.payload)
            data = data[frame.size :]
        return payloads

    return side


# ---- peers ----


def websockets() -> Side:
    from websockets.protocol import OPEN, SERVER, Protocol

    protocol = Protocol(SERVER, state=OPEN)

    def side(data: bytes) -> list[bytes]:
        protocol.receive_data(data)
        return [frame.data for frame in protocol.events_received()]

    return side


def wsproto() -> Side:
    from wsproto.connection import Connection, ConnectionType

    connection = Connection(ConnectionType.SERVER)

    def side(data: bytes) -> list[bytes]:
        connection.receive_data(data)
        return [bytes(event.data) for event in connection.events()]

    return side


def aiohttp() -> Side:
    """Its reader in Cython. The messages are taken out of the queue at once, where a user
    would await each of them."""
    import asyncio

    from aiohttp._websocket.reader_c import WebSocketDataQueue, WebSocketReader

    class Protocol:
        _reading_paused = False

    # So much that it never wants to pause the (absent) transport.
    queue = WebSocketDataQueue(Protocol(), (1 << 31) - 1, loop=asyncio.new_event_loop())
    reader = WebSocketReader(queue, 1 << 20, False, True)
    messages = queue._buffer

    def side(data: bytes) -> list[bytes]:
        reader.feed_data(data)
        payloads = [message.data for message, _ in messages]
        messages.clear()
        return payloads

    return side


# ---- the floor ----


def slices() -> Side:
    """The payloads as bytes, if somebody else knows where they are. They are not unmasked."""
    places: list[slice] = []

    def side(data: bytes) -> list[bytes]:
        if not places:
            places.extend(payload_places(data))
        return [data[place] for place in places]

    return side


def payload_places(data: bytes) -> list[slice]:
    """Of masked frames of less than 64 KiB."""
    places = []
    at = 0
    while at < len(data):
        short = data[at + 1] & 127
        header = 8 if short == 126 else 6
        size = int.from_bytes(data[at + 2 : at + 4], "big") if short == 126 else short
        places.append(slice(at + header, at + header + size))
        at += header + size
    return places


BATCH = {
    "ws_decoder_feed": ctypes_call_per_read,
    "Decoder.feed": decoder_feed,
    "Decoder.feed_tuples": decoder_feed_tuples,
    "websockets": websockets,
    "wsproto": wsproto,
    "aiohttp": aiohttp,
}

SINGLE = {
    "ws_frame_decode": ctypes_call_per_frame,
    "frame_decode": frame_decode,
    "websockets": websockets,
}
