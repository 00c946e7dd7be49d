"""wscodec.sync: what a connection receives, in which order, and how long it waits."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import wire
from echo_checks import Peer, echo, goodbye
from sync_peers import (  # noqa: F401
    PATIENCE,
    masked_rest,
    met,
    met_by_client,
    nothing_is_left,
    serving,
    uri_of,
    wait_until,
)
from wire import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, frame
from wscodec import Deflate
from wscodec.errors import (
    InvalidArgument,
    InvalidUtf8,
    ProtocolError,
    ReservedOpcode,
    TooBig,
    UnexpectedEof,
)
from wscodec.sync import (
    ConcurrencyError,
    ConnectionClosed,
    ConnectionClosedError,
    ConnectionClosedOK,
    State,
    connect,
)

pytestmark = pytest.mark.filterwarnings("error")


def text(payload: bytes) -> bytes:
    return frame(FIN | TEXT, payload)


def reported(error: BaseException | None) -> bytes:
    """The close frame that tells a client what was wrong."""
    assert isinstance(error, ProtocolError)
    return wire.close(error.close_code, str(error).encode(), None)


def test_a_text_is_str_and_a_binary_message_is_bytes() -> None:
    with met() as (connection, peer):
        peer.send(text("Hellö".encode()), frame(FIN | BINARY, b"\xff"))
        assert connection.recv() == "Hellö"
        assert connection.recv() == b"\xff"


def test_decode_overrides_the_type_of_one_message() -> None:
    with met() as (connection, peer):
        peer.send(text("ä".encode()), frame(FIN | BINARY, "ö".encode()))
        assert connection.recv(decode=False) == "ä".encode()
        assert connection.recv(decode=True) == "ö"


def test_without_decode_text_a_text_is_checked_bytes() -> None:
    with met(decode_text=False) as (connection, peer):
        peer.send(text("ä".encode()), text("ö".encode()), text(b"\xff"))
        assert connection.recv() == "ä".encode()
        assert connection.recv(decode=True) == "ö"
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv(PATIENCE)
        assert isinstance(caught.value.__cause__, InvalidUtf8)
        assert peer.rest() == reported(caught.value.__cause__)


def test_binary_that_is_to_be_decoded_and_is_not_utf_8_closes_with_1007() -> None:
    with met() as (connection, peer):
        peer.send(frame(FIN | BINARY, b"a\xff"))
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv(decode=True)
        assert isinstance(caught.value.__cause__, UnicodeDecodeError)
        assert caught.value.sent is not None and caught.value.sent.code == 1007
        assert peer.rest() == wire.close(1007, b"invalid UTF-8", None)


def test_a_recv_that_times_out_loses_nothing() -> None:
    message = text(b"Hello, World!")
    with met() as (connection, peer):
        for end in range(0, len(message), 3):
            with pytest.raises(TimeoutError):
                connection.recv(0.01)
            peer.send(message[end : end + 3])
        assert connection.recv(PATIENCE) == "Hello, World!"


def test_recv_with_timeout_0_takes_what_has_arrived() -> None:
    with met() as (connection, peer):
        for timeout in (0, -1):
            with pytest.raises(TimeoutError):
                connection.recv(timeout)
        peer.send(text(b"a"), text(b"b"))
        time.sleep(0.02)
        assert [connection.recv(0), connection.recv(-1)] == ["a", "b"]


@pytest.mark.parametrize("timeout", ["x", b"1", [], True, float("nan")])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(timeout: Any) -> None:
    with met() as (connection, peer):
        for wait in (connection.recv, connection.wait_closed):
            with pytest.raises((TypeError, InvalidArgument), match="timeout"):
                wait(timeout)
        peer.send(text(b"a"))
        assert connection.recv(PATIENCE) == "a"


@pytest.mark.parametrize("timeout", [float("inf"), 1e30, 10**500])
def test_a_timeout_that_no_clock_reaches_is_no_limit(timeout: float) -> None:
    with met() as (connection, peer), ThreadPoolExecutor() as threads:
        received = threads.submit(connection.recv, timeout)
        peer.send(text(b"a"))
        assert received.result(PATIENCE) == "a"
        peer.send(wire.close(1000))
        assert connection.wait_closed(timeout)


def test_a_timeout_is_about_as_long_as_it_says() -> None:
    with met() as (connection, _):
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            connection.recv(0.2)
        assert 0.19 < time.monotonic() - started < 2


def test_iteration_ends_after_a_normal_close() -> None:
    with met() as (connection, peer):
        peer.send(text(b"a"), text(b"b"), wire.close(1000))
        assert list(connection) == ["a", "b"]
        assert connection.state is State.CLOSED
        assert (connection.close_code, connection.close_reason) == (1000, "")


def test_iteration_raises_after_another_close() -> None:
    with met() as (connection, peer):
        peer.send(text(b"a"), wire.close(4000, b"why"))
        got = []
        with pytest.raises(ConnectionClosedError, match="4000 why; then sent 4000"):
            for message in connection:
                got.append(message)
        assert got == ["a"]
        assert (connection.close_code, connection.close_reason) == (4000, "why")


def test_replies_precede_the_pong_and_the_close_behind_the_message() -> None:
    """Although all of it came in one read."""
    with met() as (connection, peer):
        peer.send(text(b"a"), frame(FIN | PING, b"p"), text(b"b"), wire.close(1001))
        for message in connection:
            connection.send(message)
        expected = echo(FIN | TEXT, b"a") + echo(FIN | PONG, b"p") + echo(FIN | TEXT, b"b")
        assert peer.rest() == expected + goodbye(1001)


@pytest.mark.parametrize("end", ["close", "violation"])
def test_replies_of_a_slow_handler_precede_the_close_behind_the_message(end: str) -> None:
    """Although another thread has read the close, or found the violation, before."""
    last = wire.close(1001) if end == "close" else frame(FIN | 3)
    with met() as (connection, peer):
        peer.send(text(b"a"), text(b"b"), text(b"c"), last)
        replies = b""
        for message in ("a", "b", "c"):
            time.sleep(0.1)
            assert connection.recv() == message
            assert connection.state is State.OPEN
            connection.send(message)
            replies += echo(FIN | TEXT, message.encode())
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv()
        cause = caught.value.__cause__
        assert peer.rest() == replies + (goodbye(1001) if end == "close" else reported(cause))


def test_replies_of_a_client_precede_its_reply_to_the_close() -> None:
    with met_by_client(close_timeout=5) as (connection, peer), ThreadPoolExecutor() as threads:
        peer.send(frame(FIN | TEXT, b"a", None), goodbye(1000))
        wait_until(lambda: connection._last_frames is not None)
        assert connection.recv() == "a"
        connection.send("a")
        ended = threads.submit(lambda: list(connection))
        assert masked_rest(peer.read(7 + 8)) == [(FIN | TEXT, b"a"), (FIN | CLOSE, b"\x03\xe8")]
        peer.socket.close()
        assert ended.result(PATIENCE) == []


@pytest.mark.parametrize("call", ["ping", "pong", "fragments", "close", "nothing"])
def test_the_reply_to_a_close_does_not_wait_for_other_things(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They tell that the connection is closed; without any, it is closed after a second."""
    if call != "nothing":
        monkeypatch.setattr("wscodec.sync._last_frames.LAST_WAIT", 5.0)
    calls: dict[str, Callable[[Any], object]] = {
        "ping": lambda connection: connection.ping(),
        "pong": lambda connection: connection.pong(),
        "fragments": lambda connection: connection.send(["a", "b"]),
    }
    with met(close_timeout=20) as (connection, peer), ThreadPoolExecutor() as threads:
        peer.send(text(b"a"), wire.close(1000))
        wait_until(lambda: connection._last_frames is not None)
        started = time.monotonic()
        if call in calls:
            called = threads.submit(calls[call], connection)
        elif call == "close":
            called = threads.submit(connection.close, 4000)
        assert peer.rest() == goodbye(1000)
        peer.socket.close()
        if call in calls:
            with pytest.raises(ConnectionClosedOK):
                called.result(PATIENCE)
        assert time.monotonic() - started < 3
        assert connection.wait_closed(PATIENCE)
        assert connection.recv() == "a"
        with pytest.raises(ConnectionClosedOK):
            connection.recv()


