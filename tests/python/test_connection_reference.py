"""Connection does the same as the library when it is asked for everything.

The reference calls ws_conn_recv() until it reports nothing, ws_conn_output() after every event,
ws_conn_send() for every message and ws_conn_state() for every state. A Connection avoids most
of these calls. Both handle the same random scripts: input that is cut anywhere, with errors and
closes in it; messages, fragments, pings and closes to send, also where they are refused.

WSCODEC_SCRIPTS sets the number of scripts (1,500).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from ctypes import byref, c_size_t, c_uint64, create_string_buffer, memmove, string_at
from typing import Any, NamedTuple

import wire
import wscodec
from deflated import RSV1, Compressor, cut, prose
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, frame
from wscodec import (
    Close,
    Connection,
    Deflate,
    Event,
    Message,
    MessagePart,
    Opcode,
    Ping,
    Pong,
    Side,
    WsError,
    _ffi,
    errors,
)
from wscodec._ffi import lib

SCRIPTS = int(os.environ.get("WSCODEC_SCRIPTS", "1500"))
MAX_MESSAGE = 100_000
COMPRESS_FROM = 100


class Facts(NamedTuple):
    """What a connection reports about itself."""

    state: int
    close_sent: int
    close_received: int
    closed_by_peer: int
    sending: int


class Reference:
    """A connection that is called for everything, one event at a time."""

    def __init__(self, script: Script) -> None:
        self.handle = lib.ws_conn_new(script.side, None)
        options = script.options
        self.set(_ffi.OPT_MAX_MESSAGE, MAX_MESSAGE)
        self.set(_ffi.OPT_COMPRESS_FROM, COMPRESS_FROM)
        self.set(_ffi.OPT_STREAM, options["stream"])
        self.set(_ffi.OPT_AUTO_PONG, options["auto_pong"])
        self.set(_ffi.OPT_AUTO_CLOSE, options["auto_close"])
        self.set(_ffi.OPT_CHECK_UTF8, options["check_utf8"])
        if script.deflate:
            params = _ffi.PmdParams()
            assert lib.ws_conn_set_pmd(self.handle, byref(params)) == 0
        self.keys = script.keys()
        fill = _ffi.RandomFunction(self.fill)
        self.kept = fill
        assert lib.ws_conn_set_random(self.handle, fill, None) == 0
        self.stream, self.check_utf8 = options["stream"], options["check_utf8"]
        self.input = b""
        self.out = b""
        self.failed = ""

    def fill(self, _: int | None, out: int, size: int) -> int:
        memmove(out, self.keys.randbytes(size), size)
        return 0

    def set(self, option: int, value: int) -> None:
        assert lib.ws_conn_set(self.handle, option, value) == 0

    def get(self, option: int) -> int:
        value = c_uint64()
        assert lib.ws_conn_get(self.handle, option, byref(value)) == 0
        return value.value

    def receive(self, data: bytes) -> None:
        self.input += data

    def next_event(self) -> Event | None:
        """The next event, with the output after the one before it."""
        if not self.failed and not self.get(_ffi.INFO_CLOSE_RECEIVED):
            self.collect()
        buffer = create_string_buffer(self.input, len(self.input)) if self.input else None
        used, entry = c_size_t(), _ffi.Event()
        n = lib.ws_conn_recv(self.handle, buffer, len(self.input), byref(entry), 1, byref(used))
        self.input = self.input[used.value :]
        if n < 0:
            self.failed = errors.error_for(n).name
            return None
        if n == 0:
            return None
        data = string_at(lib.ws_event_data(self.handle, buffer, byref(entry)), entry.len)
        return self.event(entry, data if entry.len else b"")

    def event(self, entry: Any, data: bytes) -> Event:
        kind, flags = entry.opcode, entry.flags
        if kind == PING:
            return Ping(data)
        if kind == PONG:
            return Pong(data)
        if kind == CLOSE:
            return Close(entry.close_code, data.decode())
        if self.stream:
            first, last = bool(flags & _ffi.EVENT_FIRST), bool(flags & _ffi.EVENT_LAST)
            end = bool(flags & _ffi.EVENT_FRAME_END)
            return MessagePart(data, Opcode(kind), first, last, end)
        is_text = kind == TEXT and self.check_utf8
        return Message(data.decode() if is_text else data, Opcode(kind))

    def collect(self) -> None:
        out = create_string_buffer(_ffi.MAX_OUTPUT)
        n = errors.check(lib.ws_conn_output(self.handle, out, len(out)))
        self.out += out.raw[:n]

    def send(self, opcode: int, data: bytes, more: bool, compress: bool | None) -> str:
        size = lib.ws_conn_send_bound(self.handle, len(data))
        out = create_string_buffer(size)
        flags = (_ffi.SEND_MORE if more else 0) | (_ffi.SEND_PLAIN if compress is False else 0)
        self.set(_ffi.OPT_COMPRESS_FROM, 0 if compress else COMPRESS_FROM)
        n = lib.ws_conn_send(self.handle, opcode, flags, data, len(data), out, size)
        self.set(_ffi.OPT_COMPRESS_FROM, COMPRESS_FROM)
        if n < 0:
            return errors.error_for(n).name
        self.out += out.raw[:n]
        return ""

    def close(self, code: int) -> None:
        out = create_string_buffer(_ffi.MAX_OUTPUT)
        n = errors.check(lib.ws_conn_close(self.handle, code, b"", 0, out, len(out)))
        self.out += out.raw[:n]

    def finish(self) -> str:
        n = lib.ws_conn_finish(self.handle)
        self.failed = self.failed or (errors.error_for(n).name if n else "")
        return errors.error_for(n).name if n else ""

    def data_to_send(self) -> bytes:
        self.collect()
        data, self.out = self.out, b""
        return data

    def facts(self) -> Facts:
        return Facts(
            lib.ws_conn_state(self.handle),
            self.get(_ffi.INFO_CLOSE_SENT),
            self.get(_ffi.INFO_CLOSE_RECEIVED),
            self.get(_ffi.INFO_CLOSED_BY_PEER),
            self.get(_ffi.INFO_SENDING),
        )

    def free(self) -> None:
        lib.ws_conn_free(self.handle)


class Script:
    """The options of a connection, and what happens to it."""

    def __init__(self, seed: int) -> None:
        dice = self.dice = random.Random(seed)
        self.seed = seed
        self.side = dice.choice((Side.SERVER, Side.SERVER, Side.CLIENT))
        self.deflate = wscodec.library_can_deflate() and dice.random() < 0.3
        self.options: dict[str, bool] = {
            "stream": dice.random() < 0.2,
            "auto_pong": dice.random() < 0.9,
            "auto_close": dice.random() < 0.9,
            "check_utf8": dice.random() < 0.9,
        }
        self.pieces = cut(dice, self.stream(), dice.randrange(1, 6))

    def keys(self) -> random.Random:
        return random.Random(self.seed)

    def connection(self) -> Connection:
        options: dict[str, Any] = dict(self.options)
        return Connection(
            self.side,
            deflate=Deflate() if self.deflate else None,
            max_message=MAX_MESSAGE,
            compress_from=COMPRESS_FROM,
            random=self.keys().randbytes,
            **options,
        )

    def payload(self) -> bytes:
        sizes = (0, 1, 20, 125, 126, 500, 65535, 65536, 70_000)
        size = self.dice.choices(sizes, (3, 3, 9, 3, 3, 3, 1, 1, 1))[0]
        return prose(self.dice, size)

    def stream(self) -> bytes:
        dice, them = self.dice, Compressor()
        key = wire.KEY if self.side == Side.SERVER else None
        data = b""
        for _ in range(dice.randrange(1, 8)):
            kind, payload = dice.random(), self.payload()
            if kind < 0.35:
                data += frame(FIN | dice.choice((TEXT, BINARY)), payload, key)
            elif kind < 0.45:
                parts = cut(dice, payload, dice.choice((2, 3)))
                firsts = [TEXT] + [CONTINUATION] * (len(parts) - 1)
                firsts[-1] |= FIN
                data += b"".join(frame(f, p, key) for f, p in zip(firsts, parts))
            elif kind < 0.6 and self.deflate:
                data += frame(FIN | RSV1 | BINARY, them.message(payload), key)
            elif kind < 0.85:
                data += frame(FIN | dice.choice((PING, PING, PONG)), payload[:9], key)
            elif kind < 0.92:
                data += wire.close(dice.choice((1000, 4000)), b"bye", key)
            elif kind < 0.94:
                data += frame(FIN | TEXT, b"ab\xff", key)
            elif kind < 0.97:
                data += b"\x83"
        return data


def joined(events: list[Event]) -> list[Event]:
    """The events, with neighbouring parts of a message joined: their sizes depend on how much
    one call is given."""
    out: list[Event] = []
    for event in events:
        last = out[-1] if out else None
        if isinstance(event, MessagePart) and isinstance(last, MessagePart) and not event.first:
            assert isinstance(last.data, bytes) and isinstance(event.data, bytes)
            ends = last.frame_end or event.frame_end
            out[-1] = event._replace(
                data=last.data + event.data, first=last.first, frame_end=ends
            )
        else:
            out.append(event)
    return out


class Both:
    """A Connection and its reference, which must agree after every step."""

    def __init__(self, script: Script) -> None:
        self.script, self.dice = script, script.dice
        self.ours, self.theirs = script.connection(), Reference(script)
        self.events: list[Event] = []
        self.seen: Counter[str] = Counter()

    def run(self) -> None:
        for piece in self.script.pieces:
            self.send_some()
            self.receive(piece)
            self.compare_output()
        if self.dice.random() < 0.3:
            self.finish()
        self.send_some()
        self.compare_output()
        self.theirs.free()

    def receive(self, piece: bytes) -> None:
        self.theirs.receive(piece)
        ours: list[Event] = []
        theirs: list[Event] = []
        failed = ""
        try:
            for event in self.ours.receive_data(piece):
                ours.append(event)
                if not isinstance(event, MessagePart):
                    expected = self.theirs.next_event()
                    while isinstance(expected, MessagePart):
                        theirs.append(expected)
                        expected = self.theirs.next_event()
                    assert expected is not None
                    theirs.append(expected)
                    self.compare_facts()
                    if self.dice.random() < 0.5:
                        self.send_data()
        except WsError as error:
            failed = error.name
        while (rest := self.theirs.next_event()) is not None:
            theirs.append(rest)
        assert joined(ours) == joined(theirs)
        assert failed == self.theirs.failed
        self.seen[failed] += 1
        self.seen.update(type(event).__name__ for event in ours)
        self.compare_facts()

    def send_some(self) -> None:
        while self.dice.random() < 0.6:
            kind = self.dice.random()
            if kind < 0.05:
                code = self.dice.choice((1000, 3000))
                self.ours.close(code)
                self.theirs.close(code)
            elif kind < 0.2:
                self.send(self.dice.choice((PING, PONG)), b"p", False, None)
            else:
                self.send_data()
            self.compare_facts()

    def send_data(self) -> None:
        opcode = self.dice.choice((Opcode.TEXT, Opcode.BINARY))
        more = self.dice.random() < 0.15
        compress = self.dice.choice((None, None, True, False))
        self.send(opcode, self.script.payload(), more, compress)

    def send(self, opcode: int, data: bytes, more: bool, compress: bool | None) -> None:
        failed = ""
        try:
            self.ours.send(opcode, data, more=more, compress=compress)
        except WsError as error:
            failed = error.name
        assert failed == self.theirs.send(opcode, data, more, compress)
        self.seen[f"send {failed}"] += 1

    def finish(self) -> None:
        failed = ""
        try:
            self.ours.finish()
        except WsError as error:
            failed = error.name
        assert failed == self.theirs.finish()
        self.seen[f"finish {failed}"] += 1

    def compare_output(self) -> None:
        assert self.ours.data_to_send() == self.theirs.data_to_send()
        self.compare_facts()

    def compare_facts(self) -> None:
        ours = Facts(
            self.ours.state,
            self.ours.close_sent or 0,
            self.ours.close_received or 0,
            self.ours.closed_by_peer,
            self.ours.sending or 0,
        )
        assert ours == self.theirs.facts()


def test_a_connection_does_what_the_library_does_when_asked_for_everything() -> None:
    seen: Counter[str] = Counter()
    for seed in range(SCRIPTS):
        both = Both(Script(seed))
        try:
            both.run()
        except AssertionError as error:
            raise AssertionError(f"script {seed}: {error}") from error
        seen += both.seen
    kinds = {"Message", "MessagePart", "Ping", "Pong", "Close", "WS_ERR_OPCODE", "WS_ERR_UTF8"}
    kinds |= {"", "send ", "send WS_ERR_INVALID_STATE", "finish ", "finish WS_ERR_EOF"}
    assert all(seen[kind] > SCRIPTS / 100 for kind in kinds), seen
