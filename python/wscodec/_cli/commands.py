"""The commands of a person at a terminal."""

from __future__ import annotations

import asyncio

from ..asyncio.client import ClientConnection
from ..exceptions import ConnectionClosed
from .output import Output

__all__ = ["Mistake", "run"]

HELP = """\
/ping          send a ping, and report its pong
/pong [TEXT]   send an unsolicited pong
/close [CODE [REASON]]
/binary HEX    send a binary message, e.g. /binary 00ff
//TEXT         send /TEXT
/help          show this text"""


class Mistake(Exception):
    """What is wrong with a command."""


_tasks: set[asyncio.Task[None]] = set()
"""Those that wait for pongs."""


async def run(line: str, connection: ClientConnection, output: Output) -> bool:
    """Runs a command. Returns whether it closed the connection.

    Raises Mistake, and what the methods of the connection raise.
    """
    command, _, argument = line.partition(" ")
    if command == "/ping":
        await _ping(connection, output)
    elif command == "/pong":
        await connection.pong(argument)
    elif command == "/binary":
        try:
            data = bytes.fromhex(argument)
        except ValueError:
            raise Mistake("not hexadecimal digits") from None
        await connection.send(data)
    elif command == "/close":
        await _close(connection, argument)
        return True
    elif command == "/help":
        output.note(HELP, "\n")
    else:
        raise Mistake("unknown command (see /help; //TEXT sends /TEXT)")
    return False


async def _ping(connection: ClientConnection, output: Output) -> None:
    pong = await connection.ping()
    output.note("ping sent")

    async def report() -> None:
        try:
            output.note(f"pong received after {await pong * 1000:.1f} ms")
        except ConnectionClosed:
            pass

    task = asyncio.ensure_future(report())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _close(connection: ClientConnection, argument: str) -> None:
    code, _, reason = argument.partition(" ")
    if code and not (code.isascii() and code.isdigit()):
        raise Mistake("not a valid code")
    await connection.close(int(code or 1000), reason)
