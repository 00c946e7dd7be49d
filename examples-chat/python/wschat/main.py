"""The process: from its options to its exit status."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Sequence

from . import logs, options, presence
from .draining import drain
from .options import Options
from .server import Chat


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the server. Exits with 0 when it is drained, with 1 after a second
    signal or if it cannot listen, with 2 for invalid options."""
    given = options.parse(arguments)
    _raise_limit()
    logs.set_up(verbose=given.verbose, as_json=given.json)
    try:
        page = given.page.read_bytes() if given.page else None
        asyncio.run(_run(given, page))
    except OSError as error:
        sys.exit(f"chat: {error}")


def _raise_limit() -> None:
    """Each connection takes a descriptor."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _run(given: Options, page: bytes | None) -> None:
    first = asyncio.Event()
    _on_signals(first)
    chat = Chat(given, page)
    server = await chat.serve()
    host, port = server.sockets[0].getsockname()[:2]
    tasks = [
        asyncio.ensure_future(each)
        for each in (chat.rooms.feed.run(), presence.keep(chat.rooms, chat.store))
    ]
    print(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    await first.wait()
    await drain(chat, server)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await chat.store.close()


def _on_signals(first: asyncio.Event) -> None:
    """Sets the event at the first signal, and ends the process at the second one."""

    def stop() -> None:
        if first.is_set():
            os._exit(1)
        first.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
