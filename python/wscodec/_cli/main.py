"""wscodec, or python -m wscodec: a WebSocket client for the command line, with the options of
wscat."""

from __future__ import annotations

import asyncio
import os
import sys

from .arguments import arguments_of
from .parser import Parser
from .session import EXIT_ERROR, Failure, Session
from .terminal import escaped

__all__ = ["main"]


def main(argv: list[str] | None = None, program: str = "wscodec") -> int:
    """Runs the client with these arguments, by default those of the command line. Returns the
    exit status.

    program  How it was called, for its help.
    """
    parser = Parser(program)
    options = parser.parse_intermixed_args(argv)
    if options.url is None:
        parser.error("the URL is missing")
    try:
        arguments = arguments_of(parser, options)
        return asyncio.run(Session(options).run(arguments))
    except Failure as error:
        print(f"wscodec: {escaped(str(error), chr(10))}", file=sys.stderr)
    except OSError as error:  # of stdin or stdout
        if not isinstance(error, BrokenPipeError):
            print(f"wscodec: {error.strerror}", file=sys.stderr)
        # What is still in the buffer of stdout must not fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return EXIT_ERROR
