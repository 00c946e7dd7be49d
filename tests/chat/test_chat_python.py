"""The chat's server in Python."""

from __future__ import annotations

import sys

from chat_checks import ChatChecks, way  # noqa: F401
from chat_client import Join
from chat_server import ChatServer


class TestPython(ChatChecks):
    command = (sys.executable, "examples-chat/python")

    def test_messages_are_compressed_if_that_was_agreed(
        self, server: ChatServer, join: Join
    ) -> None:
        """Counted on the wire: wscodec.asyncio does not tell what it has compressed."""
        for name, sizes in (("Ann", range(500)), ("Bob", range(2000, 3000))):
            compression = "deflate" if name == "Ann" else None
            client = join(server, name, name.lower(), compression=compression)
            before = server.metric("chat_sent_bytes_total")
            client.said(1, "x" * 2000)
            assert client.next("message")["text"] == "x" * 2000
            page = len(server.get("/metrics").body) + 300
            sent = server.metric("chat_sent_bytes_total") - before
            assert int(sent) - 2 * page in sizes

    def test_compression_can_be_declined(self, start, redis, join):  # type: ignore[no-untyped-def, override]
        server = start("--redis", redis.address, "--no-compression")
        ann = join(server, "Ann", compression="deflate")
        assert "Sec-WebSocket-Extensions" not in ann.socket.response.headers
