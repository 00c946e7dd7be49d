#!/usr/bin/env python3
"""Draws echo messages per second of CPU time, for each server, from the JSON of run.py.

The scale is logarithmic, so these are dots and not bars: a bar's length would mean nothing.
"""

from __future__ import annotations

import argparse
import json
import math
from html import escape
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent.parent / "results"

WIDTH, LEFT, RIGHT, TOP, ROW = 760, 226, 74, 92, 27
OURS, THEIRS, INK, FAINT = "#c2410c", "#475569", "#1e293b", "#e2e8f0"


def speeds(
    results: dict[str, Any], groups: list[str], size: int, depth: int
) -> list[tuple[str, str, float]]:
    """Name, title and messages per CPU second of the servers in these groups, the fastest
    first."""
    rows = [
        (server["name"], server["title"], 1e6 / load["cpu_us"])
        for server in results["servers"]
        for load in server.get("load", [])
        if server["group"] in groups and (load["size"], load["depth"]) == (size, depth)
    ]
    return sorted(rows, key=lambda row: -row[2])


def ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten: from the last below `low` to the first above `high`."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = [digit * 10.0**exponent for exponent in exponents for digit in (1, 2, 5)]
    first = max(step for step in steps if step <= low)
    last = min(step for step in steps if step >= high)
    return [step for step in steps if first <= step <= last]


def short(number: float) -> str:
    if number >= 1e6:
        return f"{number / 1e6:.3g} M"
    return f"{number / 1e3:.3g} k" if number >= 1e3 else f"{number:.3g}"


def text(x: float, y: float, content: str, **style: str) -> str:
    attributes = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in style.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{attributes}>{escape(content)}</text>'


class Scale:
    def __init__(self, low: float, high: float) -> None:
        self.low, self.span = math.log10(low), math.log10(high / low) or 1.0

    def __call__(self, value: float) -> float:
        part = (math.log10(value) - self.low) / self.span
        return LEFT + part * (WIDTH - LEFT - RIGHT)


def grid(marks: list[float], scale: Scale, bottom: float) -> list[str]:
    lines = []
    for mark in marks:
        x = scale(mark)
        lines.append(f'<path d="M{x:.1f} {TOP - 6}V{bottom}" stroke="{FAINT}"/>')
        lines.append(text(x, bottom + 17, short(mark), text_anchor="middle", fill=THEIRS))
    return lines


def row(index: int, name: str, title: str, speed: float, scale: Scale) -> list[str]:
    x, y = scale(speed), TOP + (index + 0.5) * ROW
    ours = name.startswith("wscodec")
    color, weight = (OURS, "bold") if ours else (THEIRS, "normal")
    return [
        f'<path d="M{LEFT} {y}H{x:.1f}" stroke="{color}" stroke-opacity=".35"/>',
        f'<circle cx="{x:.1f}" cy="{y}" r="5.5" fill="{color}"/>',
        text(LEFT - 12, y + 4.5, title, text_anchor="end", fill=color, font_weight=weight),
        text(x + 11, y + 4.5, short(speed), fill=color, font_weight=weight),
    ]


def draw(results: dict[str, Any], groups: list[str], size: int, depth: int) -> str:
    rows = speeds(results, groups, size, depth)
    if not rows:
        raise SystemExit(f"no results of {groups} for {size} B at depth {depth}")
    marks = ticks(rows[-1][2], rows[0][2])
    scale = Scale(marks[0], marks[-1])
    bottom = TOP + len(rows) * ROW
    machine = results["machine"]
    what = f"{size} B, {depth} in flight on each of {results['connections']} connections"
    where = f"{machine['cpu']}, one core for the server, one for its clients"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + 34}" '
        f'viewBox="0 0 {WIDTH} {bottom + 34}" font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        text(16, 25, "Echoes per second of CPU time (logarithmic scale)", font_size="16",
             font_weight="bold", fill=INK),
        text(16, 46, what, font_size="12", fill=THEIRS),
        text(16, 63, f"{where}; {results['date']}", font_size="12", fill=THEIRS),
        *grid(marks, scale, bottom),
    ]  # fmt: skip
    for index, (name, title, speed) in enumerate(rows):
        parts += row(index, name, title, speed, scale)
    return "\n".join([*parts, "</svg>\n"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--json",
        default=RESULTS / "echo.json",
        type=Path,
        help="the output of run.py (%(default)s)",
    )
    add(
        "--svg",
        default=RESULTS / "echo.svg",
        type=Path,
        help="the picture to write (%(default)s)",
    )
    add(
        "--groups",
        default="native,asyncio,uvloop,threads",
        help="of servers, with commas (%(default)s)",
    )
    add("--size", default=20, type=int, help="bytes of a message (%(default)s)")
    add("--depth", default=16, type=int, help="messages in flight (%(default)s)")
    options = parser.parse_args()
    results = json.loads(options.json.read_text())
    picture = draw(results, options.groups.split(","), options.size, options.depth)
    options.svg.write_text(picture)


if __name__ == "__main__":
    main()
