#!/usr/bin/env python3
"""Writes the tables of docs/performance.md from the results of `make bench-record` and
`make bench-echo-record`. Each stands between two comments that name it."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benches" / "results"
PAGE = ROOT / "docs" / "performance.md"
sys.path.insert(0, str(ROOT / "benches" / "echo"))

from cases import ALL, IDLE_KINDS, Case, load_of  # noqa: E402
from table import table as python_table  # noqa: E402

# Rows that have sections of their own.
ELSEWHERE = {"compress", "idle", "python-decode", "python-echo"}


def markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(line)} |" for line in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def size(count: int) -> str:
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit and count % unit == 0:
            return f"{count // unit} {name}"
    return f"{count} B"


def time(nanoseconds: float) -> str:
    return f"{nanoseconds:,.1f}" if nanoseconds < 100 else f"{nanoseconds:,.0f}"


def floor(line: dict[str, Any]) -> str:
    return f"{line['floor']['ratio']:.2f}" if line["floor"] else "-"


def best_peer(line: dict[str, Any]) -> str:
    """The ratio to the fastest peer, which is the first."""
    peers = [peer for peer in line["peers"] if peer.get("ratio") is not None]
    return f"{peers[0]['ratio']:.2f} {peers[0]['name']}" if peers else "-"


def measured(wanted: Callable[[str], bool]) -> list[list[str]]:
    lines = json.loads((RESULTS / "ratios.json").read_text())["lines"]
    return [
        [line["quantity"], size(line["size"]), f"`{line['ours']}`"]
        + [time(line["value"]), floor(line), best_peer(line)]
        for line in lines
        if wanted(line["row"])
    ]


HEAD = ["what", "size", "by", "ns", "x floor", "x best peer"]


def calls() -> str:
    return markdown(HEAD, measured(lambda row: row not in ELSEWHERE))


def python_calls() -> str:
    return markdown(HEAD, measured(lambda row: row.startswith("python")))


def echo_servers(group: str) -> list[dict[str, Any]]:
    servers = json.loads((RESULTS / "echo.json").read_text())["servers"]
    return [server for server in servers if server["group"] == group]


def echo(group: str) -> str:
    """CPU time per message, as a multiple of uWebSockets'."""
    servers = echo_servers(group)
    cases = [case for case in ALL if any(load_of(server, case) for server in servers)]
    rows = []
    for server in servers:
        loads = [load_of(server, case) for case in cases]
        ratios = [next(iter(load["ratios"].values())) if load else None for load in loads]
        rows.append([server["title"], *("-" if r is None else f"{r:.2f}" for r in ratios)])
    head = [f"{size(c.size)}, {c.depth} in flight, {c.connections:,}" for c in cases]
    return markdown(["server", *head], rows)


def latency(case: Case) -> str:
    """Microseconds."""
    rows = [
        [server["title"], *(f"{load[key]:,.0f}" for key in PERCENTILES.values())]
        for server in echo_servers("native")
        if (load := load_of(server, case))
    ]
    return markdown(["server", *PERCENTILES], rows)


PERCENTILES = {"p50": "p50_us", "p99": "p99_us", "p99.9": "p999_us"}


def idle() -> str:
    """Bytes."""
    rows = [
        [
            server["title"],
            *(f"{kinds[k]['bytes']:,.0f}" if k in kinds else "-" for k in IDLE_KINDS),
        ]
        for server in echo_servers("native")
        if (kinds := server.get("idle"))
    ]
    return markdown(["server", *IDLE_KINDS.values()], rows)


def python_servers() -> str:
    return python_table(json.loads((RESULTS / "echo-python.json").read_text()))


TABLES: dict[str, Callable[[], str]] = {
    "calls": calls,
    "echo": lambda: echo("native"),
    "echo on two cores": lambda: echo("two-cores"),
    "latency, 1 in flight": lambda: latency(Case(20, 1)),
    "latency, 16 in flight": lambda: latency(Case(20, 16)),
    "idle": idle,
    "python calls": python_calls,
    "python servers": python_servers,
}


def renewed(page: str) -> str:
    """The page with all tables that it has, made anew."""

    def renew(block: re.Match[str]) -> str:
        name = block["name"]
        return f"<!-- table: {name} -->\n{TABLES[name]()}\n<!-- end -->"

    pattern = r"<!-- table: (?P<name>.*?) -->\n.*?<!-- end -->"
    return re.sub(pattern, renew, page, flags=re.DOTALL)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    PAGE.write_text(renewed(PAGE.read_text()))


if __name__ == "__main__":
    main()
