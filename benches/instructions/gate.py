#!/usr/bin/env python3
"""Counts instructions with callgrind, so that other load on the machine does not matter, and
compares them with the recorded tables: calls.md, ordinary calls; worst.md, the dearest inputs.

    gate.py calls|worst                           fails if a count is 5 % above the recorded one
    gate.py calls|worst --record --reason TEXT    records the counts

README.md says what is counted and how."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

import callgrind
import counts
import dearest
from counts import Measured, Row, Table

HERE = Path(__file__).resolve().parent

TITLES = {
    "calls": "Instructions of ordinary calls",
    "worst": "Instructions per byte of the dearest inputs",
}
FACTS: dict[str, list[str]] = {"calls": [], "worst": dearest.FACTS}
"""The columns that follow those of counts.py."""


def calls() -> Measured:
    printed, found = callgrind.count(callgrind.build("calls"))
    rows = tuple(
        Row(functions, input_, each.instructions)
        for (functions, input_), each in zip(printed, found)
    )
    failures = [
        text for row, each in zip(rows, found) for text in counts.wrong_calls(row, each.called)
    ]
    return Measured(rows, failures)


def show(before: Table, rows: tuple[Row, ...]) -> None:
    recorded = {row.key: row.count for row in before.rows}
    for row in rows:
        old = counts.number(recorded[row.key]) if row.key in recorded else "-"
        print(f"{counts.number(row.count):>9} {old:>9}  {row.name}")


def judge(before: Table, now: Table, failures: list[str]) -> int:
    """Prints the verdict; returns the exit status."""
    if before.tools == now.tools:
        failures = failures + counts.failures(before, now)
    else:
        print(f"recorded with {before.tools}, but this is {now.tools}: counts not compared")
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{len(now.rows)} cases, {len(failures)} failures")
    return 1 if failures else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", choices=sorted(TITLES))
    parser.add_argument("--record", action="store_true", help="record these counts")
    parser.add_argument("--reason", default="", help="of each change by more than 2 %%")
    options = parser.parse_args(arguments)
    path = HERE / f"{options.table}.md"
    before = counts.read(path)
    rows, failures = calls() if options.table == "calls" else dearest.worst()
    now = Table(callgrind.tools(), rows)
    show(before, rows)
    if not options.record:
        return judge(before, now, failures)
    try:
        today = datetime.date.today().isoformat()
        table = counts.record(before, now, options.reason, today)
    except ValueError as error:
        sys.exit(f"{error}: --reason TEXT")
    counts.write(path, table, TITLES[options.table], FACTS[options.table])
    return judge(table, now, failures)


if __name__ == "__main__":
    sys.exit(main())
