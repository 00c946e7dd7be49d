"""wscodec.sync: what a connection sends, by one thread or several."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import kernel
import pytest
import wire
from echo_checks import Peer, echo, goodbye
from sync_peers import (  # noqa: F401
    PATIENCE,
    masked_rest,
    met,
    met_by_client,
    nothing_is_left,
    raw,
    serving,
    wait_until,
)
from wire import BINARY, CONTINUATION, FIN, PING, PONG, TEXT, frame
from wscodec.errors import InvalidArgument
from wscodec.sync import (
    ConcurrencyError,
    ConnectionClosedError,
    ConnectionClosedOK,
    ServerConnection,
    State,
    broadcast,
)

pytestmark = pytest.mark.filterwarnings("error")

MIB = 1024 * 1024


def unread(peer: Peer) -> None:
    """Makes the peer one that takes little before its sender has to wait."""
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)


def frames_in(data: bytes) -> list[tuple[int, bytes]]:
    """First bytes and payloads of a server's frames."""
    frames = []
    while data:
        size, at = data[1], 2
        if size > 125:
            at = 4 if size == 126 else 10
            size = int.from_bytes(data[2:at], "big")
        frames.append((data[0], data[at : at + size]))
        data = data[at + size :]
    return frames


@pytest.mark.parametrize(
    ("message", "text", "first", "payload"),
    [
        ("Hellö", None, TEXT, "Hellö".encode()),
        ("Hellö", True, TEXT, "Hellö".encode()),
        ("Hellö", False, BINARY, "Hellö".encode()),
        (b"\xff", None, BINARY, b"\xff"),
        (bytearray(b"\xff"), None, BINARY, b"\xff"),
        (memoryview(b"\xff\0")[::2], False, BINARY, b"\xff"),
        (b"Hello", True, TEXT, b"Hello"),
        ("", None, TEXT, b""),
    ],
)
def test_the_type_of_a_message_decides_unless_text_is_given(
    message: Any, text: bool | None, first: int, payload: bytes
) -> None:
    with met() as (connection, peer):
        connection.send(message, text)
        assert peer.read(2 + len(payload)) == echo(FIN | first, payload)


@pytest.mark.parametrize("message", [None, 1, {"a": "b"}, object(), [1], [["nested"]]])
def test_other_types_are_refused_and_send_nothing(message: Any) -> None:
    with met() as (connection, peer):
        with pytest.raises(TypeError):
            connection.send(message)
        connection.send("after")
        assert peer.read(7) == echo(FIN | TEXT, b"after")


def test_a_str_with_surrogates_is_refused() -> None:
    with met() as (connection, _):
        with pytest.raises(InvalidArgument):
            connection.send("\ud800")


def test_an_iterable_is_sent_in_fragments_as_it_yields() -> None:
    with met() as (connection, peer):

        def fragments() -> Iterator[str]:
            yield "a"
            assert peer.read(3) == echo(TEXT, b"a")
            yield "b"
            assert peer.read(3) == echo(CONTINUATION, b"b")
            connection.ping("between")
            assert peer.read(9) == echo(FIN | PING, b"between")

        connection.send(fragments())
        assert peer.read(2) == echo(FIN | CONTINUATION)
        connection.send([])
        connection.send([b"one"])
        assert peer.read(7) == echo(BINARY, b"one") + echo(FIN | CONTINUATION)
        connection.send([b"x"], text=True)
        assert peer.read(5) == echo(TEXT, b"x") + echo(FIN | CONTINUATION)


@pytest.mark.parametrize("fragments", [["a", b"b"], [b"a", "b"], ["a", None]])
def test_fragments_of_different_kinds_close_with_1011(fragments: Any) -> None:
    with met() as (connection, peer):
        with pytest.raises(TypeError):
            connection.send(fragments)
        connection.close()
        assert peer.read(3)[0] in (TEXT, BINARY)
        assert peer.rest() == wire.close(1011, b"a message was not completed", None)


