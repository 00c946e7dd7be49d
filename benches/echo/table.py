#!/usr/bin/env python3
"""Prints the results of the servers in Python, from the JSON of run.py, as a table in Markdown:
CPU time per message as a multiple of each peer's, and bytes of an idle connection."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from cases import PLAIN, USUAL_CONNECTIONS, Case, grid, load_of
from plot import RESULTS

CASES = grid([20, 1024], [1, 16], [USUAL_CONNECTIONS])
GROUPS = ("asyncio", "uvloop", "threads")


def ratios(server: dict[str, Any], case: Case) -> str:
    load = load_of(server, case)
    return " / ".join(f"{value:.2f}" for value in load["ratios"].values()) if load else "-"


def row(server: dict[str, Any]) -> str:
    idle = server["idle"].get(PLAIN)
    cells = [server["title"], *(ratios(server, case) for case in CASES)]
    each = f"{idle['bytes']:,.0f}" if idle else "-"
    return f"| {' | '.join(cells)} | {each} |"


def table(results: dict[str, Any]) -> str:
    heads = [f"{case.size} B, {case.depth} in flight" for case in CASES]
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
