"""The process: from its options to its exit status."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Any

from . import logs, options, presence
from .draining import drain
from .options import Options
from .server import Chat


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the server. Exits with 0 after a signal, 1 if it cannot listen, 2 for options."""
    given = options.parse(arguments)
    logs.set_up(verbose=given.verbose, as_json=given.json)
    try:
        page = given.page.read_bytes() if given.page else None
        asyncio.run(_run(given, page))
    except OSError as error:
        sys.exit(f"chat: {error}")


async def _run(given: Options, page: bytes | None) -> None:
    first, second = asyncio.Event(), asyncio.Event()
    _on_signals(first, second)
    chat = Chat(given, page)
    server = await chat.serve()
    host, port = server.sockets[0].getsockname()[:2]
    tasks = [
        asyncio.ensure_future(each)
        for each in (chat.rooms.feed.run(), presence.keep(chat.rooms, chat.store))
    ]
    print(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    await first.wait()
    await _first_of(drain(chat, server), second.wait())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await chat.store.close()


def _on_signals(first: asyncio.Event, second: asyncio.Event) -> None:
    """Sets an event at the first signal, and another one at the second."""

    def stop() -> None:
        (second if first.is_set() else first).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


async def _first_of(*coroutines: Any) -> None:
    """Waits until one of them has ended, and cancels the others."""
    tasks = [asyncio.ensure_future(each) for each in coroutines]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    for task in done:
        task.result()
