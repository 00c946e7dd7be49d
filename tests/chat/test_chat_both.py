"""A server in C and one in Python that share a Redis: their clients notice no difference."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from chat_client import ChatClient, Join, order
from chat_server import ROOT, ChatServer
from redis_server import RedisServer

IN_C = ("examples-chat/c/chat_server",)
IN_PYTHON = (sys.executable, "examples-chat/python")
COUNT = 100

pytestmark = pytest.mark.skipif(
    not (ROOT / IN_C[0]).exists(), reason=f"{IN_C[0]} was not built"
)


@pytest.fixture
def servers(redis: RedisServer) -> Iterator[list[ChatServer]]:
    options = ("--redis", redis.address, "--burst", "1000")
    both = [ChatServer(command, *options) for command in (IN_C, IN_PYTHON)]
    for server in both:
        server.wait_for_redis()
    yield both
    for server in both:
        server.end()


def talk(client: ChatClient) -> None:
    for seq in range(1, COUNT + 1):
        client.said(seq, f"{client.name} {seq}")


def test_all_see_the_same_messages_in_the_same_order(
    servers: list[ChatServer], join: Join
) -> None:
    speakers = [join(server, f"Speaker-{number}") for number, server in enumerate(servers)]
    listeners = [join(server, f"Listener-{number}") for number, server in enumerate(servers)]
    threads = [threading.Thread(target=talk, args=(each,)) for each in speakers]
    for thread in threads:
        thread.start()
    seen = [each.texts(2 * COUNT) for each in listeners]
    for thread in threads:
        thread.join()
    assert seen[0] == seen[1]
    for speaker in speakers:
        said = [text for text in seen[0] if text.startswith(speaker.name)]
        assert said == [f"{speaker.name} {seq}" for seq in range(1, COUNT + 1)]


def test_members_are_the_same_and_move_without_leaving(
    servers: list[ChatServer], join: Join
) -> None:
    in_c, in_python = servers
    ann, bob = join(in_c, "Ann"), join(in_python, "Bob")
    assert bob.members() == {"client-Ann", "client-Bob"}
    ann.next("enter", client="client-Bob")
    for here, there in ((in_c, in_python), (in_python, in_c)):
        watcher = join(here, "Eve")
        old = join(there, "Mover")
        watcher.next("enter", client="client-Mover")
        new = join(here, "Mover")
        old.close()
        assert watcher.is_silent("leave")
        new.close()
        watcher.next("leave", client="client-Mover")
        watcher.close()


def test_a_client_goes_on_at_the_other_server_where_it_was(
    servers: list[ChatServer], join: Join
) -> None:
    ann = join(servers[0], "Ann")
    bob = join(servers[1], "Bob")
    thread = threading.Thread(target=talk, args=(ann,))
    thread.start()
    seen = [bob.next("message")]
    while len(seen) < COUNT:
        bob.close()
        bob = join(servers[len(seen) % 2], "Bob", after=seen[-1]["id"])
        assert not bob.joined["gap"]
        seen += [bob.next("message") for _ in range(min(11, COUNT - len(seen)))]
    thread.join()
    assert [each["text"] for each in seen] == [f"Ann {seq}" for seq in range(1, COUNT + 1)]
    ids = [order(each["id"]) for each in seen]
    assert ids == sorted(set(ids))


def test_what_was_said_is_known_to_the_other_server(
    servers: list[ChatServer], join: Join
) -> None:
    first = join(servers[0], "Ann").said(5, "once")
    again = join(servers[1], "Ann")
    assert again.said(5, "once") == first
    assert again.said(6, "more") != first
