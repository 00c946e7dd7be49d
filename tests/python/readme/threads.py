from __future__ import annotations

import signal

from programs import Stage


def check(stage: Stage, server: str, client: str) -> None:
    running = stage.serve(server)
    assert stage.run(client) == "Hello\nnothing more\n"
    assert running.end(signal.SIGTERM) == 0
