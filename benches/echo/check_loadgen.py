#!/usr/bin/env python3
"""Proves that loadgen counts only valid echoes, sends on active connections only, offers
compression only if asked to and believes only an agreement that is kept, and computes
percentiles.

It must refuse a server that makes one error, each time another one, and accept a server that
cuts echoes into pieces."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import statistics
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator

from server import OUT

AGREED = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n%s\r\n"
)
SIZE, WRONG = 300, 40  # bytes of a message, and the message with the error
COMPRESSED = 0xC2  # final, RSV1, binary

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


def inflate(payload: bytes) -> bytes:
    return zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff")


def deflate(message: bytes) -> bytes:
    """At a level that loadgen does not use."""
    context = zlib.compressobj(1, zlib.DEFLATED, -15)
    return (context.compress(message) + context.flush(zlib.Z_SYNC_FLUSH))[:-4]


def in_two(payload: bytes) -> bytes:
    return frame(payload[:9], 0x42) + frame(payload[9:], 0x80)


REFUSED_COMPRESSED: dict[str, Distort] = {
    "uncompressed": lambda p: frame(inflate(p)),
    "the same without RSV1": frame,
    "another byte": lambda p: frame(deflate(inflate(p)[:-1] + b"x"), COMPRESSED),
    "less": lambda p: frame(deflate(inflate(p)[:-1]), COMPRESSED),
    "more": lambda p: frame(deflate(inflate(p) + b"x"), COMPRESSED),
    "no deflate": lambda p: frame(b"\xff" * len(p), COMPRESSED),
}
ACCEPTED_COMPRESSED: dict[str, Distort] = {
    "the same": lambda p: frame(p, COMPRESSED),
    "compressed again": lambda p: frame(deflate(inflate(p)), COMPRESSED),
    "in fragments": in_two,
}


class EchoServer:
    """Echoes on any number of connections, and counts the messages of each. Its echo of
    message WRONG is distorted; if it compresses, of each."""

    def __init__(self, distort: Distort, fields: bytes = b"") -> None:
        self.distort, self.fields = distort, fields
        self.compresses = bool(fields)
        self.counts: list[int] = []  # by connection
        self.heads: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.threads = [threading.Thread(target=self.accept)]

    def __enter__(self) -> EchoServer:
        self.threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        self.listener.close()

    def accept(self) -> None:
        with contextlib.suppress(OSError):  # shut down
            while True:
                peer, _ = self.listener.accept()
                self.counts.append(0)
                self.heads.append(b"")
                arguments = (peer, len(self.counts) - 1)
                self.threads.append(threading.Thread(target=self.serve, args=arguments))
                self.threads[-1].start()

    def serve(self, peer: socket.socket, index: int) -> None:
        with peer, peer.makefile("rb") as stream, contextlib.suppress(ConnectionError):
            while (line := stream.readline()) not in (b"\r\n", b""):
                self.heads[index] += line
            peer.sendall(ANSWER % self.fields)
            for payload in messages(stream):
                right = not self.compresses and self.counts[index] != WRONG
                peer.sendall(frame(payload) if right else self.distort(payload))
                self.counts[index] += 1


def messages(stream: object) -> Iterator[bytes]:
    """Payloads of frames between 126 and 65535 bytes."""
    read = stream.read  # type: ignore[attr-defined]
    while len(header := read(8)) == 8:
        masked = read(int.from_bytes(header[2:4], "big"))
        yield bytes(byte ^ header[4 + i % 4] for i, byte in enumerate(masked))


def loadgen(server: EchoServer, *options: str) -> bool:
    """Whether it was content."""
    port = str(server.listener.getsockname()[1])
    command = [str(OUT / "loadgen"), "--port", port, "--pid", str(os.getpid()), *options]
    return subprocess.run(command, capture_output=True).returncode == 0


def accepts(distort: Distort, fields: bytes = b"") -> bool:
    with EchoServer(distort, fields) as server:
        return loadgen(
            server,
            *("--connections", "1", "--depth", "4"),
            *("--size", str(SIZE), "--messages", "200"),
        )


def accepts_compressed(distort: Distort, fields: bytes = AGREED) -> bool:
    with EchoServer(distort, fields) as server:
        content = loadgen(server, "--idle", "2", "--deflate")
        return content and server.counts == [1, 1, 1]


def offers(*options: str, answer: bytes) -> bool:
    """Whether it offers compression; whatever comes next."""
    with EchoServer(frame, answer) as server:
        loadgen(server, *options)
        return b"permessage-deflate" in server.heads[0]


def active_connections_send(connections: int, active: int) -> bool:
    """The others are opened and stay silent."""
    with EchoServer(frame) as server:
        content = loadgen(
            server,
            *("--connections", str(connections), "--active", str(active)),
            *("--size", str(SIZE), "--messages", "2000", "--depth", "1"),
        )
    silent = server.counts.count(0)
    return content and (len(server.counts), silent) == (connections, connections - active)


def percentiles_are_close(latencies: list[int]) -> bool:
    """To the width of a bucket: a 64th."""
    done = subprocess.run(
        [str(OUT / "percentiles")],
        input="\n".join(map(str, latencies)),
        capture_output=True,
        text=True,
    )
    cuts = statistics.quantiles(latencies, n=1000, method="inclusive")
    exact = [cuts[499], cuts[989], cuts[998]]
    found = [float(line) for line in done.stdout.split()]
    return len(found) == 3 and all(abs(f - e) <= e / 64 + 1 for f, e in zip(found, exact))


def verdicts() -> dict[str, bool]:
    """What was checked, and whether it is as it should be."""
    rng = random.Random(1)
    shuffled = rng.sample(range(1000, 1_001_000), 1_000_000)
    tail = [rng.randrange(100, 120) for _ in range(99_800)] + [10**7] * 200
    plain, compressing = ("--messages", "1"), ("--idle", "1", "--deflate")
    return {
        **{name: not accepts(distort) for name, distort in REFUSED.items()},
        **{name: accepts(distort) for name, distort in ACCEPTED.items()},
        **{
            f"compressed: {name}": not accepts_compressed(distort)
            for name, distort in REFUSED_COMPRESSED.items()
        },
        **{
            f"compressed: {name}": accepts_compressed(distort)
            for name, distort in ACCEPTED_COMPRESSED.items()
        },
        "compression that is not agreed upon": not accepts_compressed(in_two, b""),
        "an agreement without an offer": not accepts(frame, AGREED),
        "an offer that was not asked for": not offers(*plain, answer=b""),
        "an offer that was asked for": offers(*compressing, answer=AGREED),
        "1 of 1 active": active_connections_send(1, 1),
        "2 of 7 active": active_connections_send(7, 2),
        "7 of 7 active": active_connections_send(7, 7),
        "percentiles of all numbers": percentiles_are_close(shuffled),
        "percentiles of small numbers": percentiles_are_close(list(range(60))),
        "percentiles with a tail": percentiles_are_close(tail),
    }


def main() -> None:
    results = verdicts()
    for name, right in results.items():
        if not right:
            print(f"loadgen is wrong about: {name}")
    print(f"{sum(results.values())} correct verdicts of loadgen")
    sys.exit(0 if all(results.values()) else 1)


if __name__ == "__main__":
    main()
