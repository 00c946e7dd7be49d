#!/usr/bin/env python3
"""Runs all cases of a fuzzing server with wscodec.sync: sync_client.py URL NAME."""

from __future__ import annotations

import contextlib
import sys

from wscodec import Deflate
from wscodec.exceptions import WebSocketException
from wscodec.sync import ClientConnection, connect


def connected(url: str) -> ClientConnection:
    return connect(url, compression=Deflate(), compress_from=0, max_size=2**26, proxy=None)


def echo(url: str) -> None:
    """Sends every message back until the server closes."""
    with connected(url) as connection:
        for message in connection:
            connection.send(message)


def main() -> None:
    base, name = sys.argv[1:]
    with connected(f"{base}/getCaseCount") as connection:
        count = int(connection.recv())
    for case in range(1, count + 1):
        with contextlib.suppress(WebSocketException, OSError):  # the fuzzing server judges it
            echo(f"{base}/runCase?case={case}&agent={name}")
    echo(f"{base}/updateReports?agent={name}")


if __name__ == "__main__":
    main()