def test_an_iterable_that_raises_closes_with_1011_and_the_exception_is_raised() -> None:
    def fragments() -> Iterator[str]:
        yield "a"
        raise LookupError("no more")

    with met() as (connection, peer):
        with pytest.raises(LookupError):
            connection.send(fragments())
        with pytest.raises(ConnectionClosedError) as caught:
            connection.send("x")
        assert isinstance(caught.value.__cause__, LookupError)
        assert peer.read(3) == echo(TEXT, b"a")
        assert peer.rest() == wire.close(1011, b"a message was not completed", None)


@pytest.mark.parametrize("first", ["a", b"a"])
def test_none_is_not_a_fragment_nor_the_end_of_a_message(first: Any) -> None:
    with met() as (connection, peer):
        with pytest.raises(TypeError):
            connection.send([None])  # type: ignore[list-item]
        assert connection.state is State.OPEN
        with pytest.raises(TypeError):
            connection.send([first, None, first])  # type: ignore[list-item]
        assert peer.read(3)[0] in (TEXT, BINARY)
        assert peer.rest() == wire.close(1011, b"a message was not completed", None)


def test_fragments_after_a_close_are_not_sent() -> None:
    asked = []

    def fragments() -> Iterator[str]:
        for each in "abc":
            asked.append(each)
            yield each
            if each == "a":
                peer.send(wire.close(1001))
                assert connection.wait_closed(PATIENCE)

    with met() as (connection, peer):
        with pytest.raises(ConnectionClosedOK):
            connection.send(fragments())
        assert peer.rest() == echo(TEXT, b"a") + goodbye(1001)
        with pytest.raises(ConnectionClosedOK):
            connection.send(iter("xy"))
        assert asked == ["a", "b"]


def test_no_message_comes_between_the_fragments_of_another() -> None:
    with met() as (connection, peer):

        def fragments() -> Iterator[str]:
            yield "a"
            for message in ("x", ["x"]):
                with pytest.raises(ConcurrencyError):
                    connection.send(message)
            yield "b"

        connection.send(fragments())
        connection.send("c")
        expected = echo(TEXT, b"a") + echo(CONTINUATION, b"b") + echo(FIN | CONTINUATION)
        expected += echo(FIN | TEXT, b"c")
        assert peer.read(len(expected)) == expected


def test_close_between_fragments_is_a_1011() -> None:
    with met() as (connection, peer):

        def fragments() -> Iterator[str]:
            yield "a"
            connection.close(1000)
            yield "b"

        with pytest.raises(ConnectionClosedError):
            connection.send(fragments())
        assert peer.read(3) == echo(TEXT, b"a")
        assert peer.rest() == wire.close(1011, b"close during fragmented message", None)


def test_messages_of_many_threads_arrive_whole() -> None:
    count, senders = 50, 8

    def send_all(number: int) -> None:
        payload = bytes([number]) * (number * 3000 + 1)
        for _ in range(count):
            connection.send(payload)

    with met() as (connection, peer), ThreadPoolExecutor(senders) as threads:
        done = [threads.submit(send_all, i) for i in range(senders)]
        total = sum(
            count * len(echo(FIN | BINARY, bytes(i * 3000 + 1))) for i in range(senders)
        )
        frames = frames_in(peer.read(total))
        for each in done:
            each.result(PATIENCE)
        numbers = [payload[0] for _, payload in frames]
        assert sorted(numbers) == sorted(list(range(senders)) * count)
        for first, payload in frames:
            assert first == FIN | BINARY
            assert payload == payload[:1] * (payload[0] * 3000 + 1)


def test_a_thread_can_send_while_another_receives() -> None:
    with met() as (connection, peer), ThreadPoolExecutor() as threads:
        receiving = threads.submit(lambda: [connection.recv() for _ in range(100)])
        for i in range(100):
            connection.send(str(i))
            peer.send(frame(FIN | TEXT, b"%d" % i))
        assert receiving.result(PATIENCE) == [str(i) for i in range(100)]
        expected = b"".join(echo(FIN | TEXT, b"%d" % i) for i in range(100))
        assert peer.read(len(expected)) == expected


