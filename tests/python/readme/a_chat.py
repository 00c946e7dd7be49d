from __future__ import annotations

from programs import PATIENCE, Stage
from websockets.sync.client import connect


def check(stage: Stage, server: str) -> None:
    stage.serve(server)
    with connect(stage.uri) as one, connect(stage.uri) as other:
        one.send("from one")
        assert other.recv(PATIENCE) == one.recv(PATIENCE) == "from one"
        other.send(b"from other")
        assert other.recv(PATIENCE) == one.recv(PATIENCE) == b"from other"
