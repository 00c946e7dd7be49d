"""Echoes messages through a faulty proxy for a while, and compares each.

    make soak TIME=60
    make soak TIME=60 SOAK=--corrupt

Prints what happened, and fails if a message came back that differs, if a peer that keeps the
protocol was accused of an error, or if the server's memory or descriptors grow. With --corrupt
a bit of each connection is inverted where the protocol lets it be noticed: then each such
connection has to end with an error, and still no message may differ.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shlex
import sys
import time
from collections import Counter

from client import COMPRESSION, Client
from echo_checks import MIB, Server
from faulty import descriptors
from proxy import CORRUPTION, ENDS, Proxy
from test_echo_c_load import memory

SERVER = "./examples-c/echo_server --context-takeover --ping-interval 1 --handshake-timeout 2"
REPORT = 10.0
"""Seconds between two lines of progress."""
SETTLE = 10.0
"""Seconds within which a server must have ended all connections."""
MAX_MEMORY = 64 * MIB
"""Bytes at any time: what may wait for all clients, by --max-output."""
MAX_GROWTH = 4 * MIB
"""Bytes, of a server without clients, since it first had none."""


class Soak:
    def __init__(self, server: Server, options: argparse.Namespace) -> None:
        self.server, self.options = server, options
        self.dice = random.Random(options.seed)
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.failures: list[str] = []
        self.peak = 0
        self.idle_memory: list[int] = []
        assert server.is_well()
        self.idle_descriptors = descriptors(server.process.pid)

    async def round(self, seconds: float) -> None:
        """Some clients for a while; then none, until the server has noticed."""
        fates = (CORRUPTION,) if self.options.corrupt else ENDS
        proxy = Proxy(self.server.port, fates, self.dice)
        proxy.faults = self.faults
        port = await proxy.start()
        kinds = ["none"] if self.options.corrupt else list(COMPRESSION)
        clients = [
            Client(port, kinds[i % len(kinds)], self.options.corrupt, i, self.counts)
            for i in range(self.options.clients)
        ]
        tasks = [asyncio.create_task(client.run()) for client in clients]
        await self.watch(time.monotonic() + seconds, tasks)
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if not isinstance(result, asyncio.CancelledError):
                self.failures.append(f"a client has ended: {result!r}")
        await proxy.stop()
        for client in clients:
            self.failures += client.mismatches
        await self.settle()

    async def watch(self, end: float, tasks: list[asyncio.Task[None]]) -> None:
        """Until that time, or until the server or a client has ended."""
        report = time.monotonic() + REPORT
        while time.monotonic() < end and not any(task.done() for task in tasks):
            if self.server.process.poll() is not None:
                self.failures.append(f"the server has ended: {self.server.process.returncode}")
                return
            self.peak = max(self.peak, memory(self.server))
            if time.monotonic() > report:
                report += REPORT
                print(self.summary(), flush=True)
            await asyncio.sleep(0.1)

    async def settle(self) -> None:
        end = time.monotonic() + SETTLE
        pid = self.server.process.pid
        while self.server.process.poll() is None and time.monotonic() < end:
            if descriptors(pid) <= self.idle_descriptors:
                self.idle_memory.append(memory(self.server))
                return
            await asyncio.sleep(0.1)
        self.failures.append("the server has not closed all descriptors")

    def judge(self) -> None:
        """What must hold for all rounds together."""
        if self.peak > MAX_MEMORY:
            self.failures.append(f"the server's memory was {self.peak / MIB:.1f} MiB")
        if self.idle_memory and self.idle_memory[-1] > self.idle_memory[0] + MAX_GROWTH:
            self.failures.append("the memory of the idle server grows")
        if not self.counts["messages"]:
            self.failures.append("no message came back")
        noticed, injected = self.counts["protocol errors"], self.faults[CORRUPTION]
        # Each client may have a corruption under way when a round ends.
        if not injected - 2 * self.options.clients <= noticed <= injected:
            self.failures.append(f"{injected} corruptions, but {noticed} protocol errors")

    def summary(self) -> str:
        counts, faults = (
            ", ".join(f"{number:,} {name}" for name, number in sorted(counter.items()))
            for counter in (self.counts, self.faults)
        )
        idle = ", ".join(f"{size / MIB:.1f}" for size in self.idle_memory)
        peak = f"{self.peak / MIB:.1f}"
        return f"{counts}; faults: {faults}; server: {idle} MiB without clients, {peak} at most"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--time", type=float, default=60, help="seconds (60)")
    parser.add_argument("--clients", type=int, default=12, help="at the same time (12)")
    parser.add_argument("--seed", type=int, default=1, help="of the faults and messages (1)")
    parser.add_argument("--corrupt", action="store_true", help="invert bits, and nothing else")
    parser.add_argument("--server", default=SERVER, help=f"its command ({SERVER})")
    return parser.parse_args()


async def run(server: Server, options: argparse.Namespace) -> Soak:
    soak = Soak(server, options)
    await soak.round(options.time / 5)
    await soak.round(options.time * 4 / 5)
    soak.judge()
    return soak


def main() -> int:
    options = parse()
    server = Server(tuple(shlex.split(options.server)))
    try:
        soak = asyncio.run(run(server, options))
    finally:
        status = server.stop()
    if status != 0:
        soak.failures.append(f"the server has ended with status {status}")
    for failure in soak.failures[:20]:
        print(f"FAILED: {failure}")
    print(f"soak of {options.time:g} s: {soak.summary()}; {len(soak.failures)} failures")
    return 1 if soak.failures else 0


sys.exit(main())
