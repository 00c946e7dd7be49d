"""The tables of counts, and what a change of a count needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

GROWTH = 1.05
"""A count that exceeds the recorded one by more fails."""

CHANGE = 1.02
"""A change by more, up or down, is recorded with a reason. A smaller one is not recorded, so
that several of them add up to one that needs a reason."""

HEAD = ["functions", "input", "count", "since", "reason"]
"""The first columns of each table; others follow."""

Key = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """A case: the functions it calls, its input, and what was counted."""

    functions: str
    input: str
    count: float
    since: str = ""
    reason: str = ""
    facts: tuple[str, ...] = ()
    """Other columns, which follow from the case and the count."""

    @property
    def key(self) -> Key:
        return self.functions, self.input

    @property
    def name(self) -> str:
        return f"{self.functions}: {self.input}" if self.input else self.functions


@dataclass(frozen=True)
class Table:
    """Rows, and the tools that they were counted with."""

    tools: str
    rows: tuple[Row, ...]


class Measured(NamedTuple):
    """A table as it is now, and what is wrong with it apart from recorded counts."""

    rows: tuple[Row, ...]
    failures: list[str]


def number(count: float) -> str:
    """So many digits that 1 % shows."""
    if count == int(count):
        return f"{count:.0f}"
    return f"{count:.2f}" if count > 1 else f"{count:.4f}"


def read(path: Path) -> Table:
    """An absent file is an empty table."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    tools = re.search(r"^Counted with (.*)\.$", text, re.MULTILINE)
    rows = []
    for line in re.findall(r"^\| (.*) \|$", text, re.MULTILINE)[1:]:
        functions, input_, count, since, reason, *facts = (
            cell.strip() for cell in line.split(" | ")
        )
        rows.append(Row(functions, input_, float(count), since, reason, tuple(facts)))
    return Table(tools[1] if tools else "", tuple(rows))


def write(path: Path, table: Table, title: str, facts: list[str]) -> None:
    head = HEAD + facts
    lines = [f"# {title}", "", f"Counted with {table.tools}.", ""]
    lines += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in table.rows:
        cells = [row.functions, row.input, number(row.count), row.since, row.reason]
        lines.append(f"| {' | '.join([*cells, *row.facts])} |")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def failures(before: Table, now: Table) -> list[str]:
    """What is wrong with new counts."""
    recorded = {row.key: row for row in before.rows}
    counted = {row.key for row in now.rows}
    found = [
        f"{row.name}: recorded, but there is no such case"
        for row in before.rows
        if row.key not in counted
    ]
    for row in now.rows:
        old = recorded.get(row.key)
        if old is None:
            found.append(f"{row.name}: not recorded")
        elif row.count > GROWTH * old.count:
            found.append(f"{row.name}: {number(row.count)}, recorded {number(old.count)}")
    return found


def changed(old: Row | None, new: Row) -> bool:
    """Whether the change needs a reason."""
    if old is None:
        return True
    low, high = sorted((old.count, new.count))
    return high > CHANGE * low


def record(before: Table, now: Table, reason: str, today: str) -> Table:
    """The table to write. Raises ValueError if a change needs a reason and has none."""
    recorded = {row.key: row for row in before.rows}
    rows = []
    for new in now.rows:
        old = recorded.get(new.key)
        if changed(old, new):
            if not reason.strip() or "|" in reason or "\n" in reason:
                raise ValueError(f"{new.name}: a change of more than 2 % needs a reason")
            new = replace(new, since=today, reason=reason.strip())
        elif old is not None:
            new = replace(new, count=old.count, since=old.since, reason=old.reason)
        rows.append(new)
    return Table(now.tools, tuple(rows))


def wrong_calls(row: Row, called: frozenset[str]) -> list[str]:
    """A case names exactly the functions that it counts."""
    named = frozenset(row.functions.split())
    wrong = sorted(named ^ called)
    return [f"{row.name}: {' '.join(wrong)} not both named and called"] if wrong else []