def test_a_peer_that_goes_while_its_close_waits_for_replies_has_closed_normally() -> None:
    with met() as (connection, peer):
        peer.send(text(b"a"), wire.close(1000))
        wait_until(lambda: connection._last_frames is not None)
        peer.reset()
        assert connection.recv() == "a"
        with pytest.raises(ConnectionClosedOK) as caught:
            while True:
                connection.send("a")
        assert caught.value.__cause__ is None


def test_two_threads_cannot_receive() -> None:
    with met() as (connection, peer), ThreadPoolExecutor() as threads:
        first = threads.submit(connection.recv)
        wait_until(lambda: connection._is_reading)
        with pytest.raises(ConcurrencyError):
            connection.recv()
        with pytest.raises(ConcurrencyError):
            next(connection.recv_streaming())
        peer.send(text(b"for the first"))
        assert first.result(PATIENCE) == "for the first"
        with pytest.raises(TimeoutError):
            connection.recv(0.01)


def test_messages_that_were_received_before_the_end_are_still_there() -> None:
    """The watcher has read them, and the end."""
    with met() as (connection, peer):
        peer.send(text(b"a"), text(b"b"), wire.close(1000))
        assert peer.rest() == goodbye(1000)
        peer.socket.close()
        assert connection.wait_closed(PATIENCE)
        assert connection.recv() == "a"
        assert connection.recv(0) == "b"
        for _ in range(2):
            with pytest.raises(ConnectionClosedOK):
                connection.recv()


