"""The chat's server in C."""

from __future__ import annotations

from collections.abc import Callable

from chat_checks import ChatChecks, way  # noqa: F401
from chat_client import Join
from chat_server import ChatServer, wait_until
from check_ends import EndChecks
from check_joins import JoinChecks
from check_limits import LimitChecks
from check_outages import OutageChecks
from redis_server import RedisServer, Way

Start = Callable[..., ChatServer]

SERVER = "examples-chat/c/chat_server"


class TestOneThread(ChatChecks):
    command = (SERVER, "--threads", "1")

    def test_a_room_that_stays_empty_is_given_up_and_can_be_joined_again_at_once(
        self,
        start: Start,
        redis: RedisServer,
        way: Way,  # noqa: F811
        join: Join,
    ) -> None:
        server = start("--redis", way.address)
        ann = join(server, "Ann")
        ann.join("attic")
        assert redis.run("PUBSUB", "NUMSUB", "chat:{lobby}").split()[1] == "1"
        way.lag = 1
        wait_until(lambda: redis.run("PUBSUB", "NUMSUB", "chat:{lobby}").split()[1] == "0", 15)
        ann.join("lobby")
        ann.said(1)
        ann.texts(1)
        wait_until(lambda: server.metric("chat_rooms") == 2)


class TestThreads(JoinChecks, LimitChecks, OutageChecks, EndChecks):
    """What concerns clients that are in different threads."""

    command = (SERVER, "--threads", "3")
