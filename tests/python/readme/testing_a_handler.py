from __future__ import annotations

import socket

import pytest
from programs import Stage


def check(stage: Stage, *tests: str) -> None:
    wrong = {"HELLO": "Hello", 'recv() == "Hello"': 'recv() == "hello"'}
    for test, (right, other) in zip(tests, wrong.items()):
        assert stage.run(test) == ""
        assert right in test
        failing = stage.start(test.replace(right, other))
        assert failing.end() == 1 and "AssertionError" in failing.output
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", stage.port))
