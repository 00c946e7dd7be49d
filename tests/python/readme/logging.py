from __future__ import annotations

import re
import signal

from programs import PATIENCE, Stage
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect


def check(stage: Stage, server: str) -> None:
    running = stage.serve(server)
    with connect(stage.uri) as peer:
        peer.send("a bug")
        try:
            peer.recv(PATIENCE)
        except ConnectionClosedError:
            assert peer.close_code == 1011
    running.end(signal.SIGINT)
    assert "\nINFO wscodec.server connection open\n" in running.output
    assert re.search(
        r"^ERROR wscodec\.server connection handler failed\nTraceback .*^ValueError: a bug$",
        running.output,
        re.M | re.S,
    )
