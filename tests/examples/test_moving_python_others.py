"""The programs of docs/moving-python.md that use aiohttp and websocket-client do the same as
those that replace them."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest
from programs import programs, stage
from wire import ROOT

PAGE = ROOT / "docs" / "moving-python.md"
BEFORE = programs(PAGE, "python before")
AFTER = programs(PAGE)
SERVERS = [*BEFORE["an-aiohttp-server"], *AFTER["an-aiohttp-server"]]
IDS = ["before", "after"]

ECHO = """
import asyncio
from websockets.asyncio.server import serve

async def echo(connection):
    async for message in connection:
        await connection.send(message)

async def main():
    async with serve(echo, "127.0.0.1", 8765) as server:
        await server.serve_forever()

asyncio.run(main())
"""


def both(section: str) -> list[str]:
    """The program before and the one after."""
    (before,), (after,) = BEFORE[section], AFTER[section]
    return [before, after]


def test_each_program_has_one_that_replaces_it() -> None:
    assert set(BEFORE) == set(AFTER)
    assert len(BEFORE) == 4


@pytest.mark.parametrize("client", both("an-aiohttp-client"), ids=IDS)
@pytest.mark.parametrize("server", both("an-aiohttp-server"), ids=IDS)
def test_servers_and_clients_of_aiohttp_are_replaced(
    server: str, client: str, tmp_path: Path
) -> None:
    with stage(tmp_path) as running:
        running.serve(server)
        assert running.run(client) == "{'say': 'Hello'}\nb'bye'\n404\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/health") as page:
            assert (page.status, page.read()) == (200, b"OK\n")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{running.port}/other")


@pytest.mark.parametrize("program", both("a-websocket-client-connection"), ids=IDS)
def test_a_connection_of_websocket_client_is_replaced(program: str, tmp_path: Path) -> None:
    with stage(tmp_path) as running:
        running.serve(ECHO)
        assert running.run(program) == "Hello\nb'bytes'\nsilence\n"


@pytest.mark.parametrize("program", both("a-websocketapp"), ids=IDS)
def test_a_websocketapp_is_replaced(program: str, tmp_path: Path) -> None:
    with stage(tmp_path) as running:
        assert running.run(program).startswith("failed: ")
        running.serve(ECHO)
        assert running.run(program) == "Hello\nclosed\n"