def test_messages_before_a_half_close_are_received_and_answered() -> None:
    """Also if the watcher has read the end."""
    for seconds in (0, 0.3):
        with met() as (connection, peer):
            peer.send(text(b"a"), text(b"b"))
            peer.half_close()
            time.sleep(seconds)
            for message in ("a", "b"):
                assert connection.recv(PATIENCE) == message
                connection.send(message)
            with pytest.raises(ConnectionClosedError) as caught:
                connection.recv(PATIENCE)
            assert isinstance(caught.value.__cause__, UnexpectedEof)
            assert (caught.value.rcvd, caught.value.code) == (None, 1006)
            assert peer.rest() == echo(FIN | TEXT, b"a") + echo(FIN | TEXT, b"b")


def test_a_reset_is_the_cause() -> None:
    with met() as (connection, peer):
        peer.send(text(b"a"))
        assert connection.recv() == "a"
        peer.reset()
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv(PATIENCE)
        assert isinstance(caught.value.__cause__, ConnectionResetError)


def test_a_violation_of_the_protocol_is_the_cause_and_reported() -> None:
    with met() as (connection, peer):
        peer.send(text(b"good"), frame(FIN | 3))
        assert connection.recv() == "good"
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv(PATIENCE)
        assert isinstance(caught.value.__cause__, ReservedOpcode)
        why = str(caught.value.__cause__)
        assert (caught.value.rcvd, caught.value.sent) == (None, (1002, why))
        assert peer.rest() == reported(caught.value.__cause__)


