#!/usr/bin/env python3
"""Draws CPU time per message of 20 B, for each server and number of connections, from the JSON
of run.py.

Each column has a logarithmic scale, so these are dots and not bars: a bar's length would mean
nothing.
"""

from __future__ import annotations

import argparse
import json
import math
from html import escape
from pathlib import Path
from typing import Any

from cases import DEPTHS, FEW_AND_MANY, MOST_ACTIVE, USUAL_CONNECTIONS, Case, grid

RESULTS = Path(__file__).resolve().parent.parent / "results"
COLUMNS = sorted(grid([20], DEPTHS, [*FEW_AND_MANY, USUAL_CONNECTIONS]))

WIDTH, LEFT, COLUMN, LABEL, TOP, ROW, GAP = 860, 206, 108, 48, 118, 23, 14
OURS, THEIRS, INK, FAINT = "#c2410c", "#475569", "#1e293b", "#e2e8f0"

Row = dict[Case, float]  # CPU time per message, in us


def text(x: float, y: float, content: str, **style: str) -> str:
    attributes = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in style.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{attributes}>{escape(content)}</text>'


def cells(server: dict[str, Any]) -> Row:
    return {Case.of(load): load["cpu_us"] for load in server.get("load", [])}


def place(server: dict[str, Any]) -> float:
    """Servers that need less are shown first, by their usual number of connections."""
    row = cells(server)
    return sum(math.log(row.get(case, math.inf)) for case in COLUMNS[1::3])


class Scale:
    """From CPU time to the x of a dot, in one column."""

    def __init__(self, column: int, values: list[float]) -> None:
        self.start = LEFT + column * COLUMN + 8
        self.low = math.log10(min(values))
        self.span = math.log10(max(values)) - self.low or 1.0

    def __call__(self, value: float) -> float:
        return self.start + (math.log10(value) - self.low) / self.span * (COLUMN - LABEL - 16)


def scales(servers: list[dict[str, Any]]) -> dict[Case, Scale]:
    rows = [cells(server) for server in servers]
    found = {}
    for number, case in enumerate(COLUMNS):
        values = [row[case] for row in rows if case in row]
        if values:
            found[case] = Scale(number, values)
    return found


def heads(bottom: float) -> list[str]:
    parts = []
    for number, case in enumerate(COLUMNS):
        x = LEFT + number * COLUMN
        many = case.active < case.connections
        parts += [
            f'<path d="M{x} {TOP - 22}V{bottom}" stroke="{FAINT}"/>',
            text(x + 8, TOP - 26, f"{case.connections:,}" + (" *" if many else ""), fill=INK),
        ]
        if case.connections == min(COLUMNS).connections:
            title = f"{case.depth} in flight, connections:"
            parts.append(text(x + 8, TOP - 44, title, fill=INK, font_weight="bold"))
    return parts


def line(server: dict[str, Any], y: float, scale: dict[Case, Scale]) -> list[str]:
    ours = server["name"].startswith("wscodec")
    color, weight = (OURS, "bold") if ours else (THEIRS, "normal")
    style = {"fill": color, "font_weight": weight}
    parts = [text(LEFT - 12, y + 4.5, server["title"], text_anchor="end", **style)]
    for case, cpu in cells(server).items():
        if case not in scale:
            continue
        x = scale[case](cpu)
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{color}"/>',
            text(x + 9, y + 4.5, f"{cpu:#.3g}".removesuffix("."), **style),
        ]
    return parts


def draw(results: dict[str, Any], groups: list[str]) -> str:
    shown = [s for s in results["servers"] if s["group"] in groups and s.get("load")]
    if not shown:
        raise SystemExit(f"no results of {groups}")
    scale, y, lines = scales(shown), float(TOP), []
    for group in groups:
        for server in sorted((s for s in shown if s["group"] == group), key=place):
            lines += line(server, y, scale)
            y += ROW
        y += GAP if any(s["group"] == group for s in shown) else 0
    bottom = y - GAP - ROW / 2
    note = f"* {MOST_ACTIVE} of them are active. Last: two threads on two cores."
    where = f"{results['machine']['cpu']}; {results['date']}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + 34:.0f}" '
        f'viewBox="0 0 {WIDTH} {bottom + 34:.0f}" font-family="sans-serif" font-size="12.5">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        text(16, 25, "CPU time of an echo server, microseconds per message of 20 B",
             font_size="16", font_weight="bold", fill=INK),
        text(16, 46, f"Left is better; each column has its own logarithmic scale. {where}",
             font_size="12", fill=THEIRS),
        *heads(bottom),
        *lines,
        text(16, bottom + 20, note, font_size="12", fill=THEIRS),
    ]  # fmt: skip
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
    add("--groups", default="native,two-cores", help="of servers, with commas (%(default)s)")
    options = parser.parse_args()
    results = json.loads(options.json.read_text())
    options.svg.write_text(draw(results, options.groups.split(",")))


if __name__ == "__main__":
    main()
