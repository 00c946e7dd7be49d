"""wscodec.sync: how connections end, who waits for that, and how long."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import wire
from echo_checks import echo, goodbye
from sync_peers import (  # noqa: F401
    PATIENCE,
    masked_rest,
    met,
    met_by_client,
    nothing_is_left,
    wait_until,
)
from wire import BINARY, CLOSE, FIN, PING, PONG, TEXT, frame
from wscodec.errors import InvalidArgument, UnexpectedEof
from wscodec.sync import (
    ConnectionClosedError,
    ConnectionClosedOK,
    State,
)

pytestmark = pytest.mark.filterwarnings("error")


def text(payload: bytes) -> bytes:
    return frame(FIN | TEXT, payload)


def test_close_sends_its_code_and_waits_for_the_peers_close() -> None:
    with met(close_timeout=PATIENCE) as (connection, peer), ThreadPoolExecutor() as threads:
        closing = threads.submit(connection.close, 4000, "bye ü")
        assert peer.read(10) == wire.close(4000, "bye ü".encode(), None)
        wait_until(lambda: connection.state is State.CLOSING)
        assert connection.close_code is None
        assert not closing.done()
        peer.send(wire.close(4000))
        assert peer.rest() == b""
        peer.socket.close()
        closing.result(PATIENCE)
        assert connection.state is State.CLOSED
        assert connection.close_code == 4000


def test_a_server_ends_tcp_first_and_waits_for_the_client() -> None:
    with met(close_timeout=PATIENCE) as (connection, peer), ThreadPoolExecutor() as threads:
        closing = threads.submit(connection.close)
        assert peer.read(4) == goodbye(1000)
        peer.send(wire.close(1000))
        assert peer.rest() == b""  # its end
        time.sleep(0.1)
        assert not closing.done()
        peer.send(b"ignored")
        peer.socket.close()
        closing.result(PATIENCE)


def test_a_client_lets_the_server_end_tcp_first() -> None:
    with met_by_client(close_timeout=PATIENCE) as (connection, peer):
        with ThreadPoolExecutor() as threads:
            closing = threads.submit(connection.close, 1001, "x")
            assert masked_rest(peer.read(9)) == [(FIN | CLOSE, b"\x03\xe9x")]
            peer.send(wire.close(1001, key=None))
            assert peer.is_silent()
            assert not closing.done()
            peer.socket.close()
            closing.result(PATIENCE)
        with pytest.raises(ConnectionClosedOK) as caught:
            connection.recv()
        assert caught.value.rcvd_then_sent is False


def test_close_can_be_repeated_and_called_by_several_threads() -> None:
    with met(close_timeout=PATIENCE) as (connection, peer), ThreadPoolExecutor() as threads:
        closing = [threads.submit(connection.close, 1000 + i) for i in range(3)]
        code = peer.read(4)
        peer.send(wire.close(1000))
        assert peer.rest() == b""
        peer.socket.close()
        for each in closing:
            each.result(PATIENCE)
        connection.close(1011)
        assert code in [goodbye(1000 + i) for i in range(3)]


@pytest.mark.parametrize("arguments", [(999,), (1005, "x"), (5000,), (1000, "x" * 124), (-1,)])
def test_a_wrong_code_or_reason_is_refused_and_changes_nothing(
    arguments: tuple[int, str],
) -> None:
    with met() as (connection, peer):
        with pytest.raises(InvalidArgument):
            connection.close(*arguments)
        connection.send("after")
        assert peer.read(7) == echo(FIN | TEXT, b"after")


def test_close_timeout_bounds_the_wait_for_the_close_of_the_peer() -> None:
    with met(close_timeout=0.3) as (connection, peer):
        started = time.monotonic()
        connection.close()
        assert 0.25 < time.monotonic() - started < 3
        assert peer.read(4) == goodbye(1000)
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv()
        assert isinstance(caught.value.__cause__, TimeoutError)
        assert caught.value.rcvd is None
        assert connection.close_code == 1006


def test_close_timeout_bounds_the_wait_for_the_end_of_tcp() -> None:
    """Of a peer that has closed, but not its TCP connection; for a normal end that is not an
    error."""
    with met(close_timeout=0.3) as (connection, peer):
        started = time.monotonic()
        peer.send(wire.close(1000))
        with pytest.raises(ConnectionClosedOK):
            connection.recv()
        assert 0.25 < time.monotonic() - started < 3


def test_a_recv_with_a_shorter_timeout_reports_the_close_when_it_is_up() -> None:
    with met(close_timeout=5) as (connection, peer):
        peer.send(wire.close(1000))
        started = time.monotonic()
        with pytest.raises(ConnectionClosedOK):
            connection.recv(0.2)
        assert time.monotonic() - started < 3
        peer.socket.close()
        assert connection.wait_closed(PATIENCE)


def test_a_close_of_the_peer_is_answered_while_nobody_receives() -> None:
    with met(close_timeout=5) as (connection, peer):
        peer.send(wire.close(4000, b"x"))
        assert peer.rest() == goodbye(4000)
        assert not connection.wait_closed(0.05)
        peer.socket.close()
        assert connection.wait_closed(PATIENCE)
        assert (connection.close_code, connection.close_reason) == (4000, "x")


def test_close_wakes_a_thread_that_receives() -> None:
    for is_polite, timeout in ((True, PATIENCE), (False, 0.3)):
        with (
            met(close_timeout=timeout) as (connection, peer),
            ThreadPoolExecutor() as threads,
        ):
            receiving = threads.submit(connection.recv)
            wait_until(lambda: connection._is_reading)
            closing = threads.submit(connection.close)
            assert peer.read(4) == goodbye(1000)
            if is_polite:
                peer.send(text(b"last"), wire.close(1000))
                assert receiving.result(PATIENCE) == "last"
                peer.socket.close()
            else:
                with pytest.raises(ConnectionClosedError):
                    receiving.result(PATIENCE)
            closing.result(PATIENCE)


def test_messages_that_cross_the_close_are_kept_as_far_as_the_queue_holds_them() -> None:
    with met(max_queue=3, close_timeout=5) as (connection, peer):
        connection.start_close()
        peer.send(*[text(b"%d" % i) for i in range(9)], wire.close(1000))
        assert peer.rest() == goodbye(1000)
        peer.socket.close()
        assert connection.wait_closed(PATIENCE)
        assert [connection.recv() for _ in range(3)] == ["0", "1", "2"]
        with pytest.raises(ConnectionClosedOK):
            connection.recv()


def test_a_close_of_ours_is_not_held_up_by_a_full_queue() -> None:
    with met(max_queue=2, close_timeout=5) as (connection, peer):
        peer.send(*[text(b"%d" % i) for i in range(9)])
        wait_until(lambda: connection._is_paused)
        with ThreadPoolExecutor() as threads:
            closing = threads.submit(connection.close)
            peer.send(wire.close(1000))
            assert peer.rest() == goodbye(1000)
            peer.socket.close()
            closing.result(3)
        assert connection.close_code == 1000


def test_pings_are_answered_while_the_close_of_the_peer_is_awaited() -> None:
    with met(close_timeout=PATIENCE) as (connection, peer), ThreadPoolExecutor() as threads:
        closing = threads.submit(connection.close)
        assert peer.read(4) == goodbye(1000)
        peer.send(frame(FIN | PING, b"p"))
        assert peer.read(3) == echo(FIN | PONG, b"p")
        peer.send(wire.close(1000))
        peer.socket.close()
        closing.result(PATIENCE)


def test_a_peer_that_sends_without_end_does_not_hold_up_close() -> None:
    with met(close_timeout=0.3) as (connection, peer), ThreadPoolExecutor() as threads:
        is_over = threading.Event()

        def flood() -> None:
            message = text(bytes(60000))
            while not is_over.is_set():
                try:
                    peer.send(message)
                except OSError:
                    return

        flooding = threads.submit(flood)
        started = time.monotonic()
        connection.close()
        assert time.monotonic() - started < 3
        is_over.set()
        flooding.result(PATIENCE)


def test_the_end_of_the_stream_is_an_error_without_a_close() -> None:
    with met() as (connection, peer):
        peer.socket.close()
        assert connection.wait_closed(PATIENCE)
        with pytest.raises(ConnectionClosedError, match="no close frame") as caught:
            connection.send("x")
        assert isinstance(caught.value.__cause__, UnexpectedEof)


def test_a_with_closes_normally_or_with_1011_after_an_exception() -> None:
    with met_by_client(close_timeout=PATIENCE) as (connection, peer):

        def reply() -> None:
            peer.send(wire.close(1011, key=None))
            peer.half_close()

        threading.Timer(0.1, reply).start()
        with pytest.raises(LookupError), connection:
            raise LookupError
        assert masked_rest(peer.rest()) == [(FIN | CLOSE, b"\x03\xf3")]


def test_start_close_does_not_wait_and_the_rest_is_done_for_it() -> None:
    with met(close_timeout=0.3) as (connection, peer):
        connection.start_close(1001)
        assert connection.state is State.CLOSING
        assert peer.read(4) == goodbye(1001)
        assert connection.wait_closed(PATIENCE)


def test_an_exception_of_a_signal_handler_leaves_close_and_the_timeout_holds() -> None:
    class Stop(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Stop

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with met_by_client(close_timeout=0.5) as (connection, peer):
            with pytest.raises(Stop):
                signal.setitimer(signal.ITIMER_REAL, 0.1)
                connection.close()
            assert connection.wait_closed(PATIENCE)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_an_exception_of_a_signal_handler_leaves_send_and_the_message_is_still_sent() -> None:
    class Stop(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Stop

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with met_by_client() as (connection, peer), ThreadPoolExecutor() as threads:
            with pytest.raises(Stop):
                signal.setitimer(signal.ITIMER_REAL, 0.2)
                connection.send(bytes(8 << 20))
            reading = threads.submit(peer.read, 14 + (8 << 20) + 10)
            connection.send("more")
            data = reading.result(PATIENCE)
            assert masked_rest(data[-10:]) == [(FIN | TEXT, b"more")]
            assert data[:2] == bytes([FIN | BINARY, 0xFF])
    finally:
        signal.signal(signal.SIGALRM, before)


def test_an_error_after_both_close_frames_is_not_the_cause() -> None:
    for way in ("reset", "timeout"):
        with met(close_timeout=0.3) as (connection, peer):
            peer.send(wire.close(1000))
            assert peer.read(4) == goodbye(1000)
            if way == "reset":
                peer.reset()
            with pytest.raises(ConnectionClosedOK) as caught:
                connection.recv(PATIENCE)
            assert connection.wait_closed(PATIENCE)
            with pytest.raises(ConnectionClosedOK) as again:
                connection.send("x")
            assert (caught.value.__cause__, again.value.__cause__) == (None, None)


def test_a_timeout_of_the_closing_handshake_is_the_cause() -> None:
    with met(close_timeout=0.2) as (connection, _):
        connection.close()
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv()
        assert isinstance(caught.value.__cause__, TimeoutError)


@pytest.mark.parametrize("code", [1005.5, "x", 999, 1006])
def test_an_invalid_code_is_refused_in_every_state(code: Any) -> None:
    with met() as (connection, peer):
        with pytest.raises((TypeError, InvalidArgument)):
            connection.close(code)
        peer.send(wire.close(1000))
        assert connection.wait_closed(PATIENCE)
        with pytest.raises((TypeError, InvalidArgument)):
            connection.close(code)