@pytest.mark.parametrize(
    ("max_size", "frames"),
    [
        (5, [text(b"123456")]),
        ((5, None), [frame(TEXT, b"123"), frame(FIN | CONTINUATION, b"456")]),
        ((None, 5), [text(b"123456")]),
    ],
)
def test_max_size_is_kept(max_size: object, frames: list[bytes]) -> None:
    with met(max_size=max_size) as (connection, peer):
        peer.send(text(b"12345"), *frames)
        assert connection.recv() == "12345"
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv(PATIENCE)
        assert isinstance(caught.value.__cause__, TooBig)
        assert peer.rest() == reported(caught.value.__cause__)


def test_without_max_size_a_large_message_arrives() -> None:
    payload = bytes(range(256)) * 20000
    with met(max_size=None) as (connection, peer), ThreadPoolExecutor() as threads:
        sent = threads.submit(peer.send, frame(FIN | BINARY, payload, bytes(4)))
        assert connection.recv(PATIENCE) == payload
        sent.result()


# Parts


def test_without_stream_a_message_is_one_part() -> None:
    with met() as (connection, peer):
        peer.send(frame(TEXT, b"Hel"), frame(FIN | CONTINUATION, b"lo"), text(b"!"))
        assert list(connection.recv_streaming()) == ["Hello"]
        assert list(connection.recv_streaming(decode=False)) == [b"!"]


def test_with_stream_parts_are_yielded_as_they_arrive() -> None:
    with met(stream=True) as (connection, peer):
        peer.send(frame(BINARY, b"first"))
        parts = connection.recv_streaming()
        assert next(parts) == b"first"
        peer.send(frame(CONTINUATION, b"second"))
        assert next(parts) == b"second"
        peer.send(frame(FIN | CONTINUATION, b"third"), text(b"next"))
        assert list(parts) == [b"third"]
        assert connection.recv() == "next"


def test_parts_of_a_text_are_cut_between_characters() -> None:
    euro = "€".encode()
    with met(stream=True) as (connection, peer):
        peer.send(frame(TEXT, b"a" + euro[:1]))
        parts = connection.recv_streaming()
        assert next(parts) == "a"
        peer.send(frame(FIN | CONTINUATION, euro[1:] + b"b"))
        assert list(parts) == ["€b"]
        peer.send(text(euro))
        assert list(connection.recv_streaming(decode=False)) == [euro]


def test_with_stream_recv_joins_the_parts_and_a_timeout_keeps_them() -> None:
    with met(stream=True) as (connection, peer):
        peer.send(frame(TEXT, b"Hel"))
        for _ in range(2):
            with pytest.raises(TimeoutError):
                connection.recv(0.05)
        peer.send(frame(FIN | CONTINUATION, b"lo"))
        assert connection.recv(PATIENCE) == "Hello"


def test_parts_that_a_recv_has_kept_are_yielded_first() -> None:
    with met(stream=True) as (connection, peer):
        peer.send(frame(TEXT, b"Hel"))
        with pytest.raises(TimeoutError):
            connection.recv(0.05)
        parts = connection.recv_streaming()
        assert next(parts) == "Hel"
        peer.send(frame(FIN | CONTINUATION, b"lo"))
        assert list(parts) == ["lo"]


def test_decoded_parts_are_cut_between_characters() -> None:
    """Whether they are those of a binary message, or of a text that arrives as bytes."""
    euro = "€".encode()
    for opcode, decode_text in ((BINARY, True), (TEXT, False)):
        with met(stream=True, decode_text=decode_text) as (connection, peer):
            peer.send(frame(opcode, b"a" + euro[:1]))
            parts = connection.recv_streaming(decode=True)
            assert next(parts) == "a"
            peer.send(frame(CONTINUATION, euro[1:2]), frame(FIN | CONTINUATION, euro[2:]))
            assert list(parts) == ["€"]
            peer.send(frame(opcode), frame(FIN | CONTINUATION))
            assert list(connection.recv_streaming(decode=True)) == [""]


