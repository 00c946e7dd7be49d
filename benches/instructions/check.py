#!/usr/bin/env python3
"""Counts the instructions of fixed cases with callgrind, so that other load on the machine does not
matter. Fails if a count has grown by more than 5 % since it was recorded.

The recorded counts are those of one compiler; with another one, counts are printed but not judged.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target" / "instructions"
EXPECTED = HERE / "expected.json"
TIMES = 200
GROWTH = 1.05


def build() -> Path:
    program = TARGET / "cases"
    TARGET.mkdir(parents=True, exist_ok=True)
    library = ROOT / "target" / "lib"
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror"]
    links = [f"-L{library}", f"-Wl,-rpath,{library}", "-lwscodec"]
    source = str(HERE / "cases.c")
    command = [os.environ.get("CC", "cc"), *flags, f"-I{ROOT / 'include'}", source, *links]
    subprocess.run([*command, "-o", str(program)], check=True)
    return program


def instructions(program: Path, case: str, times: int) -> int:
    """The instructions of the whole process."""
    out = TARGET / "callgrind.out"
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
    run = subprocess.run(
        [*valgrind, str(program), case, str(times)], check=False, capture_output=True, text=True
    )
    if run.returncode != 0:
        sys.exit(f"{case}: {run.stderr}")
    found = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
    assert found, "callgrind reports no total"
    return int(found[1])


def count(program: Path, case: str) -> int:
    """Instructions per call. Both runs include the first calls, which detect the processor."""
    few, many = (instructions(program, case, times) for times in (TIMES, 2 * TIMES))
    return round((many - few) / TIMES)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="record these counts as expected")
    record = parser.parse_args().record
    rustc = subprocess.run(
        ["rustc", "--version"], check=True, capture_output=True, text=True
    ).stdout.strip()
    expected = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    comparable = expected.get("rustc") == rustc
    program = build()
    names = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    counts: dict[str, int] = {}
    grown = []
    print(f"{'instructions per call':52} {'now':>8} {'before':>8}")
    for case in names.splitlines():
        now = counts[case] = count(program, case)
        before = expected.get("cases", {}).get(case)
        print(f"{case:52} {now:8} {before or '-':>8}")
        if not before or now > GROWTH * before:
            grown.append(case)
    if record:
        text = json.dumps({"rustc": rustc, "cases": counts}, indent=2) + "\n"
        EXPECTED.write_text(text, encoding="utf-8")
        print(f"recorded for {rustc}")
        return 0
    if not comparable:
        print(f"recorded for {expected.get('rustc')}, but this is {rustc}: not judged")
        return 0
    for case in grown:
        print(f"{case}: more than 5 % above the recorded count", file=sys.stderr)
    print(f"{len(counts) - len(grown)} passed, {len(grown)} failed")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
