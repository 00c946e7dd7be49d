from __future__ import annotations

from programs import Stage


def check(stage: Stage, server: str, client: str) -> None:
    stage.serve(server)
    assert stage.run(client) == "Hello\nnothing more\n"
