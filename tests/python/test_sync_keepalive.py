"""wscodec.sync: peers that are silent, deaf, slow or gone."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import kernel
import pytest
import wire
from echo_checks import Peer, echo
from sync_peers import PATIENCE, met, met_by_client, nothing_is_left, wait_until  # noqa: F401
from wire import BINARY, FIN, PING, PONG, TEXT, frame
from wscodec.sync import ConnectionClosedError, State

pytestmark = pytest.mark.filterwarnings("error")

TIMED_OUT = wire.close(1011, b"keepalive ping timeout", None)


def answer_pings(peer: Peer, count: int) -> list[float]:
    """The times of as many pings."""
    times = []
    for _ in range(count):
        ping = peer.read(6)
        times.append(time.monotonic())
        assert ping[:2] == bytes([FIN | PING, 4])
        peer.send(frame(FIN | PONG, ping[2:]))
    return times


@pytest.mark.parametrize("receives", [False, True])
def test_pings_are_sent_at_the_interval_and_measure_the_latency(receives: bool) -> None:
    started = time.monotonic()
    with met(ping_interval=0.2, ping_timeout=5) as (connection, peer):
        with ThreadPoolExecutor() as threads:
            receiving = threads.submit(connection.recv) if receives else None
            times = answer_pings(peer, 4)
            for count, (earlier, later) in enumerate(zip([started, *times], times), 1):
                assert later - started > 0.19 * count
                assert later - earlier < 2
            wait_until(lambda: connection.latency > 0)
            peer.send(frame(FIN | TEXT, b"done"))
            if receiving is not None:
                assert receiving.result(PATIENCE) == "done"


@pytest.mark.parametrize("receives", [False, True])
def test_a_silent_peer_is_closed_with_1011(receives: bool) -> None:
    started = time.monotonic()
    with met(ping_interval=0.2, ping_timeout=0.3, close_timeout=30) as (connection, peer):
        if receives:
            with pytest.raises(ConnectionClosedError) as caught:
                connection.recv()
        else:
            assert connection.wait_closed(PATIENCE)
            with pytest.raises(ConnectionClosedError) as caught:
                connection.send("x")
        assert 0.45 < time.monotonic() - started < 5
        assert isinstance(caught.value.__cause__, TimeoutError)
        assert caught.value.sent == (1011, "keepalive ping timeout")
        assert peer.rest()[6:] == TIMED_OUT


def test_a_peer_lives_that_sends_anything_but_pongs() -> None:
    with met(ping_interval=0.2, ping_timeout=1) as (connection, peer):
        for _ in range(25):
            time.sleep(0.1)
            peer.send(frame(FIN | PING))
        assert connection.state is State.OPEN
        assert len(connection._pings) <= 1  # what is not answered is not kept


def test_a_peer_lives_whose_message_takes_long() -> None:
    message = frame(FIN | TEXT, bytes(20))
    with met(ping_interval=0.2, ping_timeout=1) as (connection, peer):
        for i in range(len(message)):
            peer.send(message[i : i + 1])
            time.sleep(0.1)
        assert connection.recv(PATIENCE) == "\0" * 20


def test_a_peer_that_cannot_be_heard_is_not_judged() -> None:
    """The queue is full, so its pongs are not read."""
    with met(ping_interval=0.2, ping_timeout=1, max_queue=1) as (connection, peer):
        peer.send(*[frame(FIN | TEXT, b"%d" % i) for i in range(5)])
        time.sleep(2.5)
        assert [connection.recv(PATIENCE) for _ in range(5)] == list("01234")
        assert connection.state is State.OPEN


@pytest.mark.parametrize("talks", [False, True])
def test_a_deaf_peer_frees_the_sender(talks: bool) -> None:
    """It never reads, so that even pings cannot be written; that it may send does not help."""
    is_over = threading.Event()
    with met(ping_interval=0.3, ping_timeout=0.5, max_queue=None) as (connection, peer):

        def talk() -> None:
            while talks and not is_over.wait(0.05):
                peer.send(frame(FIN | TEXT))

        with ThreadPoolExecutor() as threads:
            talking = threads.submit(talk)
            started = time.monotonic()
            with pytest.raises(ConnectionClosedError) as caught:
                while True:
                    connection.send(bytes(1 << 20))
            assert time.monotonic() - started < 5
            is_over.set()
            assert talking.exception(PATIENCE) is None or talks
        assert "no pong" in str(caught.value.__cause__)


def test_a_peer_that_reads_slowly_has_the_whole_time_once_the_ping_is_written() -> None:
    with met(ping_interval=0.2, ping_timeout=1.5) as (connection, peer):
        kernel.hold_little(connection.socket)
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kernel.SMALL)
        payload = bytes(8 << 20)
        with ThreadPoolExecutor() as threads:
            started = time.monotonic()
            sent = threads.submit(connection.send, payload)
            left = len(echo(FIN | BINARY, payload))
            while left:
                time.sleep(0.02)
                left -= len(peer.read(min(left, 50_000)))
            assert time.monotonic() - started > 2
            sent.result(PATIENCE)
        answer_pings(peer, 2)
        assert connection.state is State.OPEN


def test_without_an_interval_there_are_no_pings() -> None:
    with met(ping_interval=None, ping_timeout=0.1) as (connection, peer):
        assert peer.is_silent(0.5)
        assert connection.state is State.OPEN


def test_without_a_timeout_nobody_is_judged() -> None:
    with met(ping_interval=0.1, ping_timeout=None) as (connection, peer):
        assert len(peer.read(60)) == 60
        assert connection.state is State.OPEN
        assert len(connection._pings) <= 1


def test_a_client_keeps_its_server_alive_too() -> None:
    with met_by_client(ping_interval=0.1, ping_timeout=1.5) as (connection, peer):
        for _ in range(3):
            ping = peer.read(10)
            assert ping[:2] == bytes([FIN | PING, 0x84])
            peer.send(frame(FIN | PONG, wire.xor(ping[6:], ping[2:6]), None))
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv(PATIENCE)
        assert caught.value.sent == (1011, "keepalive ping timeout")


def test_hundreds_of_idle_connections_cost_one_thread_beside_their_own() -> None:
    before = threading.active_count()
    with met() as (_, _), met() as (_, _), met_by_client() as (_, _):
        watchers = [
            thread for thread in threading.enumerate() if thread.name == "wscodec-watcher"
        ]
        assert len(watchers) == 1
        assert threading.active_count() == before + 5  # 2 servers, 2 handlers, the watcher
