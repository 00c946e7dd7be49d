"""The terminal of a person who types lines while messages arrive."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from types import ModuleType
from typing import Any

readline: ModuleType | None
try:
    import readline
except ImportError:
    readline = None

termios: Any
try:
    import termios
except ImportError:  # Windows
    termios = None

__all__ = ["Terminal", "escaped", "rows_of"]

_DRIVES_TERMINAL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def escaped(text: str, allowed: str = "") -> str:
    r"""The text, with \xNN for each byte (of UTF-8) of the characters that a terminal would
    obey: control characters and bidirectional controls, except those in `allowed`; and of lone
    surrogates, which stand for one byte if they come from surrogateescape."""

    def escape(found: re.Match[str]) -> str:
        if found[0] in allowed:
            return found[0]
        is_byte = "\udc80" <= found[0] <= "\udcff"
        data = found[0].encode("utf-8", "surrogateescape" if is_byte else "surrogatepass")
        return "".join(f"\\x{byte:02x}" for byte in data)

    return _DRIVES_TERMINAL.sub(escape, text)


class Terminal:
    """Rows of text above the line that is being typed. The terminal, or readline, edits that
    line: a row is shown by inserting a blank row above it, and returning the cursor to where it
    was."""

    PROMPT = "> "

    def __init__(self) -> None:
        self._settings: Any = None
        self._is_typing = False

    @staticmethod
    def is_usable() -> bool:
        """Whether stdin and stdout are a terminal that can do this."""
        if sys.stdin is None or not sys.stdin.isatty() or not sys.stdout.isatty():
            return False
        return sys.platform == "win32" or os.environ.get("TERM", "dumb") != "dumb"

    def __enter__(self) -> Terminal:
        if sys.platform == "win32":
            os.system("")  # it then obeys escape sequences
        if termios is not None:
            self._settings = termios.tcgetattr(sys.stdin.fileno())
        return self

    def __exit__(self, *_: object) -> None:
        """Removes the prompt, and undoes what readline has changed, which may still be reading
        in another thread."""
        off = "\x1b[?2004l" if readline is not None else ""  # bracketed paste
        sys.stdout.write(f"{off}\r\x1b[K")
        sys.stdout.flush()
        if self._settings is not None:
            with contextlib.suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._settings)

    def lines(self) -> Iterator[str]:
        """The lines that are typed, for a thread of their own. Raises UnicodeDecodeError."""
        while True:
            self._is_typing = True
            try:
                line = input(self.PROMPT)
            except EOFError:
                return
            finally:
                self._is_typing = False
            yield line

    def show(self, text: str, *, by_words: bool = False) -> None:
        """Shows text that is escaped, except its newlines and tabs.

        by_words  Whether a new row starts with a whole word, if that fits into a row.
        """
        columns = os.get_terminal_size(sys.stdout.fileno()).columns or 80
        below = self._rows_below_the_first(columns)
        above = f"\x1b7\n\x1b[{1 + below}A\r\x1b[L"
        for line in text.split("\n"):
            for row in rows_of(line, columns, by_words):
                sys.stdout.write(f"{above}{row}\x1b8\x1b[B")
        sys.stdout.flush()

    def _rows_below_the_first(self, columns: int) -> int:
        """Where in the line the cursor is, if it is at the end of the line."""
        if readline is None or not self._is_typing:
            return 0
        typed = readline.get_line_buffer()
        return (len(self.PROMPT) + sum(map(_width, typed))) // columns


def rows_of(line: str, columns: int, by_words: bool) -> Iterator[str]:
    """The rows of a line."""
    start, used = 0, 0
    for i, character in enumerate(line):
        width = _width(character)
        if used + width > columns and i > start:
            space = line.rfind(" ", start, i + 1) if by_words else -1
            end = space if space > start else i
            yield line[start:end]
            start = end + 1 if space > start else i
            used = sum(map(_width, line[start:i]))
        used += width
    yield line[start:]


def _width(character: str) -> int:
    """How many columns a character takes. A tab is as wide as it can be."""
    if character == "\t":
        return 8
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
