#!/usr/bin/env python3
"""Records what the bindings do: vectors, checks of their echo servers, and CPU time per message
as a multiple of the usual library's. Writes bindings/results.json and the table of the README.

make bindings test-bindings first. LANGUAGES names those to record; default: all.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from languages import ALL, FOLDERS, LANGUAGES, make, program, vectors_passed
from table import CASES, RESULTS, table
from wire import ROOT


def checks_passed(language: str) -> int:
    """How many checks the binding has passed, without those of the documentation."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*pytest, "-k", "not readme and not documented", "tests/bindings"],
        cwd=ROOT,
        env={**os.environ, "LANGUAGES": language},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    match = re.search(r"(\d+) passed", done.stdout)
    assert match
    return int(match[1])


def ratios(language: str) -> dict[str, float]:
    """CPU time per message, divided by the usual library's; none if there is no such server."""
    if not Path(program(language, "peer_server")).exists():
        return {}
    out = ROOT / "target" / "bindings" / language / "bench.json"
    sizes, depths = ({str(case[i]) for case in CASES} for i in (0, 1))
    subprocess.run(
        [
            *("benches/echo/run.py", "--servers", language, "--rounds", "3", "--idle", "0"),
            *("--sizes", ",".join(sizes), "--depths", ",".join(depths), "--json", str(out)),
        ],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    servers = json.loads(out.read_text())["servers"]
    (ours,) = [server for server in servers if server["name"] == f"{language}-wscodec"]
    measured = {(load["size"], load["depth"]): load["ratios"] for load in ours["load"]}
    return {
        f"{size}x{depth}": measured[size, depth][f"{language}-peer"] for size, depth in CASES
    }


def write(results: dict[str, Any]) -> None:
    """Writes the results, and the table of the README."""
    results = {name: results[name] for name in ALL if name in results}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    readme = FOLDERS / "README.md"
    text = readme.read_text()
    readme.write_text(
        re.sub(r"^\| language .*?\n(?!\|)", table(results) + "\n", text, flags=re.M | re.S)
    )


def main() -> None:
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for language in LANGUAGES:
        print(f"{language} ...", file=sys.stderr, flush=True)
        results[language] = {
            "version": make(language, "version").strip(),
            "vectors": vectors_passed(language),
            "checks": checks_passed(language),
            "ratios": ratios(language),
        }
        write(results)


if __name__ == "__main__":
    main()
