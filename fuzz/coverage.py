#!/usr/bin/env python3
"""Prints which lines of src the Rust tests and the corpora execute, and lists the others.

Needs llvm-profdata and llvm-cov of the LLVM that `rustc -vV` names, e.g. Debian's llvm-22.
LLVM_SUFFIX is what their names end with, e.g. -22; without it, the newest are taken.
"""

import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / "target/coverage"
RAW = WORK / "raw"


def tool(name):
    """A tool of LLVM that can read what rustc writes: of its version or a newer one."""
    if "LLVM_SUFFIX" in os.environ:
        return name + os.environ["LLVM_SUFFIX"]
    said = subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout
    oldest = int(said.partition("LLVM version: ")[2].partition(".")[0])
    for version in range(oldest, oldest + 10):
        if found := shutil.which(f"{name}-{version}"):
            return found
    sys.exit(f"no {name}-{oldest}: install llvm-{oldest}, or set LLVM_SUFFIX")


def test(*options):
    """Builds and runs instrumented tests, and returns the test programs."""
    env = dict(
        os.environ,
        RUSTFLAGS="-Cinstrument-coverage",
        CARGO_TARGET_DIR=str(WORK),
        LLVM_PROFILE_FILE=str(RAW / "%p-%m.profraw"),
    )
    command = ["cargo", "test", *options]
    built = subprocess.run(
        [*command, "--no-run", "--message-format=json"],
        env=env,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ).stdout
    subprocess.run([*command, "--quiet"], env=env, check=True, cwd=ROOT)
    messages = [json.loads(line) for line in built.splitlines() if line.startswith("{")]
    return [message["executable"] for message in messages if message.get("executable")]


def lines_of(programs):
    """How often each line of src was executed, by file."""
    profile = WORK / "all.profdata"
    raw = [str(path) for path in RAW.glob("*.profraw")]
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", "-o", profile, *raw], check=True)
    objects = [option for program in programs[1:] for option in ("-object", program)]
    lcov = subprocess.run(
        [
            tool("llvm-cov"),
            "export",
            "-format=lcov",
            f"-instr-profile={profile}",
            programs[0],
            *objects,
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    files = collections.defaultdict(dict)
    for record in lcov.split("end_of_record"):
        name = re.search(r"^SF:(.*)$", record, re.M)
        path = Path(name.group(1)) if name else ROOT
        if ROOT / "src" not in path.parents:
            continue
        lines = files[str(path.relative_to(ROOT))]
        for line, count in re.findall(r"^DA:(\d+),(\d+)", record, re.M):
            lines[int(line)] = max(int(count), lines.get(int(line), 0))
    return files


def main():
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    shutil.rmtree(RAW, ignore_errors=True)
    tool("llvm-profdata"), tool("llvm-cov")
    programs = test()
    programs += test("--manifest-path", "fuzz/Cargo.toml", "--no-default-features")
    files = lines_of(programs)
    total = executed = 0
    for name, lines in sorted(files.items()):
        missing = sorted(line for line, count in lines.items() if count == 0)
        total += len(lines)
        executed += len(lines) - len(missing)
        text = (ROOT / name).read_text().splitlines()
        for line in missing:
            print(f"{name}:{line}: {text[line - 1].strip()}")
    print(f"{executed} of {total} lines executed, {100 * executed / total:.2f} %")


if __name__ == "__main__":
    main()
