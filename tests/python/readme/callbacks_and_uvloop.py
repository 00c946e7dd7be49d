from __future__ import annotations

from programs import PATIENCE, Stage
from websockets.sync.client import connect

NEEDS = ("uvloop",)


def check(stage: Stage, server: str) -> None:
    stage.serve(server)
    with connect(stage.uri) as peer:
        assert peer.recv(PATIENCE) == "Welcome"
        for message in ("Hello", b"\0" * 100_000):
            peer.send(message)
            assert peer.recv(PATIENCE) == message
