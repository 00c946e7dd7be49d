from __future__ import annotations

import signal

from programs import PATIENCE, Stage
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect


def check(stage: Stage, server: str, client: str) -> None:
    running = stage.serve(server)
    assert stage.run(client) == "Hello\n"
    assert running.line() == "closed: 4000 enough"
    with connect(stage.uri) as peer:
        running.process.send_signal(signal.SIGTERM)
        try:
            peer.recv(PATIENCE)
        except ConnectionClosedOK as closed:
            assert closed.rcvd and closed.rcvd.code == 1001
        assert peer.close_code == 1001
    assert running.end() == 0
    assert running.output == "closed: 4000 enough\nclosed: 1001 \n"
