"""wscodec.sync: many threads at once, bugs in one of them, and the thread behind all."""

from __future__ import annotations

import logging
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from echo_checks import echo
from sync_peers import (  # noqa: F401
    PATIENCE,
    Records,
    met,
    met_by_client,
    nothing_is_left,
    raw,
    serving,
    uri_of,
    wait_until,
)
from wire import FIN, PING, PONG, TEXT, frame
from wscodec.sync import (
    ClientConnection,
    ConcurrencyError,
    ConnectionClosed,
    ConnectionClosedError,
    ServerConnection,
    State,
    connect,
)

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads take turns more often than usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def act_at_random(connection: ServerConnection) -> None:
    chance = random.Random(connection.id.int)
    while True:
        choice = chance.random()
        if choice < 0.7:
            try:
                connection.send(connection.recv(chance.choice([None, 1, 0.01, 0])))
            except TimeoutError:
                pass
        elif choice < 0.8:
            time.sleep(chance.random() * 0.12)
        elif choice < 0.9:
            connection.ping()
        elif choice < 0.995:
            connection.send(bytes(chance.randrange(100_000)))
        else:
            return


def send_until(is_over: threading.Event, connection: ClientConnection, seed: int) -> None:
    chance = random.Random(seed)
    messages: list[str | bytes | list[str]] = ["a", "b" * 300, bytes(70_000), ["x", "y"]]
    try:
        while not is_over.is_set():
            connection.send(chance.choice(messages))
            if chance.random() < 0.2:
                time.sleep(0.01)
    except (ConnectionClosed, ConcurrencyError):
        pass


def receive_for(seconds: float, connection: ClientConnection, chance: random.Random) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            connection.recv(chance.choice([0.05, 0, 0.001]))
        except TimeoutError:
            pass
        if chance.random() < 0.05:
            time.sleep(chance.random() * 0.2)


def talk_at_random(uri: str, seed: int) -> None:
    chance = random.Random(seed)
    with connect(uri, max_queue=chance.choice([1, 4]), close_timeout=1) as connection:
        is_over = threading.Event()
        with ThreadPoolExecutor(2) as threads:
            sending = [
                threads.submit(send_until, is_over, connection, seed + i) for i in (1, 2)
            ]
            try:
                receive_for(chance.random(), connection, chance)
                if chance.random() < 0.3:
                    threading.Timer(0.01, connection.close).start()
                elif chance.random() < 0.3:
                    connection.start_close()
            except ConnectionClosed:
                pass
            is_over.set()
            connection.close()
            for each in sending:
                each.result(PATIENCE)
    assert connection.state is State.CLOSED


@pytest.mark.usefixtures("quick_switches")
@pytest.mark.parametrize("seed", [1, 2])
def test_threads_that_do_everything_at_random_all_end(seed: int) -> None:
    records = Records()
    options = {"max_queue": 4, "ping_interval": 0.03, "ping_timeout": 5, "close_timeout": 1}
    with serving(act_at_random, logger=records.logger, **options) as server:
        with ThreadPoolExecutor(6) as threads:
            uri = uri_of(server)
            talks = [threads.submit(talk_at_random, uri, seed * 100 + i) for i in range(12)]
            for talk in talks:
                talk.result(60)
    assert not [record for record in records.records if record.levelno >= logging.ERROR]


# The watcher


def test_the_watcher_sleeps_while_threads_wait_to_receive_or_nothing_comes() -> None:
    with met(ping_interval=None) as (one, peer), met(ping_interval=None) as (other, _):
        with ThreadPoolExecutor() as threads:
            receiving = threads.submit(one.recv)
            wait_until(lambda: not one._watcher.is_ticking)
            before = time.process_time()
            time.sleep(0.5)
            assert not other._watcher.is_ticking
            assert time.process_time() - before < 0.1
            peer.send(frame(FIN | TEXT, b"x"))
            assert receiving.result(PATIENCE) == "x"


def test_the_watcher_ends_with_the_last_connection_and_starts_again() -> None:
    def watchers() -> list[threading.Thread]:
        return [each for each in threading.enumerate() if each.name == "wscodec-watcher"]

    for _ in range(3):
        with met_by_client():
            assert len(watchers()) == 1
        wait_until(lambda: not watchers())


def test_a_busy_handler_does_not_delay_the_pongs_of_others() -> None:
    with met() as (_, one), met() as (_, other):
        one.send(*[frame(FIN | TEXT, bytes(50_000))] * 10)  # nobody receives them
        for _ in range(5):
            other.send(frame(FIN | PING, b"p"))
            assert other.read(3) == echo(FIN | PONG, b"p")


def test_a_bug_ends_its_connection_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    records = Records()
    with met(logger=records.logger) as (connection, peer), met() as (_, other):

        def fail(*_: object) -> None:
            raise LookupError("a bug")

        wait_until(lambda: not connection._watcher.is_ticking)
        monkeypatch.setattr(connection, "_on_control", fail)
        peer.send(frame(FIN | PING))
        assert connection.wait_closed(PATIENCE)
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv()
        assert isinstance(caught.value.__cause__, LookupError)
        assert "unexpected error" in records.messages()
        other.send(frame(FIN | PING, b"p"))
        assert other.read(3) == echo(FIN | PONG, b"p")


def test_an_exception_in_the_handling_of_input_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if a signal came in the middle of it."""

    class Stop(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Stop

    with met_by_client() as (connection, peer):
        monkeypatch.setattr(connection, "_on_control", stop)

        def ping() -> None:
            wait_until(lambda: connection._is_reading)
            peer.send(frame(FIN | PING, b"", None))

        threading.Thread(target=ping).start()
        with pytest.raises(Stop):
            connection.recv(PATIENCE)
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv(PATIENCE)
        assert isinstance(caught.value.__cause__, Stop)


def test_a_connection_that_is_lost_in_the_middle_of_a_write_is_closed_and_nothing_else() -> (
    None
):
    """One thread has seen that there is more to write when another one finds the end."""

    class Due(deque[Any]):
        lookers = 0

        def __bool__(self) -> bool:
            is_there = len(self) > 0
            self.lookers += 1
            if self.lookers == 3:
                connection._lost(ConnectionResetError())
            return is_there

    with met() as (connection, _):
        connection._due = Due([b"a", b"b", b"c"])
        with pytest.raises(ConnectionClosedError) as caught:
            connection.send("x")
        assert isinstance(caught.value.__cause__, ConnectionResetError)
        assert connection.wait_closed(PATIENCE)


def test_a_thread_of_the_watcher_that_cannot_start_fails_the_opening(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = threading.Thread.start

    def fail_for_watchers(thread: threading.Thread) -> None:
        if thread.name == "wscodec-watcher":
            raise RuntimeError("can't start new thread")
        start(thread)

    records = Records()
    with serving(logger=records.logger) as server:
        monkeypatch.setattr(threading.Thread, "start", fail_for_watchers)
        with raw(server) as peer:
            assert peer.rest() == b""
        monkeypatch.undo()
        wait_until(lambda: "connection failed" in records.messages())
        with raw(server) as peer:
            peer.send(frame(FIN | TEXT, b"hi"))
            assert peer.read(4) == echo(FIN | TEXT, b"hi")
