#!/usr/bin/env python3
"""Builds and runs the fuzz targets with libFuzzer, as cargo-fuzz does, by the stable compiler.

fuzz/run.py [--time SECONDS] [--asan] [TARGET ...]   runs targets, and records the results
fuzz/run.py --minimise [TARGET ...]                  rewrites the committed corpora
fuzz/run.py --build                                  only builds

What a run finds is in target/fuzz/corpus, and inputs that fail in target/fuzz/failures.
"""

import argparse
import base64
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / "target/fuzz"
RESULTS = HERE / "results.json"
TABLE = HERE / "RESULTS.md"

# What cargo-fuzz passes.
COVERAGE = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
]

# The longest input, where the default of 4096 bytes would waste time or miss something.
MAX_LEN = dict(
    api=800, close=160, conn=800, control=1000, decoder=600, frame=400, mask=400, memory=800,
    negotiation=600, pmd=600, tungstenite=800, utf8=300, values=600, wslay=800,
)  # fmt: skip
# Longer inputs are not committed.
MOST_COMMITTED = 500

DICTIONARIES = {
    "http": ["builders", "fields", "negotiation", "request", "response", "values"],
    "frames": ["api", "conn", "decoder", "frame", "tungstenite", "wslay"],
    "deflate": ["pmd"],
}


def targets():
    names = sorted(path.stem for path in (HERE / "fuzz_targets").glob("*.rs"))
    return [name for name in names if name != "wslay" or has_wslay()]


def has_wslay():
    return Path("/usr/include/wslay/wslay.h").exists()


def host():
    said = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    return re.search(r"^host: (.*)$", said, re.M).group(1)


def build(asan):
    """Builds all targets, and returns the folder they are in."""
    flags = COVERAGE + (["-Zsanitizer=address"] if asan else [])
    folder = ROOT / ("target/fuzz-asan" if asan else "target/fuzz-plain")
    # The sanitizer is not stable. With --target, build scripts are compiled without flags.
    env = dict(os.environ, RUSTC_BOOTSTRAP="1", RUSTFLAGS=" ".join(flags))
    features = ["--features", "wslay"] if has_wslay() else []
    command = [
        "cargo",
        "build",
        "--release",
        "--quiet",
        "--bins",
        "--target",
        host(),
        "--manifest-path",
        HERE / "Cargo.toml",
        "--target-dir",
        folder,
        *features,
    ]
    subprocess.run(command, env=env, check=True)
    return folder / host() / "release"


# ---- corpora ----


def unpack(name):
    """Adds the committed corpus to the one that grows, and returns its folder."""
    folder = WORK / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    packed = HERE / "corpus" / f"{name}.txt"
    lines = packed.read_text().splitlines() if packed.exists() else []
    for number, line in enumerate(line for line in lines if not line.startswith("#")):
        (folder / f"committed-{number:05}").write_bytes(base64.b64decode(line))
    return folder


def kept(name):
    """The comments of a committed corpus, each with the input after it, which stays."""
    packed = HERE / "corpus" / f"{name}.txt"
    lines = packed.read_text().splitlines() if packed.exists() else []
    return [
        line
        for at, line in enumerate(lines)
        if line.startswith("#") or at > 0 and lines[at - 1].startswith("#")
    ]


