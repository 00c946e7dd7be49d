#!/usr/bin/env python3
"""Prints the results of the servers in Python, from the JSON of run.py, as a table in Markdown:
CPU time per message as a multiple of each peer's, and bytes of an idle connection."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from plot import RESULTS

CASES = [(20, 1), (1024, 1), (20, 16), (1024, 16)]  # size and depth
GROUPS = ("asyncio", "uvloop", "threads")


def ratios(server: dict[str, Any], case: tuple[int, int]) -> str:
    for load in server["load"]:
        if (load["size"], load["depth"]) == case:
            return " / ".join(f"{value:.2f}" for value in load["ratios"].values())
    return "-"


def row(server: dict[str, Any]) -> str:
    idle = server.get("idle_bytes")
    cells = [server["title"], *(ratios(server, case) for case in CASES)]
    return f"| {' | '.join(cells)} | {'-' if idle is None else f'{idle:,.0f}'} |"


def table(results: dict[str, Any]) -> str:
    heads = [f"{size} B, {depth} in flight" for size, depth in CASES]
    lines = [f"| server | {' | '.join(heads)} | bytes when idle |", "|---" * 6 + "|"]
    for group in GROUPS:
        lines += [row(s) for s in results["servers"] if s["group"] == group and s.get("load")]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", default=RESULTS / "echo-python.json", type=Path)
    print(table(json.loads(parser.parse_args().json.read_text())))


if __name__ == "__main__":
    main()
