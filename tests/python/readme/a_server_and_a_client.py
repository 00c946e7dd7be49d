from __future__ import annotations

from programs import Stage


def check(stage: Stage, server: str, client: str, asyncio_client: str) -> None:
    assert len(server.splitlines()) < 13 and len(client.splitlines()) == 5
    stage.serve(server)
    assert stage.run(client) == "Hello\n"
    assert stage.run(asyncio_client) == "Hello\n"
