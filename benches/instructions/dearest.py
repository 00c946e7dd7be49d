"""The dearest inputs: what a byte of them costs, and the limits."""

from __future__ import annotations

from typing import NamedTuple

import callgrind
from callgrind import Count
from counts import Measured, Row, wrong_calls

PLAIN = 20
"""An input that costs more than so many times plain input, per byte, needs an argument."""

LINEAR = 1.1
"""The most that the cost of a byte may grow with four times the input."""

ENDLESS = 4
"""The most that the time of a byte may grow from 1 MiB to 16 MiB. If the work is quadratic, it
grows by 16; the rest is for the caches of a busy machine."""

FACTS = ["times plain", "growth", "bytes held", "argument"]
"""The columns of worst.md that calls.md does not have."""


class Run(NamedTuple):
    """A case with one size."""

    functions: str
    input: str
    plain: str
    argument: str
    quadratic: bool
    bytes: int
    nanoseconds: int
    held: str

    @classmethod
    def of(cls, printed: list[str]) -> Run:
        functions, input_, plain, argument, quadratic, size, time, held = printed
        return cls(
            functions, input_, plain, argument, quadratic == "1", int(size), int(time), held
        )

    @property
    def name(self) -> str:
        return f"{self.functions}: {self.input}"


class Case(NamedTuple):
    """Two runs, of which the second has more input, and the instructions per byte of each."""

    small: Run
    large: Run
    costs: tuple[float, float]
    called: frozenset[str]

    @property
    def growth(self) -> float:
        return self.costs[1] / self.costs[0]


def pairs(printed: list[list[str]], found: list[Count]) -> list[Case]:
    runs = [Run.of(line) for line in printed]
    cases = []
    for at in range(0, len(runs), 2):
        small, large = runs[at : at + 2]
        low, high = (found[at + i].instructions / runs[at + i].bytes for i in (0, 1))
        cases.append(Case(small, large, (low, high), found[at + 1].called))
    return cases


def times_plain(case: Case, cases: list[Case]) -> float:
    """Compared with the plain input of the first function that the case names."""
    first = case.large.functions.split()[0]
    for other in cases:
        same = other.large.functions.split()[0] == first
        if same and other.large.input == case.large.plain:
            return case.costs[1] / other.costs[1]
    assert not case.large.plain, f"{case.large.name}: no case has its plain input"
    return 1.0


def row_of(case: Case, cases: list[Case]) -> Row:
    run, times = case.large, times_plain(case, cases)
    facts = (f"{times:.1f}", f"{case.growth:.2f}", run.held, run.argument)
    return Row(run.functions, run.input, round(case.costs[1], 4), facts=facts)


def limits(case: Case, cases: list[Case]) -> list[str]:
    """The limits that the case exceeds without an argument."""
    found, name, times = [], case.large.name, times_plain(case, cases)
    if times > PLAIN and not case.large.argument:
        found.append(f"{name}: {times:.1f} times plain input, without an argument")
    if case.growth > LINEAR and not (case.large.quadratic and case.large.argument):
        found.append(f"{name}: a byte costs {case.growth:.2f} times as much in a longer input")
    return found


def endless(printed: list[list[str]]) -> list[str]:
    """The cases whose time is not linear."""
    found, runs = [], [Run.of(line) for line in printed]
    for small, large in zip(runs[::2], runs[1::2]):
        grown = large.nanoseconds / small.nanoseconds / (large.bytes / small.bytes)
        if grown > ENDLESS:
            found.append(f"{large.name}: a byte takes {grown:.1f} times as long in 16 MiB")
    return found


def worst() -> Measured:
    program = callgrind.build("worst")
    cases = pairs(*callgrind.count(program))
    rows = tuple(row_of(case, cases) for case in cases)
    failures = [text for case in cases for text in limits(case, cases)]
    failures += [
        text for row, case in zip(rows, cases) for text in wrong_calls(row, case.called)
    ]
    return Measured(rows, failures + endless(callgrind.run(program, "endless")))