def test_after_parts_that_cannot_be_decoded_the_connection_is_closed() -> None:
    with met(stream=True) as (connection, peer):
        peer.send(frame(BINARY, b"a\xff"))
        with pytest.raises(ConnectionClosedError) as caught:
            next(connection.recv_streaming(decode=True))
        assert isinstance(caught.value.__cause__, UnicodeDecodeError)
        assert peer.rest() == wire.close(1007, b"invalid UTF-8", None)
        with pytest.raises(ConnectionClosedError):
            connection.recv()


def test_an_iterator_of_parts_must_be_used_up() -> None:
    with met(stream=True) as (connection, peer):
        peer.send(frame(BINARY, b"first"))
        parts = connection.recv_streaming()
        next(parts)
        with pytest.raises(ConcurrencyError):
            connection.recv()
        peer.send(frame(FIN | CONTINUATION, b"last"), text(b"x"))
        assert list(parts) == [b"last"]
        assert connection.recv() == "x"


def test_parts_end_with_the_connection() -> None:
    with met(stream=True) as (connection, peer):
        peer.send(frame(BINARY, b"first"), wire.close(1000))
        parts = connection.recv_streaming()
        assert next(parts) == b"first"
        with pytest.raises(ConnectionClosedOK):
            next(parts)
        with pytest.raises(ConnectionClosedOK):
            connection.recv()


# Back-pressure


def test_a_full_queue_stops_reading_until_it_is_drained() -> None:
    message = frame(FIN | BINARY, bytes(10000), bytes(4))
    with met(max_queue=4) as (connection, peer):
        peer.socket.settimeout(0.5)
        sent = 0
        with pytest.raises(socket.timeout):
            while True:
                sent += peer.socket.send(message[sent % len(message) :])
        wait_until(lambda: len(connection._queue) == 5)  # one more than the mark
        peer.socket.settimeout(PATIENCE)
        whole, rest = divmod(sent, len(message))
        for _ in range(whole):
            assert len(connection.recv(PATIENCE)) == 10000
        peer.send(message[rest:])
        assert len(connection.recv(PATIENCE)) == 10000
        with pytest.raises(TimeoutError):
            connection.recv(0)


def test_a_queue_that_is_drained_to_the_low_mark_is_filled_again() -> None:
    with met(max_queue=(4, 2)) as (connection, peer):
        peer.send(*[text(b"%d" % i) for i in range(9)])
        wait_until(lambda: len(connection._queue) == 5)
        assert [connection.recv(0) for _ in range(2)] == ["0", "1"]
        time.sleep(0.2)
        assert len(connection._queue) == 3
        assert connection.recv(0) == "2"
        wait_until(lambda: len(connection._queue) == 5)
        assert [connection.recv(0) for _ in range(6)] == [str(i) for i in range(3, 9)]


def test_a_queue_is_full_of_bytes_before_it_is_full_of_messages() -> None:
    """It holds max_size and one message more, whether messages are parts of others or not."""
    for stream in (False, True):
        payload = bytes(3000)
        with met(max_size=10_000, stream=stream) as (connection, peer):
            peer.send(*[frame(FIN | BINARY, payload, bytes(4))] * 9)
            wait_until(lambda: connection._is_paused)
            time.sleep(0.1)
            assert 10_000 < connection._queued <= 13_000
            for _ in range(9):
                assert connection.recv(PATIENCE) == payload
            assert connection._queued == 0


def test_a_long_text_counts_by_its_characters() -> None:
    with met(max_size=10_000, max_queue=None) as (connection, peer):
        peer.send(*[text(b"a" * 6000)] * 5)
        wait_until(lambda: connection._is_paused)
        assert [len(connection.recv(PATIENCE)) for _ in range(5)] == [6000] * 5


def test_compressed_messages_fill_a_queue_as_they_are_inflated() -> None:
    """A read of a few kilobytes can be many megabytes of messages."""
    needed = Deflate(server_no_context_takeover=True, client_no_context_takeover=True)
    with serving(lambda c: done.wait(PATIENCE) and None, max_queue=None) as server:
        done = threading.Event()
        client = connect(uri_of(server), compression=needed, proxy=None)
        for _ in range(20):
            client.send(bytes(1 << 20))
        wait_until(lambda: any(each._is_paused for each in server.connections))
        (connection,) = server.connections
        time.sleep(0.1)
        assert connection._queued == 2 << 20
        done.set()
        client.close()