def test_a_client_masks_with_a_new_key_each_time() -> None:
    with met_by_client() as (connection, peer):
        connection.send("Hello")
        connection.send("Hello")
        first, second = peer.read(11), peer.read(11)
        assert masked_rest(first + second) == [(FIN | TEXT, b"Hello")] * 2
        assert first[2:6] != second[2:6]


# A peer that does not read


def test_send_waits_for_a_slow_peer_and_loses_nothing() -> None:
    payload = bytes(range(256)) * 4096 * 8
    with met() as (connection, peer), ThreadPoolExecutor() as threads:
        kernel.hold_little(connection.socket)
        sent = threads.submit(connection.send, payload)
        time.sleep(0.3)
        assert not sent.done()
        assert peer.read(10 + len(payload)) == echo(FIN | BINARY, payload)
        sent.result(PATIENCE)


def test_a_pong_waits_for_the_message_that_is_being_written() -> None:
    payload = bytes(16 * MIB)
    with met() as (connection, peer), ThreadPoolExecutor() as threads:
        sent = threads.submit(connection.send, payload)
        head = peer.read(10)
        peer.send(frame(FIN | PING, b"p"))
        time.sleep(0.2)
        assert head + peer.read(len(payload)) == echo(FIN | BINARY, payload)
        assert peer.read(3) == echo(FIN | PONG, b"p")
        sent.result(PATIENCE)


def test_close_frees_a_sender_whose_peer_never_reads() -> None:
    with met(close_timeout=0.3) as (connection, _), ThreadPoolExecutor() as threads:
        senders = [threads.submit(connection.send, bytes(32 * MIB)) for _ in range(2)]
        time.sleep(0.2)
        started = time.monotonic()
        connection.close()
        assert time.monotonic() - started < 5
        for sender in senders:
            with pytest.raises(ConnectionClosedError):
                sender.result(PATIENCE)


def test_a_peer_that_pings_and_never_reads_is_not_served_without_bounds() -> None:
    """Neither by the watcher nor by recv(): it stops reading."""
    for receives in (False, True):
        with met(close_timeout=0.3) as (connection, peer), ThreadPoolExecutor() as threads:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            unread(peer)
            receiving = threads.submit(connection.recv) if receives else None
            peer.socket.settimeout(1)
            pings = frame(FIN | PING, bytes(125)) * 100
            with pytest.raises(socket.timeout):
                for _ in range(2000):
                    peer.send(pings)
            assert sum(map(len, connection._due)) < MIB
            connection.start_close()
            if receiving is not None:
                with pytest.raises(ConnectionClosedError):
                    receiving.result(3)
            assert connection.wait_closed(3)


def test_send_after_the_peer_has_vanished_raises_its_last_words() -> None:
    with met() as (connection, peer):
        peer.send(wire.close(4000, b"bye"))
        peer.socket.close()
        time.sleep(0.05)
        with pytest.raises(ConnectionClosedError) as caught:
            for _ in range(100):
                connection.send(bytes(65536))
        assert caught.value.rcvd == (4000, "bye")


def test_send_after_a_close_tells_how_it_ended() -> None:
    with met() as (connection, peer):
        peer.send(wire.close(1000))
        with pytest.raises(ConnectionClosedOK):
            connection.recv()
        for call in (connection.send, connection.ping, connection.pong):
            with pytest.raises(ConnectionClosedOK) as caught:
                call("x")
            assert (caught.value.code, caught.value.rcvd_then_sent) == (1000, True)


# Pings and pongs


def test_the_event_of_a_ping_is_set_by_its_pong_and_has_the_latency() -> None:
    with met() as (connection, peer):
        event = connection.ping("hello")
        assert peer.read(7) == echo(FIN | PING, b"hello")
        time.sleep(0.05)
        assert not event.is_set()
        assert (event.latency, connection.latency) == (0, 0)
        peer.send(frame(FIN | PONG, b"other"), frame(FIN | PONG, b"hello"))
        assert event.wait(PATIENCE)
        assert 0.05 <= event.latency < 5
        assert connection.latency == event.latency


