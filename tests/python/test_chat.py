"""The chat example, which listens on a port of its own: here on another one."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from echo_checks import PATIENCE
from ports import free_port
from websockets.sync.client import ClientConnection, connect
from wire import ROOT


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The server's."""
    free = free_port()
    program = (ROOT / "python" / "examples" / "chat.py").read_text()
    assert program.count("8081") == 2
    process = subprocess.Popen([sys.executable, "-c", program.replace("8081", str(free))])
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", free)).close()
            break
        time.sleep(0.05)
    yield free
    assert process.poll() is None
    process.terminate()
    process.wait(PATIENCE)


def client(port: int) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{port}/", proxy=None)


def test_all_clients_receive_what_one_sends(port: int) -> None:
    with client(port) as one, client(port) as two, client(port) as three:
        for sender, message in ((one, "Hellö"), (two, b"\0\xff"), (three, "x" * 5000)):
            sender.send(message)
            for each in (one, two, three):
                assert each.recv(PATIENCE) == message


def test_clients_that_leave_do_not_disturb_the_others(port: int) -> None:
    with client(port) as one:
        with client(port) as two:
            two.send("here")
            assert one.recv(PATIENCE) == "here"
        gone = client(port)
        gone.socket.close()
        one.send("still here")
        assert one.recv(PATIENCE) == "still here"
