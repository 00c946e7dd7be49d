"""Redis is gone, and returns."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chat_client import ChatClient, Frame, Join, close_code, open_socket
from chat_server import PATIENCE, ChatServer, wait_until
from redis_server import RedisServer, Way, running_redis

Start = Callable[..., ChatServer]

JOIN = {"type": "join", "room": "lobby", "name": "Ann", "client": "client-Ann"}


@pytest.fixture
def way(redis: RedisServer) -> Iterator[Way]:
    way = Way(redis)
    yield way
    way.close()


def is_up(server: ChatServer) -> bool:
    return server.metric("chat_redis_up") == 1


def said_in_the_end(client: ChatClient, seq: int, text: str) -> None:
    """Says it until it is acknowledged."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < deadline, "it is not acknowledged"
        client.say(seq, text)
        frame = client.receive()
        while frame["type"] not in ("ack", "refused"):
            frame = client.receive()
        if frame["type"] == "ack":
            assert frame["seq"] == seq
            return
        time.sleep(0.1)


class OutageChecks:
    def test_clients_stay_while_redis_is_gone(
        self, start: Start, own_redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", own_redis.address)
        ann, bob = join(server, "Ann"), join(server, "Bob")
        ann.said(1, "before")
        own_redis.stop()
        wait_until(lambda: not is_up(server))
        ann.say(2, "meanwhile")
        refused = ann.next("refused")
        assert (refused["seq"], refused["reason"]) == (2, "unavailable")
        assert server.get("/health").status == 200
        own_redis.start()
        wait_until(lambda: is_up(server))
        said_in_the_end(ann, 2, "after")
        assert bob.texts(2) == ["before", "after"]
        assert join(server, "Eve").texts(2) == ["before", "after"]
        assert server.metric("chat_redis_connects_total") >= 2

    def test_a_join_waits_for_redis(
        self, start: Start, own_redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", own_redis.address, "--join-timeout", "20")
        own_redis.stop()
        wait_until(lambda: not is_up(server))
        with open_socket(server) as socket:
            socket.send(json.dumps(JOIN))
            time.sleep(0.5)
            own_redis.start()
            assert json.loads(socket.recv(timeout=10))["type"] == "joined"

    def test_a_join_without_redis_is_closed_with_1013(
        self, start: Start, own_redis: RedisServer
    ) -> None:
        server = start("--redis", own_redis.address, "--join-timeout", "1")
        own_redis.stop()
        wait_until(lambda: not is_up(server))
        with open_socket(server) as socket:
            started = time.monotonic()
            socket.send(json.dumps(JOIN))
            assert close_code(socket) == 1013
            assert time.monotonic() - started < 5

    def test_what_a_server_has_missed_it_passes_on_once(
        self, start: Start, redis: RedisServer, way: Way, join: Join
    ) -> None:
        here = start("--redis", way.address, "--name", "here")
        there = start("--redis", redis.address, "--name", "there", "--burst", "1000")
        ann, bob = join(here, "Ann"), join(there, "Bob")
        bob.said(1, "1")
        assert ann.texts(1) == ["1"]
        way.cut()
        wait_until(lambda: not is_up(here))
        for seq in range(2, 252):
            bob.said(seq, str(seq))
            if seq == 100:
                script = "for i = 1, 250 do redis.call('XADD', KEYS[1], '*', 'other', i) end"
                redis.run("EVAL", script, "1", "chat:{lobby}:log")
        way.restore()
        assert ann.texts(250) == [str(seq) for seq in range(2, 252)]
        bob.said(252, "252")
        assert ann.texts(1) == ["252"]

    def test_clients_are_told_of_messages_that_were_lost_in_an_outage(
        self, start: Start, redis: RedisServer, way: Way, join: Join
    ) -> None:
        here, there = start("--redis", way.address), start("--redis", redis.address)
        ann, bob = join(here, "Ann"), join(there, "Bob")
        seen = bob.said(1)
        assert ann.next("message")["id"] == seen
        way.cut()
        wait_until(lambda: not is_up(here))
        for seq in range(2, 6):
            bob.said(seq, str(seq))
        redis.run("XTRIM", "chat:{lobby}:log", "MAXLEN", "=", "2")
        way.restore()
        assert ann.close_code() == 1013
        again = join(here, "Ann", after=seen)
        assert again.joined["gap"]
        assert again.texts(2) == ["4", "5"]
        bob.said(6, "6")
        assert again.texts(1) == ["6"]

    def test_messages_that_go_while_a_client_reads_them_close_it_with_1013(
        self, start: Start, redis: RedisServer, way: Way, join: Join
    ) -> None:
        here = start("--redis", way.address, "--join-timeout", "20")
        there = start("--redis", redis.address, "--burst", "1000")
        bob = join(there, "Bob")
        seen = bob.said(1)
        for seq in range(2, 502):
            bob.say(seq)
        bob.next("ack", seq=501)
        way.reply_lag = 0.3
        ann = join(here, "Ann", after=seen)
        assert not ann.joined["gap"]
        ann.next("message")
        way.stall()
        redis.run("XTRIM", "chat:{lobby}:log", "MAXLEN", "=", "2")
        way.flow()
        assert ann.close_code() == 1013

    def test_redis_without_what_was_said_begins_anew(
        self, start: Start, own_redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", own_redis.address)
        ann = join(server, "Ann")
        later = f"{int(time.time() * 1000) + 3_600_000}-0"
        own_redis.run("XADD", "chat:{lobby}:log", later, "message", '"text":"future"}')
        seen = ann.said(1, "lost")
        assert ann.texts(1) == ["lost"]
        own_redis.run("FLUSHALL")
        own_redis.stop()
        own_redis.start()
        assert ann.close_code() == 1013
        again = join(server, "Ann", after=seen)
        assert again.joined["gap"]
        again.said(1, "new")
        assert again.texts(1) == ["new"]

    def test_nothing_is_lost_or_repeated_however_often_redis_is_lost(
        self, start: Start, redis: RedisServer, way: Way, join: Join
    ) -> None:
        here = start("--redis", way.address, "--name", "here", "--burst", "1000")
        there = start("--redis", redis.address, "--name", "there", "--burst", "1000")
        ann, bob, eve = join(here, "Ann"), join(there, "Bob"), join(here, "Eve")

        def talk(client: ChatClient) -> None:
            for seq in range(1, 151):
                said_in_the_end(client, seq, f"{client.name} {seq}")
                time.sleep(0.01)

        threads = [threading.Thread(target=talk, args=(client,)) for client in (eve, bob)]
        for thread in threads:
            thread.start()
        for _ in range(4):
            time.sleep(0.3)
            way.cut()
            time.sleep(0.2)
            way.restore()
        for thread in threads:
            thread.join()
        texts = ann.texts(300)
        for name in ("Eve", "Bob"):
            said = [text for text in texts if text.startswith(name)]
            assert said == [f"{name} {seq}" for seq in range(1, 151)]
        assert ann.is_silent()

    def test_who_moves_between_servers_that_lose_redis_misses_nothing(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        ways = [Way(redis) for _ in range(2)]
        options = ("--join-timeout", "30", "--burst", "100000")
        moving = [start("--redis", way.address, *options) for way in ways]
        ann = join(start("--redis", redis.address, *options), "Ann")
        bob = join(moving[0], "Bob")
        source = random.Random(9)
        done = threading.Event()

        def disturb() -> None:
            while not done.is_set():
                way = source.choice(ways)
                way.cut()
                time.sleep(source.uniform(0, 0.1))
                way.restore()
                time.sleep(source.uniform(0.1, 0.3))

        def talk() -> None:
            for seq in range(1, 501):
                ann.said(seq, str(seq))
                time.sleep(0.004)

        threads = [threading.Thread(target=target) for target in (disturb, talk)]
        for thread in threads:
            thread.start()
        seen: list[Frame] = []
        while len(seen) < 500:
            seen += [
                bob.next("message", 30)
                for _ in range(min(source.randrange(1, 60), 500 - len(seen)))
            ]
            bob.close()
            bob = join(source.choice(moving), "Bob", after=seen[-1]["id"])
            assert not bob.joined["gap"]
        done.set()
        for thread in threads:
            thread.join()
        for way in ways:
            way.close()
        assert [frame["text"] for frame in seen] == [str(seq) for seq in range(1, 501)]

    def test_what_is_published_late_is_shown_once(
        self, start: Start, redis: RedisServer, way: Way, join: Join
    ) -> None:
        here = start("--redis", way.address, "--name", "here")
        there = start("--redis", redis.address, "--name", "there", "--burst", "100")
        ann, bob = join(here, "Ann"), join(there, "Bob")
        way.lag = 0.5
        for seq in range(1, 4):
            bob.said(seq, str(seq))
        eve = join(here, "Eve")
        bob.said(4, "4")
        for client in (ann, eve):
            assert client.texts(4) == ["1", "2", "3", "4"]
            assert client.is_silent()

    def test_what_is_published_while_the_missed_is_read_is_not_lost(
        self, start: Start, redis: RedisServer, way: Way, join: Join
    ) -> None:
        here = start("--redis", way.address, "--name", "here")
        there = start("--redis", redis.address, "--name", "there", "--burst", "1000")
        ann, bob = join(here, "Ann"), join(there, "Bob")
        way.cut()
        wait_until(lambda: not is_up(here))
        bob.said(1, "1")
        way.reply_lag = 0.3
        way.restore()
        for seq in range(2, 42):
            bob.said(seq, str(seq))
            time.sleep(0.03)
        way.reply_lag = 0
        assert ann.texts(41) == [str(seq) for seq in range(1, 42)]
        assert ann.is_silent()

    def test_members_are_told_after_an_outage(
        self, start: Start, redis: RedisServer, way: Way, join: Join
    ) -> None:
        here = start("--redis", way.address, "--name", "here")
        there = start("--redis", redis.address, "--name", "there")
        ann, bob = join(here, "Ann"), join(there, "Bob")
        ann.next("enter", client="client-Bob")
        way.cut()
        wait_until(lambda: not is_up(here))
        bob.close()
        join(there, "Eve")
        wait_until(lambda: "client-Bob" not in redis.run("HKEYS", "chat:{lobby}:who"))
        way.restore()
        members = ann.next("members")["members"]
        assert {member["client"] for member in members} == {"client-Ann", "client-Eve"}

    def test_a_connection_to_redis_that_stalls_is_made_anew(
        self, start: Start, redis: RedisServer, way: Way, join: Join
    ) -> None:
        here = start("--redis", way.address, "--name", "here")
        ann = join(here, "Ann")
        ann.said(1)
        way.stall()
        ann.say(2)
        assert ann.next("refused", 20)["reason"] == "unavailable"
        way.cut()
        way.flow()
        way.restore()
        wait_until(lambda: is_up(here))
        said_in_the_end(ann, 2, "still here")
        assert join(here, "Bob").texts(2)[1] == "still here"

    def test_scripts_that_redis_has_forgotten_are_loaded_again(
        self, server: ChatServer, redis: RedisServer, join: Join
    ) -> None:
        ann = join(server, "Ann")
        ann.said(1, "1")
        redis.run("SCRIPT", "FLUSH")
        said_in_the_end(ann, 2, "2")
        assert join(server, "Bob").texts(2) == ["1", "2"]

    def test_redis_may_start_after_the_server(
        self, start: Start, own_redis: RedisServer, join: Join
    ) -> None:
        own_redis.stop()
        thread = threading.Timer(1, own_redis.start)
        thread.start()
        server = start("--redis", own_redis.address)
        thread.join()
        join(server, "Ann").said(1)

    def test_redis_may_have_a_password(self, start: Start, tmp_path: Path, join: Join) -> None:
        with running_redis(tmp_path, "--requirepass", "geheim") as redis:
            server = start("--redis", redis.address, password="geheim")
            join(server, "Ann").said(1)

    def test_redis_may_be_at_a_unix_socket(
        self, start: Start, tmp_path: Path, join: Join
    ) -> None:
        path = tmp_path / "redis.sock"
        with running_redis(tmp_path, "--unixsocket", str(path)):
            server = start("--redis", str(path))
            join(server, "Ann").said(1)

    def test_a_redis_that_cannot_write_any_more_is_left(
        self, start: Start, tmp_path: Path, own_redis: RedisServer, join: Join
    ) -> None:
        way = Way(own_redis)
        server = start("--redis", way.address)
        ann, bob = join(server, "Ann"), join(server, "Bob")
        ann.said(1, "1")
        folder = tmp_path / "other"
        folder.mkdir()
        with running_redis(folder, "--repl-diskless-sync-delay", "0") as other:
            other.run("REPLICAOF", "127.0.0.1", str(own_redis.port))
            wait_until(lambda: other.run("EXISTS", "chat:{lobby}:log") == "1")
            other.run("REPLICAOF", "NO", "ONE")
            way.redis = other  # for new connections
            own_redis.run("REPLICAOF", "127.0.0.1", str(other.port))
            said_in_the_end(ann, 2, "2")
            assert bob.texts(2) == ["1", "2"]
            assert other.run("XLEN", "chat:{lobby}:log") == "2"
        way.close()

    def test_a_full_redis_refuses_messages_and_joins(
        self, start: Start, own_redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", own_redis.address)
        ann, bob = join(server, "Ann"), join(server, "Bob")
        own_redis.run("CONFIG", "SET", "maxmemory", "1")
        ann.say(1, "later")
        assert ann.next("refused")["reason"] == "unavailable"
        with open_socket(server) as socket:
            socket.send(json.dumps({**JOIN, "client": "client-Eve"}))
            assert close_code(socket) == 1013
        bob.close()
        ann.next("leave", client="client-Bob")
        own_redis.run("CONFIG", "SET", "maxmemory", "0")
        said_in_the_end(ann, 1, "later")
        assert join(server, "Eve").texts(1) == ["later"]

    def test_what_is_not_of_the_chat_is_passed_over(
        self, server: ChatServer, redis: RedisServer, join: Join
    ) -> None:
        redis.run("HSET", "chat:{lobby}:who", "client-Odd", "odd entry")
        ann = join(server, "Ann")
        assert ann.members() == {"client-Ann"}
        for published in "", "hello", "{}", '{"type":"joined","room":"lobby"}':
            redis.run("PUBLISH", "chat:{lobby}", published)
        ann.said(1, "next")
        assert ann.texts(1) == ["next"]
        assert {frame["type"] for frame in ann.passed_over} <= {"enter"}

    def test_a_key_of_another_type_disturbs_only_its_room(
        self, server: ChatServer, redis: RedisServer, join: Join
    ) -> None:
        redis.run("SET", "chat:{broken}:log", "x")
        with open_socket(server) as socket, contextlib.suppress(TimeoutError):
            socket.send(json.dumps({**JOIN, "room": "broken"}))
            assert close_code(socket) == 1013
        join(server, "Bob").said(1)
