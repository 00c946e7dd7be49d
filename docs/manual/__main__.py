"""The command line: `PYTHONPATH=docs python3 -m manual --help`."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from . import check, manpages, site
from .description import Description, load

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    arguments = parse_arguments()
    try:
        description = load(arguments.json)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return fail(f"{arguments.json}: not a description of the library: {error!r}")
    problems = check.problems(description)
    if problems:
        return fail("\n".join(f"{arguments.json}: {problem}" for problem in problems))
    if arguments.check:
        return 0
    try:
        write(pages(description, page_date(arguments.json)), arguments.out)
    except (OSError, ValueError) as error:
        return fail(str(error))
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manual",
        description="Writes man pages to OUT/man3 and OUT/man7, and HTML to OUT/html.",
        epilog="Man pages have the date SOURCE_DATE_EPOCH, or without it that of JSON.",
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=ROOT / "include" / "wscodec.json",
        help="the description of the library; default: include/wscodec.json",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "target" / "manual",
        help="the folder to write to; default: target/manual",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; fail if anything is undocumented or a reference has no target",
    )
    return parser.parse_args()


def pages(description: Description, date: str) -> dict[str, str]:
    """The text of each file, by its path."""
    return {**manpages.pages(description, date), **site.pages(description)}


def page_date(json: Path) -> str:
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or json.stat().st_mtime
    time = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    return time.strftime("%Y-%m-%d")


def write(files: Mapping[str, str], out: Path) -> None:
    for folder in {(out / name).parent for name in files}:
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (out / name).write_text(text, encoding="utf-8")


def fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
