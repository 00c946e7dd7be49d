"""The chat's server in C."""

from __future__ import annotations

from chat_checks import ChatChecks, way  # noqa: F401
from chat_client import Join
from chat_server import ChatServer, wait_until
from redis_server import RedisServer

SERVER = "examples-chat/c/chat_server"


class TestOneThread(ChatChecks):
    command = (SERVER, "--threads", "1")

    def test_a_room_that_stays_empty_is_given_up(
        self, server: ChatServer, redis: RedisServer, join: Join
    ) -> None:
        ann = join(server, "Ann")
        for turn in (1, 2):
            ann.join("attic")
            assert redis.run("PUBSUB", "NUMSUB", "chat:{lobby}").split()[1] == "1"
            wait_until(lambda: server.metric("chat_rooms") == 1, 15)
            assert redis.run("PUBSUB", "NUMSUB", "chat:{lobby}").split()[1] == "0"
            ann.join("lobby")
            ann.said(turn)
            ann.texts(1)


class TestThreads(ChatChecks):
    command = (SERVER, "--threads", "3")
