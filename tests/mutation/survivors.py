"""Compares the changes that no test noticed with those that survivors.md explains. Exits with 1
if a survivor is not explained."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

EXPLAINED = Path(__file__).with_name("survivors.md")


def without_place(mutant: str) -> str:
    """Without line and column, which other changes move."""
    return re.sub(r":\d+:\d+:", ":", mutant, count=1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the output of run.sh")
    folder = parser.parse_args().folder

    def read(run: str, *outcomes: str) -> set[str]:
        files = [folder / run / "mutants.out" / f"{outcome}.txt" for outcome in outcomes]
        return {
            line for file in files if file.exists() for line in file.read_text().splitlines()
        }

    # The second run also tries some that it was not asked for.
    asked = read("first", "missed", "timeout")
    if not asked | read("first", "caught"):
        sys.exit(f"no results in {folder}")
    if lost := asked - read("second", "caught", "missed", "timeout", "unviable"):
        sys.exit("not tried again: " + ", ".join(sorted(lost)))
    caught = len(read("first", "caught")) + len(asked & read("second", "caught"))
    hung, missed = asked & read("second", "timeout"), sorted(asked & read("second", "missed"))
    explained = set(re.findall(r"^- `([^`]+)`", EXPLAINED.read_text(), re.MULTILINE))
    new = [each for each in missed if without_place(each) not in explained]
    for each in new:
        print(f"not explained in {EXPLAINED.name}: {without_place(each)}")
    of = caught + len(hung) + len(missed)
    print(
        f"{caught} of {of} changes caught, {len(hung)} never ended, "
        f"{len(missed)} survived, {len(new)} of them not explained"
    )
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
