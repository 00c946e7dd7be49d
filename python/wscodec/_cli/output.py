"""The output: messages on stdout, other events on stderr; on a terminal,
rows for both."""

from __future__ import annotations

import sys

from .terminal import Terminal, escaped

__all__ = ["Output"]


class Output:
    """Prints what arrives, and what else happens. Text of the server cannot drive a terminal;
    to a pipe or a file it is written unchanged."""

    terminal: Terminal | None = None
    """Set if a person types while messages arrive."""

    def __init__(self, verbose: bool) -> None:
        """
        verbose  Whether to print other events than messages if there is no `terminal`.
        """
        self._verbose = verbose
        self._is_terminal = sys.stdout.isatty()

    def message(self, message: str | bytes) -> None:
        """Prints a message."""
        if self.terminal is not None:
            self.terminal.show(f"< {_shown(message)}")
            return
        if self._is_terminal:
            data = (message.hex() if isinstance(message, bytes) else _shown(message)).encode()
        else:
            data = message if isinstance(message, bytes) else message.encode()
        if self._is_terminal or isinstance(message, str):
            data += b"\n"
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def note(self, text: str, allowed: str = "") -> None:
        """Prints a line that is not a message.

        allowed  Control characters of the text that are not escaped.
        """
        text = escaped(text, allowed)
        if self.terminal is not None:
            self.terminal.show(text, by_words=True)
        elif self._verbose:
            print(f"wscodec: {text}", file=sys.stderr)


def _shown(message: str | bytes) -> str:
    if isinstance(message, bytes):
        return f"({len(message)} bytes) {message.hex()}"
    return escaped(message, "\n\t")
