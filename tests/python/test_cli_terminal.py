"""python -m wscodec on a terminal. pyte is that terminal: it shows what a person would see."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
from collections.abc import Iterator

import pytest
from echo_checks import PATIENCE
from test_echo_client import serving
from test_wscat_c_terminal import COLUMNS, Terminal, body, closes, it_is_later, talk
from websockets.sync.server import ServerConnection
from wscodec._cli.terminal import escaped, rows_of

COMMAND = (sys.executable, "-W", "error", "-m", "wscodec")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    closes.queue.clear()
    it_is_later.clear()
    with serving(talk) as url:
        terminal = Terminal(*COMMAND, "--no-compression", url)
        terminal.wait_for(lambda rows: rows[:1] == [f"connected to {url}"])
        yield terminal
        terminal.process.kill()
        terminal.process.wait()


def ended(terminal: Terminal) -> int:
    """Its exit status. The terminal must edit and echo lines itself again."""
    with contextlib.suppress(OSError):  # EIO: the program has ended
        while True:
            terminal.stream.feed(os.read(terminal.master, 65536))
    flags = termios.tcgetattr(terminal.master)[3]
    assert flags & termios.ICANON and flags & termios.ECHO
    return terminal.end()


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
    assert ended(terminal) == 0
    assert closes.get(timeout=PATIENCE).code == 1000
    assert " ".join(terminal.rows()[-2:]) == (
        "closed: sent 1000 (normal); then received 1000 (normal)"
    )


def test_the_line_can_be_edited(terminal: Terminal) -> None:
    pytest.importorskip("readline")
    body(terminal, ">")
    terminal.type("world\x01hello \x05!\r")  # Ctrl-A, Ctrl-E
    body(terminal, "> hello world!", "< hello world!", ">")
    terminal.type("\x1b[A\x7f?\r")  # up, backspace
    terminal.wait_for(lambda rows: rows[-3:] == ["> hello world?", "< hello world?", ">"])
    terminal.type("\x04")
    assert ended(terminal) == 0


def test_messages_appear_above_a_line_that_takes_several_rows(terminal: Terminal) -> None:
    pytest.importorskip("readline")
    body(terminal, ">")
    terminal.type("later\r")
    body(terminal, "> later", ">")
    long = "0123456789" * 5
    terminal.type(long)
    shown = f"> {long}"
    body(terminal, "> later", shown[:COLUMNS], shown[COLUMNS:])
    it_is_later.set()
    body(terminal, "> later", "< one", "two", shown[:COLUMNS], shown[COLUMNS:])
    terminal.type("\r")
    terminal.wait_for(lambda rows: f"< {long}"[:COLUMNS] in rows and rows[-1] == ">")
    terminal.type("\x04")
    assert ended(terminal) == 0


def test_rows_scroll_and_long_ones_are_broken(terminal: Terminal) -> None:
    terminal.type("".join(f"{i}\r" for i in range(20)))
    terminal.wait_for(lambda rows: "< 19" in rows and rows[-1] == ">")
    terminal.type("/binary " + "ff" * 12 + "\r")
    expected = "< (12 bytes) " + "ff" * 12
    terminal.wait_for(lambda rows: rows[-2:] == [expected, ">"])
    terminal.type("\u3042" * 30 + "\r")
    terminal.wait_for(
        lambda rows: rows[-1] == ">" and rows[-2].replace(" ", "") == "\u3042" * 11
    )
    terminal.type("\x04")
    assert ended(terminal) == 0


def test_commands_are_explained_and_run(terminal: Terminal) -> None:
    terminal.type("/help\r")
    terminal.wait_for(lambda rows: any("/close [CODE [REASON]]" in row for row in rows))
    terminal.type("/nonsense\r")
    terminal.wait_for(lambda rows: any("unknown command" in row for row in rows))
    terminal.type("/binary xyz\r")
    terminal.wait_for(lambda rows: any("not hexadecimal digits" in row for row in rows))
    terminal.type("/pong\r/ping\r")
    terminal.wait_for(lambda rows: any("pong received after" in row for row in rows))
    terminal.type("/close 1\r")
    terminal.wait_for(lambda rows: any("/close 1:" in row for row in rows))
    terminal.type("/close 4000 bye\r")
    assert ended(terminal) == 0
    close = closes.get(timeout=PATIENCE)
    assert (close.code, close.reason) == (4000, "bye")


def test_escape_sequences_of_the_server_are_shown(terminal: Terminal) -> None:
    body(terminal, ">")
    terminal.type("//\x16\x1b[2J\x16\x07\r")  # Ctrl-V quotes a character
    terminal.wait_for(lambda rows: r"< /\x1b[2J\x07" in rows)
    assert terminal.rows()[0].startswith("connected to ")
    terminal.type("\x04")
    assert ended(terminal) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_connection(terminal: Terminal, number: signal.Signals) -> None:
    body(terminal, ">")
    terminal.type("half a li")
    body(terminal, "> half a li")
    assert termios.tcgetattr(terminal.master)[3] & termios.ISIG  # Ctrl-C is SIGINT
    terminal.process.send_signal(number)
    assert ended(terminal) == 0
    assert closes.get(timeout=PATIENCE).code == 1000


def test_the_close_of_the_server_ends_it_while_a_line_is_typed() -> None:
    def close(connection: ServerConnection) -> None:
        connection.recv()
        connection.close(4001, "time \x1b[2Jis up")

    with serving(close) as url:
        terminal = Terminal(*COMMAND, "--no-compression", url)
        body(terminal, ">")
        terminal.type("hello\rhalf a li")
        assert ended(terminal) == 1
        shown = "".join(terminal.rows())
    assert r"closed: received 4001 time \x1b[2Jis up;then sent 4001" in shown  # in two rows
    assert rf"wscodec: {url}: closed with 4001 time \x1b[2Jis up" in shown
    assert "Traceback" not in shown


def test_notes_are_broken_between_words() -> None:
    """On a terminal of 40 columns; a word that is longer than a row is broken."""
    with serving(talk) as url:
        terminal = Terminal(*COMMAND, "--no-compression", f"{url}/{'x' * 50}", "-s", "chat")
        terminal.wait_for(lambda rows: rows[-1:] == [">"])
        rows = terminal.rows()
        first = f"{url}/"
        assert rows[0] == "connected to"
        assert rows[1] == first + "x" * (COLUMNS - len(first))
        assert rows[2] == "x" * (50 - COLUMNS + len(first)) + ","
        assert rows[3] == "subprotocol chat"
        terminal.process.kill()
        terminal.process.wait()


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("", [""]),
        ("one two", ["one two"]),
        ("one twos", ["one", "twos"]),
        ("one two three", ["one two", "three"]),
        ("sevenis  x", ["sevenis", " x"]),
        ("eightlong x", ["eightlo", "ng x"]),
        ("\u3042\u3042 \u3042", ["\u3042\u3042 \u3042"]),
        ("\u3042\u3042 \u3042\u3042", ["\u3042\u3042", "\u3042\u3042"]),
    ],
)
def test_rows_of_seven_columns(line: str, rows: list[str]) -> None:
    assert list(rows_of(line, 7, True)) == rows
    assert "".join(rows_of(line, 7, False)) == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Grüße \u3042", "Grüße \u3042"),
        ("\x1b[2J\r\x7f\x9b", r"\x1b[2J\x0d\x7f\xc2\x9b"),
        ("a\tb\nc", r"a\x09b\x0ac"),
        ("\u202e\u2066\u061c", r"\xe2\x80\xae\xe2\x81\xa6\xd8\x9c"),
        ("\udcff\ud800", r"\xff\xed\xa0\x80"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_as_bytes(text: str, shown: str) -> None:
    assert escaped(text) == shown
    assert escaped("\n\t\x1b", "\n\t") == "\n\t\\x1b"
