"""The chat's server in Python."""

from __future__ import annotations

import sys
from collections.abc import Callable

from chat_checks import ChatChecks, way  # noqa: F401
from chat_client import Join
from chat_server import ChatServer, wait_until
from redis_server import RedisServer, Way

Start = Callable[..., ChatServer]


class TestPython(ChatChecks):
    command = (sys.executable, "examples-chat/python")

    # These two count bytes on the wire: wscodec.asyncio does not tell what it has compressed.

    def test_messages_are_compressed_if_that_was_agreed(
        self, server: ChatServer, join: Join
    ) -> None:
        for name, compression in ("Ann", "deflate"), ("Bob", None):
            client = join(server, name, name.lower(), compression=compression)
            before = server.metric("chat_sent_bytes_total")
            client.said(1, "x" * 2000)
            assert client.next("message")["text"] == "x" * 2000
            pages = 2 * len(server.get("/metrics").body)
            sent = server.metric("chat_sent_bytes_total") - before - pages
            assert (sent < 1000) is (name == "Ann")

    def test_compression_can_be_declined(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address, "--no-compression")
        ann = join(server, "Ann", compression="deflate")
        assert ann.socket.response is not None
        assert "Sec-WebSocket-Extensions" not in ann.socket.response.headers
