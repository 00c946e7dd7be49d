"""A process with many clients. It reads its plan, and then a phase with its arguments from each
line; it prints the name of a phase when it is over:

    join      the clients have joined
    open      these have said something, and all have seen something
    talk      these have begun to say something, `each` seconds apart
    hush      they have stopped
    settle    all is acknowledged
    catch_up  each client has the last message of its room
    write     the clients are closed; the file has what they have met
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from client import Client, Figures

AT_ONCE = 40
"""Clients that connect at the same time, at first."""
PAUSE = 0.1


class Worker:
    def __init__(self, plan: dict[str, Any]) -> None:
        self.figures = Figures()
        certificate = plan["certificate"]
        context = ssl.create_default_context(cafile=certificate) if certificate else None
        self.clients = {}
        for number in plan["numbers"]:
            nth, room = divmod(number, plan["rooms"])
            names = f"client-{number:05}", f"room-{room}"
            self.clients[number] = Client(*names, nth, plan["urls"], context, self.figures)
        self._tasks: list[asyncio.Task[None]] = []
        self._talks: list[asyncio.Task[None]] = []

    async def join(self) -> None:
        clients = list(self.clients.values())
        for start in range(0, len(clients), AT_ONCE):
            last = start + AT_ONCE
            self._tasks += [asyncio.create_task(c.run()) for c in clients[start:last]]
            await self._until(partial(_all_joined, clients[:last]), 60)

    async def open(self, numbers: list[int]) -> None:
        for client in self._some(numbers):
            client.say()
        await self._until(lambda: all(client.seen for client in self.clients.values()), 60)

    async def talk(self, numbers: list[int], each: float) -> None:
        for number in set(numbers) & set(self.clients):
            talk = self._talk(self.clients[number], number * 0.618 % 1 * each, each)
            self._talks.append(asyncio.create_task(talk))

    async def _talk(self, client: Client, first: float, each: float) -> None:
        """Says something at fixed times, however late this process is."""
        loop = asyncio.get_running_loop()
        at = loop.time() + first  # not all at once
        while True:
            await asyncio.sleep(at - loop.time())
            client.say()
            at += each

    async def hush(self) -> None:
        for talk in self._talks:
            talk.cancel()

    async def settle(self, seconds: float) -> None:
        await self._until(lambda: not any(c.pending for c in self.clients.values()), seconds)

    async def catch_up(self, ids: dict[str, str], seconds: float) -> None:
        """Waits for the last messages, and then for any that must not come."""
        await self._until(
            lambda: all(c.after == ids[c.room] for c in self.clients.values()), seconds
        )
        await asyncio.sleep(1)

    async def write(self, path: str) -> None:
        await asyncio.gather(*(client.stop() for client in self.clients.values()))
        await asyncio.gather(*self._tasks)
        with open(path, "w") as file:
            json.dump(self._results(), file)

    def _results(self) -> dict[str, Any]:
        figures = self.figures
        return {
            "clients": {
                c.client: {"room": c.room, "seen": c.seen, "acknowledged": c.acknowledged}
                for c in self.clients.values()
            },
            "closed": figures.closed,
            "failed": figures.failed,
            "refused": figures.refused,
            "gaps": figures.gaps,
            "reconnects": figures.reconnects,
            "said_at": list(figures.said_at),
            "latencies": list(figures.latencies),
        }

    def _some(self, numbers: list[int]) -> list[Client]:
        return [self.clients[number] for number in numbers if number in self.clients]

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Waits for it, but not for ever: what is missing shows in the results."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not condition() and loop.time() < deadline:
            for task in filter(asyncio.Task.done, self._tasks):
                task.result()  # a client has failed
            await asyncio.sleep(PAUSE)


def _all_joined(clients: list[Client]) -> bool:
    return all(client.is_joined for client in clients)


async def main() -> None:
    loop = asyncio.get_running_loop()

    async def order() -> dict[str, Any]:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        return json.loads(line) if line else {}

    worker = Worker(await order())
    while phase := await order():
        for name, arguments in phase.items():
            await getattr(worker, name)(**arguments)
            print(name, flush=True)


asyncio.run(main())
