"""How often a connection calls the library, and what it copies."""

from __future__ import annotations

import ctypes
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from ctypes import c_void_p
from types import ModuleType
from typing import Any, NamedTuple

import needs
import pytest
import wscodec
from deflated import prose
from echo_checks import echo
from test_connection import client, feed, server, state
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, frame
from wscodec import (
    Connection,
    Deflate,
    Deflater,
    Message,
    Opcode,
    State,
    _fast_calls,
    _ffi,
    _frame_headers,
    _receiving,
    _room,
    _sending,
    connection,
    deflate,
    options,
)

FUNCTION: Any = type(_fast_calls.short("ws_version")).__mro__[1]
"""The base class of ctypes for all functions."""

MODULES: list[ModuleType] = [connection, _receiving, _sending, _room, options, deflate]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the calls of the library by the names of the functions here."""
    seen: Counter[str] = Counter()
    for module in MODULES:
        for name, function in list(vars(module).items()):
            if isinstance(function, FUNCTION):
                monkeypatch.setattr(module, name, counted(seen, name, function))
    return seen


def counted(seen: Counter[str], name: str, function: Callable[..., int]) -> Callable[..., int]:
    def call(*arguments: Any) -> int:
        seen[name] += 1
        return function(*arguments)

    return call


def echoed(conn: Connection, data: bytes) -> bytes:
    """What a program does for each read."""
    for event in conn.receive_data(data):
        if isinstance(event, Message):
            conn.send(event.opcode, event.data)
    sent = conn.data_to_send()
    assert state(conn) == State.OPEN
    return sent


@pytest.mark.parametrize("size", [0, 20, 125, 126, 1024, 60_000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_an_echo_of_a_server_is_one_call(calls: Counter[str], opcode: int, size: int) -> None:
    conn = server()
    payload = b"x" * size
    for count in (1, 1, 10):
        if count * size < 65_000:
            calls.clear()
            read = frame(FIN | opcode, payload) * count
            assert echoed(conn, read) == echo(FIN | opcode, payload) * count
            assert calls == {"_recv_short": 1}


@needs.compression
def test_an_uncompressed_echo_is_one_call_also_with_compression(calls: Counter[str]) -> None:
    conn = server(deflate=Deflate(), compress_from=1000)
    calls.clear()
    assert echoed(conn, frame(FIN | TEXT, b"x" * 999)) == echo(FIN | TEXT, b"x" * 999)
    assert calls == {"_recv_short": 1}
    echoed(conn, frame(FIN | TEXT, b"x" * 1000))
    assert calls["_send_short"] == 1


def test_an_echo_of_a_client_is_two_calls(calls: Counter[str]) -> None:
    conn = client()
    calls.clear()
    echoed(conn, frame(FIN | TEXT, b"hi", None))
    assert calls == {"_recv_short": 1, "_send_short": 1}


def test_output_is_collected_only_after_a_ping_a_close_or_an_error(
    calls: Counter[str],
) -> None:
    parts = frame(TEXT, b"a") + frame(FIN | PONG) + frame(FIN | CONTINUATION, b"b")
    for data in (parts, frame(FIN | BINARY, b"x") * 600, b"\x82", b""):
        conn = server()
        feed(conn, data)
        conn.data_to_send()
        assert not calls["_output"]
    for data in (frame(FIN | PING), frame(FIN | CLOSE), b"\x83"):
        conn = server()
        feed(conn, data)
        assert conn.data_to_send()
        assert calls.pop("_output") == 1


def test_the_state_is_asked_for_only_at_the_end(calls: Counter[str]) -> None:
    conn = server()
    calls.clear()
    feed(conn, frame(FIN | TEXT, b"hi"))
    properties = (conn.state, conn.close_sent, conn.close_received, conn.closed_by_peer)
    assert properties == (State.OPEN, None, None, False)
    assert (conn.sending, conn.compress_from, conn.stream) == (None, 1024, False)
    assert calls == {"_recv_short": 1}
    feed(conn, frame(FIN | CLOSE))
    assert (state(conn), conn.close_received) == (State.CLOSING, 1005)
    assert calls["_state"] == 1


# Which frames are written without a call


def server_sends(conn: Connection, send: Callable[[Connection], None]) -> bytes:
    send(conn)
    return conn.data_to_send()


PLAIN: dict[str, Callable[[Connection], None]] = {
    "a text": lambda conn: conn.send_text("hellö"),
    "bytes of a text": lambda conn: conn.send_text(b"hi"),
    "a binary message": lambda conn: conn.send_bytes(bytearray(b"hi")),
    "an empty message": lambda conn: conn.send_bytes(b""),
    "compress=False": lambda conn: conn.send(Opcode.TEXT, "x", compress=False),
}
CALLED: dict[str, Callable[[Connection], None]] = {
    "a ping": lambda conn: conn.ping(b"p"),
    "a pong": lambda conn: conn.pong(b"p"),
    "a fragment": lambda conn: conn.send_text("x", more=True),
    "reserved bits": lambda conn: conn.send(Opcode.TEXT, "x", rsv=wscodec.RSV1),
    "compress=True": lambda conn: conn.send(Opcode.TEXT, "x", compress=True),
}


@pytest.mark.parametrize("name", PLAIN)
def test_whole_messages_of_a_server_need_no_call(calls: Counter[str], name: str) -> None:
    conn = server(allow_rsv=wscodec.RSV1)
    calls.clear()
    sent = server_sends(conn, PLAIN[name])
    assert not calls
    conn.send_text("", more=True)
    conn.send_text("")
    assert calls["_send_short"] == 2
    assert server_sends(conn, PLAIN[name])[-len(sent) :] == sent
    assert calls["_send_short"] == 2


@pytest.mark.parametrize("name", CALLED)
def test_the_library_writes_everything_else(calls: Counter[str], name: str) -> None:
    conn = server(allow_rsv=wscodec.RSV1)
    CALLED[name](conn)
    assert calls["_send_short"] == 1


def test_the_library_decides_what_may_follow_a_close(calls: Counter[str]) -> None:
    def ended() -> Iterator[Connection]:
        conn = server(auto_close=False)
        feed(conn, frame(FIN | CLOSE))
        yield conn
        conn = server(auto_close=False)
        feed(conn, b"\x83")
        yield conn

    for conn in ended():
        conn.send_text("x")
        assert calls.pop("_send_short") == 1
        conn.close()
        with pytest.raises(wscodec.errors.InvalidState):
            conn.send_text("x")
        assert calls.pop("_send_short") == 1


@pytest.mark.parametrize(
    "size", [0, 1, 124, 125, 126, 127, 255, 256, 65535, 65536, 2**24, 2**32, 2**62]
)
def test_headers_are_those_of_the_library(size: int) -> None:
    for opcode in (Opcode.TEXT, Opcode.BINARY):
        expected = wscodec.frame_header(opcode, size)
        assert _frame_headers.server_header(FIN | opcode, size) == expected
    if size < 126:
        assert _frame_headers.SHORT_HEADERS[TEXT][size] == wscodec.frame_header(TEXT, size)
        assert _frame_headers.SHORT_HEADERS[BINARY][size] == wscodec.frame_header(BINARY, size)


# The GIL


class Turns:
    """Counts how often another thread gets the GIL, which it takes whenever it is free and
    returns at once."""

    def __init__(self) -> None:
        self.count = 0
        self.ends = False
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        while not self.ends:
            self.count += 1
            time.sleep(0)

    def are_given(self, work: Callable[[], object]) -> bool:
        """Whether one of 300 runs of the work gives the GIL to the other thread."""
        before = self.count
        return any(self.count > before for _ in range(300) if (work(), True))


def sent(conn: Connection, payload: bytes) -> bytes:
    conn.send_bytes(payload)
    return conn.data_to_send()


@pytest.fixture
def turns() -> Iterator[Turns]:
    turns = Turns()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # no thread is interrupted
    turns.thread.start()
    while not turns.count:
        time.sleep(0.001)
    yield turns
    turns.ends = True
    turns.thread.join()
    sys.setswitchinterval(interval)


def test_a_short_call_keeps_the_gil(turns: Turns) -> None:
    ours, theirs = server(max_message=0), client(max_message=0)
    read = frame(FIN | BINARY, bytes(60_000)) + frame(FIN | PING)

    def work() -> None:
        assert len(list(ours.receive_data(read))) == 2
        ours.send_text("hi")
        ours.ping()
        assert list(theirs.receive_data(ours.data_to_send()))
        theirs.send_bytes(bytes(60_000))
        theirs.data_to_send()
        assert ours.max_message == 0
        Connection(wscodec.SERVER).close()

    assert not turns.are_given(work)


def test_a_long_call_gives_up_the_gil(turns: Turns) -> None:
    ours, theirs = server(max_message=0), client()
    payload = bytes(16 * _room.LONG)  # so that the other thread has time to wake up
    read = frame(FIN | BINARY, payload)
    assert turns.are_given(lambda: list(ours.receive_data(read)))
    assert turns.are_given(lambda: sent(theirs, payload))


@needs.compression
def test_long_compression_gives_up_the_gil(turns: Turns) -> None:
    terms = Deflate(client_no_context_takeover=True, server_no_context_takeover=True)
    ours = server(deflate=terms, max_message=0)
    theirs = client(deflate=terms, max_message=0)
    deflater = Deflater(wscodec.SERVER, terms)
    dice = random.Random(1)
    long, short = prose(dice, 500_000), prose(dice, 2000)

    def both_ways(payload: bytes) -> list[Callable[[], object]]:
        theirs.send_bytes(payload)
        data = theirs.data_to_send()
        compressed = deflater.compress(payload)
        return [
            lambda: list(ours.receive_data(data)),
            lambda: sent(ours, payload),
            lambda: deflater.compress(payload),
            lambda: deflater.decompress(compressed, max_size=0),
        ]

    assert [turns.are_given(work) for work in both_ways(long)] == [True] * 4
    assert [turns.are_given(work) for work in both_ways(short)] == [False] * 4


def test_both_kinds_of_calls_reach_one_function() -> None:
    for name in _ffi.PROTOTYPES:
        short, long = _fast_calls.short(name), _fast_calls.long(name)
        declared = _fast_calls.declared(name)
        addresses = {ctypes.cast(f, c_void_p).value for f in (short, long, declared)}  # type: ignore[arg-type]
        assert len(addresses) == 1


# Copies


class Work(NamedTuple):
    """What it takes to process input."""

    calls: int
    shown: int
    """Bytes of input, summed over the calls: each first call copies them to a room."""
    moved: int
    """Bytes that a call has left, and that are copied once more."""


def work(monkeypatch: pytest.MonkeyPatch, run: Callable[[], object]) -> Work:
    calls: list[int] = []
    moved: list[int] = []

    class Rest(_receiving._Rest):
        def __init__(self, data: Any) -> None:
            moved.append(len(data))
            super().__init__(data)

    def recv(handle: Any, at: Any, size: Any, *others: Any) -> int:
        calls.append(size.value)
        return receive(handle, at, size, *others)

    receive = _receiving._recv_short
    with monkeypatch.context() as patch:
        patch.setattr(_receiving, "_Rest", Rest)
        patch.setattr(_receiving, "_recv_short", recv)
        patch.setattr(_receiving, "_recv_long", recv)
        run()
    return Work(len(calls), sum(calls), sum(moved))


def received(conn: Connection, reads: list[bytes], at_once: int) -> int:
    """Receives many reads before it takes the events. Returns how many there are."""
    for read in reads:
        conn.receive_data(read)
    count = 0
    for _ in range(at_once):  # iterators that take one each
        count += next(conn.events(), None) is not None
    return count + sum(1 for _ in conn.events())


@pytest.mark.parametrize("reads", [10, 500])
@pytest.mark.parametrize("at_once", [0, 10])
def test_reads_that_wait_are_copied_once_however_many_they_are(
    monkeypatch: pytest.MonkeyPatch, reads: int, at_once: int
) -> None:
    wait = [frame(FIN | BINARY, bytes(4090))] * reads
    size = sum(map(len, wait))
    conn = server()
    done = work(monkeypatch, lambda: received(conn, wait, at_once))
    assert done == Work(reads, size, 0)
    message = frame(FIN | BINARY, bytes(1000 * reads))
    parts = [message[i : i + 1000] for i in range(0, len(message), 1000)]
    done = work(monkeypatch, lambda: received(conn, parts, at_once))
    assert done == Work(len(parts), len(message), 0)


@pytest.mark.parametrize("count", [10, 9000])
def test_a_read_of_many_pings_is_copied_twice(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Each call returns after a ping."""
    read = frame(FIN | PING) * count
    conn = server()
    done = work(monkeypatch, lambda: received(conn, [read], 0))
    assert (done.calls, done.moved) == (count, len(read) - len(frame(FIN | PING)))
    assert conn.data_to_send() == echo(FIN | PONG) * count


def test_long_input_is_copied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = frame(FIN | BINARY, bytes(100_000)) + frame(FIN | PING) * 100
    conn = server()
    done = work(monkeypatch, lambda: received(conn, [read], 0))
    assert (done.calls, done.moved) == (100, len(read))


# Threads


def test_connections_of_several_threads_share_no_memory_during_a_call() -> None:
    """Long calls, during which other threads run."""
    failures: list[str] = []

    def echo_many(number: int) -> None:
        ours, theirs = server(max_message=0), client(max_message=0)
        payload = bytes([number]) * (_room.LONG + number)
        for size in (20, 70_000, len(payload)) * 15:
            theirs.send_bytes(payload[:size])
            theirs.ping(b"%d" % number)
            back = echoed(ours, theirs.data_to_send())
            if list(theirs.receive_data(back)) != [
                Message(payload[:size], Opcode.BINARY),
                wscodec.Pong(b"%d" % number),
            ]:
                failures.append(f"{number}: {size}")

    threads = [threading.Thread(target=echo_many, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
