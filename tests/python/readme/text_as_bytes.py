from __future__ import annotations

from programs import PATIENCE, Stage
from websockets.sync.client import connect

NEEDS = ("orjson",)


def check(stage: Stage, server: str) -> None:
    stage.serve(server)
    with connect(stage.uri) as peer:
        peer.send("[1, 2, 39]")
        assert peer.recv(PATIENCE) == '{"sum":42}'
        peer.send(b'"\xff"', text=True)
        assert peer.close_code is None
        try:
            peer.recv(PATIENCE)
        except Exception:
            assert peer.close_code == 1007
