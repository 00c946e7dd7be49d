"""Every interleaving of joins, messages and outages: each client of the server in Python gets
each message once, and in order. Redis is played by a list here, with random delays."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import deque
from collections.abc import Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples-chat" / "python"))

from wschat.conversation import Conversation  # noqa: E402
from wschat.metrics import Metrics  # noqa: E402
from wschat.protocol import NONE, Id, Join, stored  # noqa: E402
from wschat.rooms import Rooms  # noqa: E402
from wschat.store import Address  # noqa: E402

ROOM = "lobby"
MESSAGES = 60
PAGE = 3


class Redis:
    """The Store and the Feed of a process. All processes of a test share the stream."""

    def __init__(self, chance: random.Random, stream: list[tuple[Id, bytes]]) -> None:
        self.chance, self.stream = chance, stream
        self.commands: deque[str] | None = None  # None: not connected
        self.replies: deque[tuple[str, bytes]] = deque()
        self.is_subscribed = False

    async def pause(self) -> None:
        for _ in range(self.chance.randrange(5)):
            await asyncio.sleep(0)

    def publish(self, data: bytes) -> None:
        if self.is_subscribed:
            self.replies.append(("message", data))

    # The Store

    async def newest(self, room: str) -> Id:
        await self.pause()
        newest = self.stream[-1][0] if self.stream else NONE
        await self.pause()
        return newest

    async def last(self, room: str, count: int, until: Id) -> list[tuple[Id, bytes]]:
        await self.pause()
        found = [entry for entry in self.stream if entry[0] <= until][-count:]
        await self.pause()
        return found

    async def after(
        self, room: str, after: Id, until: Id | None
    ) -> tuple[bool, list[tuple[Id, bytes]]]:
        await self.pause()
        found = [
            entry
            for entry in self.stream
            if entry[0] >= after and (until is None or entry[0] <= until)
        ][:PAGE]
        await self.pause()
        if found and found[0][0] == after:
            return True, found[1:]
        return False, found

    async def enter(self, join: Join, connection: str, *, again: bool = False) -> None:
        await self.pause()

    async def leave(self, join: Join, connection: str) -> None:
        await self.pause()

    async def sweep(self, room: str) -> None:
        await self.pause()

    async def members(self, room: str) -> dict[str, bytes]:
        await self.pause()
        return {}

    # The Feed

    def subscribe(self, room: str) -> None:
        if self.commands is not None:
            self.commands.append("SUBSCRIBE")

    def unsubscribe(self, room: str) -> None:
        if self.commands is not None:
            self.commands.append("UNSUBSCRIBE")

    async def feed(self, rooms: Rooms) -> None:
        """Connects again and again. Each connection is lost after some events."""
        while True:
            self.commands = deque("SUBSCRIBE" for _ in rooms.wanted())
            for _ in range(self.chance.randrange(5, 80)):
                await self.pause()
                await asyncio.sleep(0)
                if self.commands and self.chance.random() < 0.3:
                    self.execute(self.commands.popleft())
                elif self.replies:
                    await self.reply(rooms, *self.replies.popleft())
            self.commands, self.is_subscribed = None, False
            self.replies.clear()
            rooms.lost()
            await self.pause()

    def execute(self, command: str) -> None:
        self.is_subscribed = command == "SUBSCRIBE"
        if self.is_subscribed:
            self.replies.append(("subscribed", b""))

    async def reply(self, rooms: Rooms, kind: str, data: bytes) -> None:
        if kind == "message":
            rooms.published(ROOM, data)
        else:
            await rooms.subscribed(ROOM)


class Client:
    """A connection, and what it has got."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.name, self.chance = f"{number}", chance
        self.got: list[int] = []

    async def pause(self, most: int) -> None:
        for _ in range(self.chance.randrange(most)):
            await asyncio.sleep(0)

    def tell(self, data: bytes) -> None:
        message = json.loads(data)
        if message["type"] == "message":
            self.got.append(int(message["text"]))
        elif message["type"] == "joined":
            assert not message["gap"]

    async def drain(self) -> None:
        await self.pause(5)

    async def wait_closed(self) -> None:
        await asyncio.Event().wait()

    def facts(self) -> dict[str, Any]:
        return {}

    def close_nowait(self, code: int, reason: str) -> None:
        raise AssertionError(reason)

    async def listen(self, processes: list[Any]) -> None:
        """Joins and leaves, and joins again elsewhere after what it has got."""
        for _ in range(4):
            await self.pause(30)
            await self.come_and_go(self.chance.choice(processes), stays=False)
        await self.come_and_go(self.chance.choice(processes), stays=True)

    async def come_and_go(self, process: Any, *, stays: bool) -> None:
        after = Id(self.got[-1], 0) if self.got else None
        conversation = Conversation(process, self)  # type: ignore[arg-type]
        await conversation._enter(Join(ROOM, self.name, f"client-{self.name}", after))
        while stays and (not self.got or self.got[-1] < MESSAGES):
            await asyncio.sleep(0)
        await self.pause(30)
        await conversation._leave()


def send(connections: Collection[Any], data: bytes) -> None:
    for connection in connections:
        connection.tell(data)


def process(redis: Redis) -> Any:
    """A process, with all that a Conversation needs of it."""
    options = SimpleNamespace(rate=5, burst=20, join_timeout=30)
    made = SimpleNamespace(name="one", options=options, metrics=Metrics(), store=redis)
    made.rooms = Rooms(Address(), redis, made.metrics, send)  # type: ignore[arg-type]
    made.rooms.feed = redis
    return made


async def speak(redises: list[Redis], chance: random.Random) -> None:
    for number in range(1, MESSAGES + 1):
        id, message = Id(number, 0), b'"text":"%d"}' % number
        redises[0].stream.append((id, message))
        for redis in redises:
            redis.publish(stored(id, message))
        for _ in range(chance.randrange(20)):
            await asyncio.sleep(0)


async def play(seed: int) -> list[Client]:
    chance = random.Random(seed)
    stream: list[tuple[Id, bytes]] = []
    redises = [Redis(chance, stream) for _ in range(2)]
    processes = [process(redis) for redis in redises]
    clients = [Client(number, chance) for number in range(4)]
    feeds = [asyncio.create_task(each.store.feed(each.rooms)) for each in processes]
    await asyncio.gather(speak(redises, chance), *(each.listen(processes) for each in clients))
    for feed in feeds:
        feed.cancel()
    return clients


@pytest.mark.parametrize("seed", range(150))
def test_each_client_gets_each_message_once(seed: int) -> None:
    clients = asyncio.run(asyncio.wait_for(play(seed), 30))
    assert all(client.got for client in clients)
    for client in clients:
        assert client.got == list(range(client.got[0], MESSAGES + 1))
