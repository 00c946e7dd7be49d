from __future__ import annotations

import re
import socket

import pytest
from programs import Stage


def check(stage: Stage, *tests: str) -> None:
    for test in tests:
        assert stage.run(test) == ""
        failing = stage.start(re.sub('(== "H).*"', r'\1allo"', test))
        assert failing.end() == 1 and "AssertionError" in failing.output
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", stage.port))
