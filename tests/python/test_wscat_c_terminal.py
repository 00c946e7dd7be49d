"""wscat on a terminal. pyte is that terminal: it shows what a person would see."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import needs
import pyte
import pytest
from echo_checks import PATIENCE
from test_echo_client import serving
from test_wscat_c import BINARY
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from wire import ROOT

pytestmark = needs.program(BINARY)

ROWS, COLUMNS = 10, 40


class Terminal:
    """A program on a terminal of 10 rows and 40 columns."""

    def __init__(self, *command: str) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"},
        )
        os.close(slave)

    def rows(self) -> list[str]:
        """What it shows, without empty rows at the end."""
        rows: list[str] = [row.rstrip() for row in self.screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def wait_for(self, expected: Callable[[list[str]], bool]) -> None:
        """Reads until it shows what is expected."""
        deadline = time.monotonic() + PATIENCE
        while not expected(self.rows()):
            ready = select.select([self.master], [], [], deadline - time.monotonic())[0]
            assert ready, self.rows()
            self.stream.feed(os.read(self.master, 65536))

    def shows(self, *rows: str) -> None:
        self.wait_for(lambda shown: shown == list(rows))

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self) -> int:
        """Its exit status."""
        with contextlib.suppress(OSError):  # EIO: the program has ended
            while data := os.read(self.master, 65536):
                self.stream.feed(data)
        os.close(self.master)
        return self.process.wait(PATIENCE)


def talk(connection: ServerConnection) -> None:
    """Echoes; but to "later" it replies when the test says so."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            message = connection.recv()
            if message == "later":
                assert it_is_later.wait(PATIENCE)
                connection.send("one\ntwo")
            else:
                connection.send(message)
    closes.put(connection.protocol.close_rcvd)


closes: Queue[Any] = Queue()
it_is_later = threading.Event()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    closes.queue.clear()
    it_is_later.clear()
    with serving(talk) as url:
        terminal = Terminal(f"./{BINARY}", url)
        terminal.wait_for(lambda rows: rows[:1] == [f"connected to {url}"])
        yield terminal
        terminal.process.kill()


def body(terminal: Terminal, *rows: str) -> None:
    """The rows after the first."""
    terminal.wait_for(lambda shown: shown[1:] == list(rows))


def test_messages_appear_above_the_line_being_typed(terminal: Terminal) -> None:
    body(terminal, ">")
    terminal.type("hello\r")
    body(terminal, "> hello", "< hello", ">")
    terminal.type("later\r")
    body(terminal, "> hello", "< hello", "> later", ">")
    terminal.type("half a li")
    body(terminal, "> hello", "< hello", "> later", "> half a li")
    it_is_later.set()
    body(terminal, "> hello", "< hello", "> later", "< one", "two", "> half a li")
    terminal.type("ne\r")
    body(
        terminal,
        *("> hello", "< hello", "> later", "< one", "two"),
        *("> half a line", "< half a line", ">"),
    )
    terminal.type("\x04")  # Ctrl-D
    assert terminal.end() == 0
    assert closes.get(timeout=PATIENCE).code == 1000
    assert terminal.rows()[-2:] == [
        "close sent: 1000 (normal)",
        "close received: 1000 (normal)",
    ]


def test_rows_scroll_and_long_ones_are_broken(terminal: Terminal) -> None:
    terminal.type("".join(f"{i}\r" for i in range(20)))
    terminal.wait_for(lambda rows: "< 19" in rows and rows[-1] == ">")
    terminal.type("/binary " + "ff" * 25 + "\r")
    expected = "< (25 bytes) " + "ff" * 25
    terminal.wait_for(lambda rows: rows[-3:] == [expected[:COLUMNS], expected[COLUMNS:], ">"])
    terminal.type("wide\u3042" + "\u3042" * 25 + "\r")
    terminal.wait_for(lambda rows: rows[-3].startswith("< wide\u3042") and rows[-1] == ">")
    assert terminal.rows()[-2].replace(" ", "") == "\u3042" * 9
    terminal.type("\x04")
    assert terminal.end() == 0


def test_commands_are_explained_and_run(terminal: Terminal) -> None:
    terminal.type("/help\r")
    terminal.wait_for(lambda rows: any("/close [CODE [REASON]]" in row for row in rows))
    terminal.type("/nonsense\r")
    terminal.wait_for(lambda rows: any("unknown command" in row for row in rows))
    terminal.type("/ping\r")
    terminal.wait_for(lambda rows: any("pong received after" in row for row in rows))
    terminal.type("/close 4000 bye\r")
    assert terminal.end() == 0
    close = closes.get(timeout=PATIENCE)
    assert (close.code, close.reason) == (4000, "bye")


def test_escape_sequences_of_the_server_are_shown(terminal: Terminal) -> None:
    terminal.type("//\x16\x1b[2J\x16\x07\r")  # Ctrl-V quotes a character
    terminal.wait_for(lambda rows: r"< /\x1b[2J\x07" in rows)
    assert terminal.rows()[0].startswith("connected to ")
    terminal.type("\x04")
    assert terminal.end() == 0


def test_ctrl_c_closes_the_connection(terminal: Terminal) -> None:
    body(terminal, ">")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 0
    assert closes.get(timeout=PATIENCE).code == 1000
