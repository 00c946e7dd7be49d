#!/usr/bin/env python3
"""Prints bindings/results.json as the table of bindings/README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[2] / "bindings" / "results.json"
CASES = [(20, 1), (1024, 1), (20, 16), (1024, 16)]  # size and messages in flight


def row(language: str, result: dict[str, Any]) -> str:
    measured = [result["ratios"].get(f"{size}x{depth}") for size, depth in CASES]
    ratios = ["-" if ratio is None else f"{ratio:.2f}" for ratio in measured]
    counts = [str(result["vectors"]), str(result["checks"])]
    return (
        f"| [{language}]({language}/) | {' | '.join(counts + ratios)} | {result['version']} |"
    )


def table(results: dict[str, Any]) -> str:
    heads = [f"{size} B, {depth}" for size, depth in CASES]
    lines = [f"| language | vectors | checks | {' | '.join(heads)} | versions |"]
    lines.append("|---" * (4 + len(CASES)) + "|")
    return "\n".join(lines + [row(name, result) for name, result in results.items()])


if __name__ == "__main__":
    print(table(json.loads(RESULTS.read_text())))
