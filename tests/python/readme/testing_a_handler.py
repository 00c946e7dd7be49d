from __future__ import annotations

import pytest
from programs import Stage


def check(stage: Stage, test: str) -> None:
    assert stage.run(test) == ""
    wrong = stage.start(test.replace("HELLO", "Hello"))
    assert wrong.end() == 1 and "AssertionError" in wrong.output
    with pytest.raises(ConnectionRefusedError):
        import socket

        socket.create_connection(("127.0.0.1", stage.port))
