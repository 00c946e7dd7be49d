#!/usr/bin/env python3
"""Writes THIRD-PARTY-NOTICES: the licences of the crates that are linked into the library.

    packaging/notices.py            writes the file
    packaging/notices.py --check    fails if it is not what it should be
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTICES = ROOT / "THIRD-PARTY-NOTICES"
INTRO = """\
These crates are linked into libwscodec. Each is used under the licence that is printed below it.
Written by packaging/notices.py.
"""
# In this order: what a crate offers first is used.
PREFERRED = ("LICENSE-MIT", "LICENSE-MIT.md", "LICENSE.MIT", "LICENSE", "LICENSE.md", "COPYING")
TARGETS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
)
RULE = "-" * 80


def cargo(*arguments: str) -> str:
    command = [*os.environ.get("CARGO", "cargo").split(), *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def linked_on(target: str) -> set[tuple[str, str]]:
    """Names and versions, without those of builds and tests."""
    arguments = ("--edges", "normal,no-proc-macro", "--prefix", "none", "--target", target)
    lines = (line.split() for line in cargo("tree", *arguments).splitlines() if line)
    crates = {(words[0], words[1].lstrip("v")) for words in lines}
    return {crate for crate in crates if crate[0] != "wscodec"}


def linked() -> list[tuple[str, str]]:
    """Names and versions on each of the platforms."""
    return sorted(set().union(*map(linked_on, TARGETS)))


def licence(folder: Path) -> str:
    for name in PREFERRED:
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8").strip()
    sys.exit(f"{folder} has no licence file of a known name")


def notices() -> str:
    metadata = json.loads(cargo("metadata", "--format-version", "1"))
    packages = {(p["name"], p["version"]): p for p in metadata["packages"]}
    text = INTRO
    for name, version in linked():
        package = packages[name, version]
        source = package["repository"] or package["homepage"] or ""
        text += f"\n{RULE}\n{name} {version}  {package['license']}\n{source}\n\n"
        text += licence(Path(package["manifest_path"]).parent) + "\n"
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    if not parser.parse_args().check:
        NOTICES.write_text(notices(), encoding="utf-8")
        return 0
    if NOTICES.is_file() and NOTICES.read_text(encoding="utf-8") == notices():
        return 0
    print("THIRD-PARTY-NOTICES is out of date: run 'make notices'", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