def minimise(binaries, name):
    """The fewest inputs that reach every edge as often as some input of the corpus does."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["-set_cover_merge=1", f"-max_len={MOST_COMMITTED}"]
        command = [binaries / name, *options, folder, unpack(name)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        inputs = {
            base64.b64encode(path.read_bytes()).decode() for path in Path(folder).iterdir()
        }
    lines = kept(name)
    lines += sorted(inputs - set(lines), key=lambda line: (len(line), line))
    packed = HERE / "corpus" / f"{name}.txt"
    packed.parent.mkdir(exist_ok=True)
    packed.write_text("".join(f"{line}\n" for line in lines))
    print(f"{name}: {len(lines)} inputs, {packed.stat().st_size} bytes")


# ---- runs ----


def run(binaries, name, seconds, asan):
    """Runs a target, and returns what it did."""
    failures = WORK / "failures" / name
    failures.mkdir(parents=True, exist_ok=True)
    command = [
        binaries / name,
        unpack(name),
        f"-max_total_time={seconds}",
        "-print_final_stats=1",
        f"-artifact_prefix={failures}/",
        "-timeout=10",
        f"-max_len={MAX_LEN.get(name, 4096)}",
        "-len_control=50",
    ]
    for dictionary, names in DICTIONARIES.items():
        if name in names:
            command.append(f"-dict={HERE / 'dictionaries' / dictionary}.dict")
    log = WORK / f"{name}.log"
    started = datetime.datetime.now(datetime.timezone.utc)
    with open(log, "wb") as out:
        status = subprocess.run(command, stdout=out, stderr=out).returncode
    ended = datetime.datetime.now(datetime.timezone.utc)
    said = log.read_text(errors="replace")
    executed = re.findall(r"stat::number_of_executed_units:\s*(\d+)", said)
    coverage = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", said)
    edges, features, corpus = coverage[-1] if coverage else (0, 0, 0)
    found = re.findall(r"Test unit written to (.*)", said)
    for path in found:
        print(f"{name}: FAILS on {path}, see {log}", flush=True)
    if status != 0 and not found:
        print(f"{name}: ended with status {status}, see {log}", flush=True)
    return {
        "target": name,
        "date": started.date().isoformat(),
        "seconds": round((ended - started).total_seconds()),
        "asan": asan,
        "executions": int(executed[-1]) if executed else 0,
        "edges": int(edges),
        "features": int(features),
        "corpus": int(corpus),
        "failures": len(found),
    }, status


def record(results):
    all_results = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    all_results += results
    lines = ",\n".join(json.dumps(result) for result in all_results)
    RESULTS.write_text(f"[\n{lines}\n]\n")
    TABLE.write_text(table(all_results))


def table(results):
    """The sums over all runs; edges and inputs of the last run without the sanitizer."""
    text = "# Runs of the fuzz targets\n\n`run.py` writes this page from `results.json`.\n\n"
    columns = ["executions", "with ASan", "time", "edges", "inputs", "failures", "last run"]
    text += f"| target | {' | '.join(columns)} |\n|---|{'--:|' * 6}---|\n"
    for name in sorted({result["target"] for result in results}):
        runs = [result for result in results if result["target"] == name]
        plain = [result for result in runs if not result["asan"]] or runs
        total = sum(result["executions"] for result in runs)
        asan = sum(result["executions"] for result in runs if result["asan"])
        minutes = sum(result["seconds"] for result in runs) / 60
        failures = sum(result["failures"] for result in runs)
        last = plain[-1]
        text += (
            f"| {name} | {total:,} | {asan:,} | {minutes:.0f} min | {last['edges']:,} | "
            f"{last['corpus']:,} | {failures} | {runs[-1]['date']} |\n"
        )
    total = sum(result["executions"] for result in results)
    return text + f"\n{total:,} executions in all.\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--time", type=int, default=60, help="seconds for each target")
    parser.add_argument("--asan", action="store_true", help="with the address sanitizer")
    parser.add_argument("--minimise", action="store_true", help="rewrite the committed corpora")
    parser.add_argument("--build", action="store_true", help="only build")
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    unknown = set(options.targets) - set(targets())
    if unknown:
        parser.error(
            f"no such target: {', '.join(sorted(unknown))}; there are: {', '.join(targets())}"
        )
    names = options.targets or targets()
    binaries = build(options.asan)
    if options.build:
        return 0
    if options.minimise:
        for name in names:
            minimise(binaries, name)
        return 0
    failed = False
    for name in names:
        result, status = run(binaries, name, options.time, options.asan)
        record([result])
        print(
            f"{name}: {result['executions']:,} executions in {result['seconds']} s, "
            f"{result['edges']} edges, {result['failures']} failures",
            flush=True,
        )
        failed |= status != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
