"""Reads messages, one a line; prints the nanoseconds of CPU time that the websockets package
takes to compress one, and to decompress one, and the bytes that a connection which did both
holds then; with and without context takeover."""

import os
import sys
import time
from pathlib import Path

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

ROUNDS = 20
CONNECTIONS = 300
messages = [line.encode() for line in sys.stdin.read().strip().split("\n")]


def timed(work):
    start = time.process_time_ns()
    for i in range(ROUNDS):
        work(i)
    return (time.process_time_ns() - start) // ROUNDS // len(messages)


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def held(forgets):
    peer = PerMessageDeflate(forgets, forgets, 15, 15)
    frame = peer.encode(Frame(Opcode.TEXT, messages[0]))
    before = resident()
    kept = [PerMessageDeflate(forgets, forgets, 15, 15) for _ in range(CONNECTIONS)]
    for one in kept:
        one.encode(Frame(Opcode.TEXT, messages[0]))
        one.decode(frame, max_size=1 << 20)
    return (resident() - before) // CONNECTIONS


def both_ways(forgets):
    server = PerMessageDeflate(forgets, forgets, 15, 15)
    client = PerMessageDeflate(forgets, forgets, 15, 15)
    rounds = []

    def compress(_):
        rounds.append([server.encode(Frame(Opcode.TEXT, m)) for m in messages])

    def decompress(i):
        for frame in rounds[i]:
            client.decode(frame, max_size=1 << 20)

    return timed(compress), timed(decompress)


memory = {forgets: held(forgets) for forgets in (False, True)}
for forgets in (False, True):
    print(*both_ways(forgets), memory[forgets])