def test_a_pong_is_not_behind_a_long_wait_of_the_handler() -> None:
    with met() as (connection, peer):
        peer.send(text(b"a"))
        assert connection.recv() == "a"
        peer.send(frame(FIN | PING, b"p"))  # nobody receives
        assert peer.read(3) == echo(FIN | PONG, b"p")


def test_pings_are_answered_after_a_recv_that_has_timed_out() -> None:
    """Longer than the watcher needs to fall asleep."""
    with met(ping_interval=None) as (connection, peer):
        with pytest.raises(TimeoutError):
            connection.recv(0.4)
        assert peer.is_silent(0.01)
        peer.send(frame(FIN | PING, b"p"))
        assert peer.read(3) == echo(FIN | PONG, b"p")


def test_a_flood_of_tiny_pings_does_not_hold_up_other_connections() -> None:
    """However much of it is there, the watcher handles a part of it at a time."""
    with met() as (flooded, one), met() as (_, other), ThreadPoolExecutor() as threads:
        flooded._size = 1 << 18
        sizes = []
        handle = flooded._handle

        def note(data: bytes, limit: float) -> None:
            sizes.append(len(data))
            handle(data, limit)

        flooded._handle = note  # type: ignore[method-assign]
        count = 50_000
        reading = threads.submit(one.read, 2 * count)
        one.send(frame(FIN | PING) * count)
        other.send(frame(FIN | PING, b"p"))
        assert other.read(3) == echo(FIN | PONG, b"p")
        assert reading.result(PATIENCE) == echo(FIN | PONG) * count
        assert max(sizes) <= 1 << 14


def test_many_short_waits_do_not_hand_the_connection_to_and_fro_wrongly() -> None:
    """Some longer than a tick of the watcher, some shorter; nothing is lost or swapped."""
    with met(max_queue=8) as (connection, peer), ThreadPoolExecutor() as threads:

        def send() -> None:
            for i in range(300):
                peer.send(text(b"%d" % i))
                time.sleep(0.002 if i % 50 else 0.12)

        sent = threads.submit(send)
        for i in range(300):
            if i % 70 == 0:
                time.sleep(0.15)
            assert connection.recv(PATIENCE) == str(i)
        sent.result()


# Signals


class Stop(BaseException):
    """What a signal handler raises."""


def test_an_exception_of_a_signal_handler_leaves_recv_and_loses_nothing() -> None:
    def stop(*_: object) -> None:
        raise Stop

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with met_by_client() as (connection, peer):
            peer.send(frame(FIN | TEXT, b"Hello", None)[:4])
            for timeout in (None, PATIENCE):
                with pytest.raises(Stop):
                    signal.setitimer(signal.ITIMER_REAL, 0.1)
                    connection.recv(timeout)
            peer.send(frame(FIN | TEXT, b"Hello", None)[4:])
            assert connection.recv(PATIENCE) == "Hello"
    finally:
        signal.signal(signal.SIGALRM, before)


def test_signal_handlers_that_return_do_not_disturb_recv() -> None:
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    def send_later(peer: Peer) -> None:
        wait_until(lambda: count >= 5)
        peer.send(frame(FIN | TEXT, b"Hello", None))

    before = signal.signal(signal.SIGALRM, note)
    try:
        with met_by_client() as (connection, peer):
            signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
            thread = threading.Thread(target=send_later, args=(peer,))
            thread.start()
            assert connection.recv(PATIENCE) == "Hello"
            signal.setitimer(signal.ITIMER_REAL, 0)
            thread.join()
        assert count >= 5
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
