#!/usr/bin/env python3
"""Proves that loadgen counts only valid echoes: it must refuse a server that makes one error,
each time another one, and accept a server that cuts echoes into pieces."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable

from server import OUT

ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
SIZE, WRONG = 300, 40  # bytes of a message, and the message with the error

Distort = Callable[[bytes], bytes]


def frame(payload: bytes, first: int = 0x82) -> bytes:
    if len(payload) < 126:
        return bytes([first, len(payload)]) + payload
    return struct.pack("!BBH", first, 126, len(payload)) + payload


def fragments(payload: bytes) -> bytes:
    return frame(payload[:7], 0x02) + frame(b"", 0x00) + frame(payload[7:], 0x80)


REFUSED: dict[str, Distort] = {
    "another byte at the end": lambda p: frame(p[:-1] + bytes([p[-1] ^ 1])),
    "another byte at the start": lambda p: frame(bytes([p[0] ^ 1]) + p[1:]),
    "a byte less": lambda p: frame(p[:-1]),
    "a byte more": lambda p: frame(p + b"x"),
    "text": lambda p: frame(p, 0x81),
    "a ping": lambda p: frame(b"", 0x89) + frame(p),
    "twice": lambda p: frame(p) * 2,
    "another message": lambda p: frame(p[::-1]),
    "a fragment too few": lambda p: frame(p[:7], 0x02) + frame(p[8:], 0x80),
    "a mask bit": lambda p: bytes([0x82, 0x80 | 126]) + frame(p)[2:],
}
ACCEPTED: dict[str, Distort] = {"an equal echo": frame, "fragments": fragments}


def serve(listener: socket.socket, distort: Distort) -> None:
    """Echoes on one connection until the peer has enough."""
    peer, _ = listener.accept()
    with peer, peer.makefile("rb") as stream:
        try:
            while stream.readline() not in (b"\r\n", b""):
                pass
            peer.sendall(ANSWER)
            for number in range(1 << 30):
                header = stream.read(8)  # with 2 bytes of length, and the key
                masked = stream.read(SIZE)
                if len(masked) < SIZE:
                    return
                payload = bytes(byte ^ header[4 + i % 4] for i, byte in enumerate(masked))
                peer.sendall(distort(payload) if number == WRONG else frame(payload))
        except ConnectionError:
            pass


def accepts(distort: Distort) -> bool:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, distort))
        thread.start()
        done = subprocess.run(
            [str(OUT / "loadgen"), "--port", str(listener.getsockname()[1])]
            + ["--pid", str(os.getpid()), "--connections", "1", "--depth", "4"]
            + ["--size", str(SIZE), "--messages", "200"],
            capture_output=True,
        )
        thread.join()
    return done.returncode == 0


def main() -> None:
    wrong = [name for name, distort in REFUSED.items() if accepts(distort)]
    wrong += [name for name, distort in ACCEPTED.items() if not accepts(distort)]
    for name in wrong:
        print(f"loadgen judges wrongly: {name}")
    print(f"{len(REFUSED) + len(ACCEPTED) - len(wrong)} correct verdicts of loadgen")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
