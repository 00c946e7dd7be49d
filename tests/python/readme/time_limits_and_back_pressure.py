from __future__ import annotations

import asyncio
import inspect
import re

from programs import Stage
from websockets.asyncio.server import ServerConnection, serve
from wire import ROOT
from wscodec.asyncio import connect
from wscodec.asyncio import serve as our_serve
from wscodec.sync.client import reconnect


def check(stage: Stage, client: str) -> None:
    _check_defaults()

    async def answer(connection: ServerConnection) -> None:
        assert await connection.recv() == "Are you there?"
        await connection.send("I am")

    async def main() -> str:
        async with serve(answer, "127.0.0.1", stage.port):
            return await asyncio.to_thread(stage.run, client)

    assert asyncio.run(main()) == "I am\n"


def _check_defaults() -> None:
    text = (ROOT / "python" / "README.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.M))
    assert len(rows) == 7
    for function in (our_serve, connect, reconnect):
        parameters = inspect.signature(function).parameters
        for name, default in rows.items():
            if name != "write_limit" or function is not reconnect:
                assert parameters[name].default == int(default), (function, name)
