from __future__ import annotations

from programs import Stage

from .servers import COUNTING


def check(stage: Stage, client: str) -> None:
    server = stage.serve(COUNTING)
    running = stage.start(client)
    assert running.line() == "message 0"
    server.process.kill()  # the connection breaks
    server.end()
    server = stage.serve(COUNTING)
    assert running.line() == "message 0"
    assert server.process.poll() is None and running.process.poll() is None
