#!/usr/bin/env python3
"""Proves that the chat loses, repeats and reorders nothing while its parts fail: many clients
in many rooms, through both proxies, over four servers. Fails if it does."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "examples-chat")]

import report  # noqa: E402
from crowd import Crowd  # noqa: E402
from faults import Faults  # noqa: E402
from network import Network, is_possible, network  # noqa: E402
from redis import Redis  # noqa: E402
from stack.layout import Layout, on_free_ports  # noqa: E402
from stack.service import Log  # noqa: E402
from stack.stack import Stack  # noqa: E402
from verdict import Verdict, judge, stored  # noqa: E402

OPTIONS = ("--max-per-address", "1000000")
"""All clients have the same address."""
CHANGES = {"worker_shutdown_timeout 1h": "worker_shutdown_timeout 1s"}
CHANGES["hard-stop-after 1h"] = "hard-stop-after 1s"
"""A reload ends the connections that the old processes have."""
SENDERS = 2
"""Clients of each room that talk."""


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    add = parser.add_argument
    add("--clients", type=int, default=2000)
    add("--rooms", type=int, default=50)
    add("--rate", type=float, default=100, help="messages said in a second, in all rooms (100)")
    add("--seconds", type=float, default=60, help="how long the clients talk (60)")
    add("--processes", type=int, default=4, help="of clients (4)")
    add("--outage", type=float, default=2, help="seconds that something is gone (2)")
    add("--drain-delay", default="1", help="that option of the servers (1)")
    add("--drain-seconds", default="2", help="that option of the servers (2)")
    add("--loopback", action="store_true", help="not on hosts in network namespaces")
    add("--json", type=Path, metavar="FILE", help="writes the figures there")
    add("--log", type=Path, metavar="FILE", help="writes the logs of all processes there")
    add("--network", help=argparse.SUPPRESS)
    return parser.parse_args()


def layout_of(made: Network | None) -> Layout:
    if made is None:
        return on_free_ports()
    hosts = made.hosts
    return Layout(data=hosts["data"], servers_on=hosts["servers"], proxies_on=hosts["edge"])


def talk(arguments: argparse.Namespace, crowd: Crowd, faults: Faults) -> None:
    rooms = arguments.rooms
    talking = list(range(SENDERS * rooms))  # the clients of a room are `rooms` apart
    crowd.do("join")
    crowd.do("open", numbers=list(range(rooms)))
    start = time.monotonic()
    each = len(talking) / arguments.rate
    crowd.do("talk", numbers=talking, each=each)
    faults.inject(start, arguments.seconds)
    crowd.do("hush")
    crowd.do("settle", seconds=60)


def load(arguments: argparse.Namespace, stack: Stack, faults: Faults) -> dict[str, Any]:
    urls = [f"wss://{stack.layout.proxy(name)}/chat" for name in stack.proxies]
    crowd = Crowd(
        arguments.clients, arguments.rooms, urls, stack.certificate, arguments.processes
    )
    with contextlib.closing(crowd):
        talk(arguments, crowd, faults)
        redis = Redis(*stack.layout.redis.address, decode_responses=True)
        rooms = stored(redis, [f"room-{number}" for number in range(arguments.rooms)])
        crowd.do("catch_up", ids={room: all[-1][0] for room, all in rooms.items()}, seconds=60)
        results = crowd.results(stack.folder)
    clients = {name: met for result in results for name, met in result["clients"].items()}
    return {
        "plan": {name: getattr(arguments, name) for name in ("clients", "rooms", "seconds")},
        "hosts": "loopback" if faults.network is None else "network namespaces",
        "machine": report.machine(),
        "verdict": judge(rooms, clients).as_dict(),
        "latency_ms": report.latencies(results, faults.past),
        "reconnects": sum(result["reconnects"] for result in results),
        "gaps": sum(result["gaps"] for result in results),
        **{name: report.total(results, name) for name in ("closed", "failed", "refused")},
        "faults": {fault.what: round(fault.end - fault.start, 1) for fault in faults.past},
    }


def run(arguments: argparse.Namespace, made: Network | None) -> bool:
    drain = ("--drain-delay", arguments.drain_delay, "--drain-seconds", arguments.drain_seconds)
    options = OPTIONS + drain
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="chat-load-")))
        log = cleanup.enter_context(open(arguments.log or os.devnull, "w"))
        stack = Stack(folder, layout_of(made), Log(log), options=options, changes=CHANGES)
        cleanup.callback(stack.stop)
        stack.start()
        figures = load(arguments, stack, Faults(stack, made, arguments.outage))
    print(report.table(figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return Verdict(**figures["verdict"]).is_good


def run_in_namespaces() -> int:
    """Runs this program again, as one that is in the world."""
    with network() as made:
        command = [sys.executable, *sys.argv, "--network", made.name]
        child = subprocess.Popen(made.hosts["world"].command(command))
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the child, too
        return child.wait()


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends all processes first
    arguments = parse_arguments()
    if arguments.network:
        return 0 if run(arguments, Network(arguments.network)) else 1
    if not arguments.loopback and is_possible():
        return run_in_namespaces()
    return 0 if run(arguments, None) else 1


if __name__ == "__main__":
    sys.exit(main())
