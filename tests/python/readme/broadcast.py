from __future__ import annotations

from programs import PATIENCE, Stage
from websockets.sync.client import connect


def check(stage: Stage, server: str) -> None:
    stage.serve(server)
    with connect(stage.uri) as one, connect(stage.uri) as other:
        first = one.recv(PATIENCE)
        assert isinstance(first, str) and first.startswith("tick ")
        number = int(first[5:])
        assert one.recv(PATIENCE) == f"tick {number + 1}"
        while (received := other.recv(PATIENCE)) != f"tick {number + 1}":
            assert received == first
        for _ in range(100):  # more than the queue of the server
            one.send("ignored")
        one.close()
        assert one.close_code == 1000
