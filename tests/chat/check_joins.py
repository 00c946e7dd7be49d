"""Rooms, members and history."""

from __future__ import annotations

import threading
from collections.abc import Callable

from chat_client import ChatClient, Join, order
from chat_server import ChatServer, wait_until
from redis_server import RedisServer

Start = Callable[..., ChatServer]


def talk(client: ChatClient, first: int, last: int) -> None:
    """Says the numbers, one after the other."""
    for seq in range(first, last + 1):
        client.said(seq, str(seq))


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


class JoinChecks:
    def test_joined_names_the_room_its_members_and_the_server(
        self, server: ChatServer, join: Join
    ) -> None:
        join(server, "Ann")
        bob = join(server, "Bob")
        assert bob.joined == {
            "type": "joined",
            "room": "lobby",
            "members": bob.joined["members"],
            "server": "one",
            "gap": False,
        }
        assert sorted(bob.joined["members"], key=lambda member: str(member["name"])) == [
            {"client": "client-Ann", "name": "Ann"},
            {"client": "client-Bob", "name": "Bob"},
        ]

    def test_who_comes_and_goes_is_told_to_the_others(
        self, server: ChatServer, join: Join
    ) -> None:
        ann = join(server, "Ann")
        bob = join(server, "Bob")
        assert ann.next("enter", client="client-Bob")["name"] == "Bob"
        bob.close()
        assert ann.next("leave") == {"type": "leave", "client": "client-Bob", "name": "Bob"}

    def test_a_connection_that_is_lost_leaves(self, server: ChatServer, join: Join) -> None:
        ann, bob = join(server, "Ann"), join(server, "Bob")
        bob.socket.socket.close()
        ann.next("leave", client="client-Bob")

    def test_joining_another_room_leaves_the_one_before(
        self, server: ChatServer, join: Join
    ) -> None:
        ann, bob, eve = join(server, "Ann"), join(server, "Bob"), join(server, "Eve", "attic")
        bob.join("attic")
        ann.next("leave", client="client-Bob")
        eve.next("enter", client="client-Bob")
        ann.said(1)
        assert bob.is_silent()

    def test_joining_the_same_room_again_starts_anew_without_leaving(
        self, server: ChatServer, join: Join
    ) -> None:
        ann, bob = join(server, "Ann"), join(server, "Bob")
        ann.said(1, "before")
        bob.join("lobby")
        assert bob.texts(1) == ["before"]
        assert ann.is_silent("leave")

    def test_a_client_leaves_though_it_is_joining_again(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address, "--burst", "2", "--rate", "1")
        ann, bob = join(server, "Ann"), join(server, "Bob")
        for _ in range(5):
            bob.send_join("lobby")
        bob.socket.socket.close()
        ann.next("leave", client="client-Bob")

    def test_a_newer_connection_of_a_client_keeps_it_in_the_room(
        self, server: ChatServer, join: Join
    ) -> None:
        ann, old = join(server, "Ann"), join(server, "Bob")
        ann.next("enter", client="client-Bob")
        join(server, "Bob")
        old.close()
        assert ann.is_silent("leave")

    def test_rooms_are_separate(self, server: ChatServer, join: Join) -> None:
        ann, bob = join(server, "Ann", "one"), join(server, "Bob", "two")
        ann.said(1)
        assert bob.is_silent()
        assert bob.members() == {"client-Bob"}

    def test_a_new_client_gets_the_last_50_messages(
        self, server: ChatServer, join: Join
    ) -> None:
        ann = join(server, "Ann")
        talk(ann, 1, 60)
        bob = join(server, "Bob")
        assert bob.texts(50) == numbers(11, 60)
        assert bob.is_silent()

    def test_a_client_that_returns_gets_all_that_it_has_missed(
        self, server: ChatServer, join: Join
    ) -> None:
        ann = join(server, "Ann")
        seen = ann.said(1, "1")
        talk(ann, 2, 351)
        bob = join(server, "Bob", after=seen)
        assert bob.texts(350) == numbers(2, 351)
        assert not bob.joined["gap"]
        assert bob.is_silent()

    def test_a_client_that_has_missed_nothing_gets_nothing(
        self, server: ChatServer, join: Join
    ) -> None:
        ann = join(server, "Ann")
        seen = ann.said(1)
        bob = join(server, "Bob", after=seen)
        assert not bob.joined["gap"]
        assert bob.is_silent()

    def test_messages_that_are_no_longer_stored_are_a_gap(
        self, server: ChatServer, join: Join, redis: RedisServer
    ) -> None:
        ann = join(server, "Ann")
        seen = ann.said(1)
        talk(ann, 2, 10)
        redis.run("XTRIM", "chat:{lobby}:log", "MAXLEN", "=", "3")
        bob = join(server, "Bob", after=seen)
        assert bob.joined["gap"]
        assert bob.texts(3) == numbers(8, 10)

    def test_entries_that_are_no_messages_are_passed_over(
        self, server: ChatServer, join: Join, redis: RedisServer
    ) -> None:
        ann = join(server, "Ann")
        seen = ann.said(1)
        script = "for i = 1, 250 do redis.call('XADD', KEYS[1], '*', 'other', i) end"
        redis.run("EVAL", script, "1", "chat:{lobby}:log")
        ann.said(2, "after them")
        assert join(server, "Bob", after=seen).texts(1) == ["after them"]

    def test_an_invented_after_changes_nothing_for_others(
        self, server: ChatServer, join: Join
    ) -> None:
        eve = join(server, "Eve", after="18446744073709551615-18446744073709551615")
        ann = join(server, "Ann")
        ann.said(1, "still here")
        assert ann.texts(1) == ["still here"]
        eve.close()

    def test_who_joins_while_others_talk_gets_each_message_once(
        self, server: ChatServer, join: Join
    ) -> None:
        ann = join(server, "Ann")
        thread = threading.Thread(target=talk, args=(ann, 1, 400))
        thread.start()
        for number in range(12):
            bob = join(server, f"Bob{number}")
            first = int(bob.texts(1)[0])
            assert bob.texts(20) == numbers(first + 1, first + 20)
            bob.close()
        thread.join()

    def test_clients_of_two_servers_see_the_same(
        self, start: Start, server: ChatServer, redis: RedisServer, join: Join
    ) -> None:
        other = start("--redis", redis.address, "--name", "two")
        ann, bob = join(server, "Ann"), join(other, "Bob")
        assert bob.joined["server"] == "two"
        assert bob.members() == {"client-Ann", "client-Bob"}
        ann.next("enter", client="client-Bob")
        ann.said(1, "from one")
        bob.said(1, "from two")
        assert ann.texts(2) == bob.texts(2) == ["from one", "from two"]
        bob.close()
        ann.next("leave", client="client-Bob")

    def test_a_client_goes_on_at_another_server_where_it_was(
        self, start: Start, server: ChatServer, redis: RedisServer, join: Join
    ) -> None:
        other = start("--redis", redis.address, "--name", "two")
        ann, bob = join(server, "Ann"), join(server, "Bob")
        thread = threading.Thread(target=talk, args=(ann, 1, 300))
        thread.start()
        seen, last = [bob.next("message")], 0
        for number in range(6):
            seen += [bob.next("message") for _ in range(30)]
            bob.close()
            at = (server, other)[number % 2]
            bob = join(at, "Bob", after=seen[-1]["id"])
            last = int(seen[-1]["text"])
        seen += [bob.next("message") for _ in range(300 - last)]
        thread.join()
        assert [frame["text"] for frame in seen] == numbers(1, 300)
        assert [order(frame["id"]) for frame in seen] == sorted(
            order(frame["id"]) for frame in seen
        )

    def test_all_clients_are_members_however_fast_they_come(
        self, server: ChatServer, join: Join
    ) -> None:
        clients: list[ChatClient] = []
        threads = [
            threading.Thread(target=lambda n=n: clients.append(join(server, f"Bob{n}")))
            for n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        everybody = {f"client-Bob{n}" for n in range(20)}
        for client in clients:
            known = client.members()
            while known < everybody:
                known.add(client.next("enter")["client"])
            assert known == everybody

    def test_the_members_of_a_killed_process_leave(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        options = ("--redis", redis.address, "--presence-seconds", "3")
        dying, other = start(*options, "--name", "one"), start(*options, "--name", "two")
        join(dying, "Ann")
        bob = join(other, "Bob")
        assert bob.members() == {"client-Ann", "client-Bob"}
        dying.process.kill()
        assert bob.next("leave")["client"] == "client-Ann"
        assert join(other, "Eve").members() == {"client-Bob", "client-Eve"}

    def test_members_stay_longer_than_their_time(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address, "--presence-seconds", "6")
        ann = join(server, "Ann")
        join(server, "Bob")
        assert ann.is_silent("leave", 7.2)

    def test_who_has_expired_is_no_member_when_somebody_joins(
        self, server: ChatServer, redis: RedisServer, join: Join
    ) -> None:
        member = '{"client":"client-Dead","name":"Dead"}'
        redis.run("HSET", "chat:{lobby}:who", "client-Dead", f"dead/1 {member}")
        redis.run("ZADD", "chat:{lobby}:here", "1", "client-Dead")
        assert join(server, "Ann").members() == {"client-Ann"}

    def test_another_name_is_told_to_the_others(self, server: ChatServer, join: Join) -> None:
        ann, bob = join(server, "Ann"), join(server, "Bob")
        bob.name = "Robert"
        bob.join("lobby")
        assert ann.next("enter", name="Robert")["client"] == "client-Bob"

    def test_two_connections_of_a_client_disturb_nobody(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address, "--presence-seconds", "3")
        ann, old = join(server, "Ann"), join(server, "Bob")
        ann.next("enter", client="client-Bob")
        new = join(server, "Bob")
        assert ann.is_silent("members", 2.5)
        new.close()
        ann.next("leave", client="client-Bob")
        ann.next("enter", client="client-Bob")  # the old connection is still here
        assert old.socket.state.name == "OPEN"

    def test_nothing_is_kept_for_ever(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address, "--presence-seconds", "3")
        ann = join(server, "Ann")
        ann.said(1)
        for key in redis.run("KEYS", "chat:*").split():
            assert int(redis.run("TTL", key)) > 3600, key
        for key in "chat:{lobby}:who", "chat:{lobby}:here":
            redis.run("EXPIRE", key, "5")
            wait_until(lambda key=key: int(redis.run("TTL", key)) > 3600)  # type: ignore[misc]
        ann.close()
        wait_until(lambda: redis.run("EXISTS", "chat:{lobby}:who", "chat:{lobby}:here") == "0")

    def test_members_that_redis_has_lost_return(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address, "--presence-seconds", "3")
        join(server, "Ann")
        redis.run("FLUSHALL")
        wait_until(lambda: redis.run("HLEN", "chat:{lobby}:who") == "1")