def test_a_pong_also_answers_earlier_pings() -> None:
    with met() as (connection, peer):
        events = [connection.ping() for _ in range(3)]
        frames = frames_in(peer.read(18))
        assert len({payload for _, payload in frames}) == 3
        peer.send(frame(FIN | PONG, frames[1][1]))
        assert events[1].wait(PATIENCE)
        assert [event.is_set() for event in events] == [True, True, False]


def test_a_ping_is_answered_while_nobody_receives_and_without_delay() -> None:
    with met() as (connection, peer):
        time.sleep(0.3)  # the watcher serves it already
        latencies = []
        for _ in range(5):
            event = connection.ping()
            peer.send(frame(FIN | PONG, peer.read(6)[2:]))
            assert event.wait(PATIENCE)
            latencies.append(event.latency)
        assert min(latencies) < 0.03


def test_two_pings_with_the_same_data_cannot_wait() -> None:
    with met() as (connection, peer):
        connection.ping(b"x")
        with pytest.raises(ConcurrencyError):
            connection.ping("x")
        peer.send(frame(FIN | PONG, b"x"))
        wait_until(lambda: not connection._pings)
        connection.ping(b"x")


def test_ack_on_close_sets_the_event_at_the_end() -> None:
    with met() as (connection, peer):
        acked, other = connection.ping(ack_on_close=True), connection.ping()
        peer.socket.close()
        assert acked.wait(PATIENCE)
        assert not other.is_set()


@pytest.mark.parametrize("data", [b"x" * 126, "ä" * 63])
def test_a_long_ping_or_pong_is_refused(data: Any) -> None:
    with met() as (connection, _):
        calls: list[Any] = [connection.ping, connection.pong]
        for call in calls:
            with pytest.raises(InvalidArgument):
                call(data)
            with pytest.raises(TypeError):
                call(5)


def test_a_pong_can_be_unsolicited() -> None:
    with met() as (connection, peer):
        connection.pong()
        connection.pong("hi")
        assert peer.read(6) == echo(FIN | PONG) + echo(FIN | PONG, b"hi")


# Broadcast


def test_a_broadcast_reaches_all_that_are_open_and_waits_for_none() -> None:
    arrived: list[ServerConnection] = []
    done = threading.Event()

    def handler(connection: ServerConnection) -> None:
        arrived.append(connection)
        done.wait(PATIENCE)

    with serving(handler, close_timeout=0.3) as server:
        with raw(server) as slow, raw(server) as quick, raw(server) as gone:
            wait_until(lambda: len(server.connections) == len(arrived) == 3)
            closed = next(
                each for each in arrived if each.remote_address == gone.socket.getsockname()
            )
            gone.send(wire.close(1000))
            gone.socket.close()
            assert closed.wait_closed(PATIENCE)
            assert len(server.connections) == 2
            large, started = bytes(8 * MIB), time.monotonic()
            broadcast(arrived, large)
            assert time.monotonic() - started < 5
            broadcast(server.connections, "small")
            tail = echo(FIN | TEXT, b"small")
            expected = echo(FIN | BINARY, large) + tail
            assert quick.read(len(expected)) == expected
            assert slow.read(len(expected)) == expected
            done.set()


def test_a_broadcast_reports_what_it_cannot_send_to() -> None:
    with met() as (connection, _):
        with pytest.raises(TypeError):
            broadcast([connection], 5)  # type: ignore[arg-type]

        def fragments() -> Iterator[str]:
            yield "a"
            broadcast([connection], "skipped")
            with pytest.raises(Exception) as caught:
                broadcast([connection], "skipped", raise_exceptions=True)
            if sys.version_info < (3, 11):
                assert isinstance(caught.value, InvalidArgument)
            else:
                assert type(caught.value).__name__ == "ExceptionGroup"
                assert "in fragments" in str(getattr(caught.value, "exceptions", ""))
            yield "b"

        connection.send(fragments())
