#!/usr/bin/env python3
"""Starts an echo server and talks to it with the client of the Python package `websockets`.

    echo.py PROGRAM

The program must accept `--port 0`, and print "listening on http://127.0.0.1:PORT".
"""

from __future__ import annotations

import subprocess
import sys

from websockets.sync.client import connect

PATIENCE = 10
MESSAGES = ("Hello", "", "žluťoučký kůň", b"\x00\xff", bytes(range(256)) * 1000)


def converse(address: str) -> None:
    with connect(address, compression=None, open_timeout=PATIENCE) as client:
        for message in MESSAGES:
            client.send(message)
            echo = client.recv(timeout=PATIENCE)
            if echo != message:
                sys.exit(f"sent {message[:20]!r}, received {echo[:20]!r}")
        client.close(1000)
        if client.close_code != 1000:
            sys.exit(f"the close code is {client.close_code}, not 1000")


def main() -> int:
    (program,) = sys.argv[1:]
    with subprocess.Popen(
        [program, "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            if not line.startswith("listening on http://"):
                sys.exit(f"{program} printed {line!r}")
            converse(line.split()[-1].replace("http:", "ws:"))
        finally:
            server.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
