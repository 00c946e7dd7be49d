"""The program for the type checkers also works."""

from __future__ import annotations

import asyncio
import json

import pytest
import typed_chat
from typed_chat import Room
from wscodec.asyncio import InvalidStatus, Server, connect


def url(server: Server, path: str = "/chat") -> str:
    return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}{path}"


def test_clients_hear_each_other() -> None:
    async def run() -> None:
        room = Room()
        async with await typed_chat.start(room) as server:
            alone = await typed_chat.whole_talk(url(server), "Ada", ["one", "two"])
            assert [json.loads(line) for line in alone] == [
                {"name": "Ada", "text": "one"},
                {"name": "Ada", "text": "two"},
            ]
            assert room.said == 2
            async with connect(url(server)) as other:
                await typed_chat.whole_talk(url(server), "Ben", ["three"])
                assert json.loads(await other.recv()) == {"name": "Ben", "text": "three"}
                assert other.response and other.response.headers["X-Room"] == "/chat"
            with pytest.raises(InvalidStatus) as caught:
                await typed_chat.whole_talk(url(server, "/other"), "Ada", [])
            assert caught.value.response.status == 404

    asyncio.run(run())


def test_the_server_with_callbacks_replies_to_a_client_in_a_thread() -> None:
    async def run() -> None:
        room = Room()
        async with await typed_chat.start_callbacks(room) as server:
            assert await asyncio.to_thread(typed_chat.ask, url(server), "hi") == "hi"
        assert room.said == 1

    asyncio.run(run())
