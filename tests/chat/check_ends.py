"""The end of a process: SIGTERM drains it."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable

from chat_client import ChatClient, Join, close_code, open_socket
from chat_server import ChatServer, wait_until
from check_hostile import JOIN
from check_http import refused_with
from check_limits import raw_join
from redis_server import RedisServer
from websockets.exceptions import ConnectionClosed

Start = Callable[..., ChatServer]


class EndChecks:
    def test_for_a_while_only_health_and_new_websockets_are_refused(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address, "--drain-delay", "4", "--drain-seconds", "0")
        ann, bob = join(server, "Ann"), join(server, "Bob")
        server.signal()
        wait_until(lambda: server.get("/health").status == 503, 2)
        assert refused_with(server) == 503
        assert server.get("/metrics").status == 200
        ann.said(1, "still here")
        assert bob.texts(1) == ["still here"]
        bob.join("attic")
        assert ann.close_code() == 1001
        assert bob.close_code() == 1001
        assert server.wait() == 0
        assert redis.run("EXISTS", "chat:{lobby}:who", "chat:{attic}:who") == "0"

    def test_sigint_drains_as_well(self, start: Start, redis: RedisServer, join: Join) -> None:
        server = start("--redis", redis.address, "--drain-delay", "0", "--drain-seconds", "0")
        ann = join(server, "Ann")
        server.signal(signal.SIGINT)
        assert ann.close_code() == 1001
        assert server.wait() == 0

    def test_clients_are_closed_one_after_the_other(
        self, start: Start, redis: RedisServer
    ) -> None:
        server = start("--redis", redis.address, "--drain-delay", "0", "--drain-seconds", "4")
        sockets = [open_socket(server) for _ in range(12)]
        times: list[float] = []

        def wait(index: int) -> None:
            assert close_code(sockets[index]) == 1001
            times.append(time.monotonic())

        threads = [threading.Thread(target=wait, args=(index,)) for index in range(12)]
        for thread in threads:
            thread.start()
        server.signal()
        assert server.wait() == 0
        for thread in threads:
            thread.join()
        assert len(times) == 12
        assert max(times) - min(times) > 0.75

    def test_a_second_signal_ends_the_process_at_once(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address)
        ann = join(server, "Ann")
        server.signal()
        wait_until(lambda: server.get("/health").status == 503)
        server.signal()
        server.wait()
        assert ann.close_code() == 1006

    def test_clients_that_do_not_close_delay_the_end_only_for_a_time(
        self, start: Start, redis: RedisServer
    ) -> None:
        options = ("--drain-delay", "0", "--drain-seconds", "0", "--drain-timeout", "1")
        server = start("--redis", redis.address, *options)
        with raw_join(server, "Ann"):
            wait_until(lambda: server.metric("chat_rooms") >= 1)
            server.signal()
            assert server.wait(3) == 0

    def test_without_clients_the_end_waits_for_the_delay(
        self, start: Start, redis: RedisServer
    ) -> None:
        server = start("--redis", redis.address, "--drain-delay", "3")
        server.signal()
        time.sleep(0.5)
        assert server.get("/health").status == 503
        assert server.wait(6) == 0

    def test_a_process_without_redis_drains(
        self, start: Start, own_redis: RedisServer, join: Join
    ) -> None:
        options = ("--drain-delay", "0", "--drain-seconds", "0")
        server = start("--redis", own_redis.address, *options)
        ann = join(server, "Ann")
        own_redis.stop()
        server.signal()
        assert ann.close_code() == 1001
        assert server.wait() == 0
        own_redis.start()

    def test_who_waits_for_a_room_is_sent_away_at_once(
        self, start: Start, own_redis: RedisServer
    ) -> None:
        options = ("--drain-delay", "0", "--drain-seconds", "0", "--join-timeout", "20")
        server = start("--redis", own_redis.address, *options)
        own_redis.stop()
        wait_until(lambda: server.metric("chat_redis_up") == 0)
        with open_socket(server) as socket:
            socket.send(json.dumps(JOIN))
            time.sleep(0.2)
            server.signal()
            assert close_code(socket) == 1001
        assert server.wait(3) == 0
        own_redis.start()

    def test_what_was_acknowledged_is_stored_and_the_rest_is_said_again(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        limits = ("--redis", redis.address, "--burst", "100000")
        times = ("--drain-delay", "0.3", "--drain-seconds", "0.3")
        ending, other = start(*limits, *times, "--name", "one"), start(*limits, "--name", "two")
        bob = join(other, "Bob")
        ann = join(ending, "Ann")
        acknowledged = set()
        stop = threading.Timer(0.2, ending.signal)
        stop.start()
        seq = 0
        try:
            while True:
                seq += 1
                ann.said(seq, str(seq))
                acknowledged.add(seq)
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            assert closed.rcvd.code == 1001
        assert acknowledged == set(range(1, seq))
        assert ending.wait() == 0
        again = ChatClient(other, "Ann")
        for rest in range(seq, seq + 5):
            again.said(rest, str(rest))
        again.close()
        assert bob.texts(seq + 4) == [str(number) for number in range(1, seq + 5)]
        stop.join()
