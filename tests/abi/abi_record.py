#!/usr/bin/env python3
"""Compares include/wscodec.json with the recorded ABI, tests/abi/NUMBER/facts.txt.

abi_record.py            fails on every change but an addition, and on one that is not recorded
abi_record.py --add      records additions
abi_record.py --sizes    prints the sizes that structs have had, as a C header
abi_record.py --asserts  prints the record as static assertions in C
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import abi_facts as facts
from abi_facts import Abi, Fact

HERE = Path(__file__).resolve().parent
JSON = HERE.parent.parent / "include" / "wscodec.json"
INTRO = """\
# What programs compiled for libwscodec.so.{abi} rely on. `make abi` adds lines; no line is ever
# changed or removed. Sizes, alignments and offsets: with 64 and with 32 bits. A struct that has
# grown has a line for each size: all of them stay valid.
"""


def text(abi: int, record: list[Fact]) -> str:
    return INTRO.format(abi=abi) + "".join(f"{fact}\n" for fact in record)


def read(path: Path) -> Abi:
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return Abi([facts.parsed(line) for line in lines if line and not line.startswith("#")])


def compare(recorded: Abi, current: Abi, path: Path, add: bool) -> int:
    problems = facts.broken(recorded, current)
    additions = facts.added(recorded, current)
    for problem in problems:
        print(f"abi: {problem}", file=sys.stderr)
    if problems:
        print("abi: programs would notice: undo it, or raise the ABI number", file=sys.stderr)
        return 1
    if add:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text(int(path.parent.name), facts.merged(recorded, current)), "utf-8")
        print(f"abi: {len(additions)} facts added to {path}")
        return 0
    for fact in additions:
        print(f"abi: not recorded: {fact}", file=sys.stderr)
    if additions:
        print("abi: run 'make abi' to record what was added", file=sys.stderr)
        return 1
    print(f"abi: {len(recorded.facts)} facts of ABI {path.parent.name} hold")
    return 0


# ---- for C ----


def here(value: str) -> str:
    """The number for the machine that compiles."""
    of_64, of_32 = facts.numbers(value)
    return str(of_64) if of_64 == of_32 else f"(sizeof(void *) == 8 ? {of_64} : {of_32})"


def sizes(recorded: Abi) -> str:
    """A table for each extensible struct, e.g. `sizes_of_ws_accepted`."""
    lines = ["/* Printed by tests/abi/abi_record.py. */", "#include <stddef.h>"]
    for name in filter(recorded.extensible, recorded.sizes):
        values = ", ".join(here("/".join(map(str, size))) for size in recorded.sizes[name])
        lines.append(f"static const size_t sizes_of_{name}[] = {{{values}}};")
    return "\n".join(lines) + "\n"


def asserted(fact: Fact, recorded: Abi) -> str | None:
    """What the C compiler can check of a fact; signatures need no constant expression."""
    if fact.kind == "constant":
        return f"{fact.name} == {fact.value.partition(',')[0]}"
    if fact.kind == "size" and facts.numbers(fact.value) == recorded.size(fact.name):
        return f"sizeof({fact.name}) == {here(fact.value)}"
    if fact.kind == "struct":
        alignment = here(fact.value.rpartition(" ")[2])
        return f"ALIGNED({fact.name}, {alignment})"
    if fact.kind == "field":
        offset = here(fact.value.rpartition(" at ")[2])
        return f"offsetof({fact.struct}, {fact.name.partition('.')[2]}) == {offset}"
    return None


# i386 aligns uint64_t to 4 in a struct; every other machine with 32 bits to 8.
ASSERTS = """\
/* Printed by tests/abi/abi_record.py. */
#include "wscodec.h"
#include <stddef.h>
#ifdef __i386__
#define ALIGNED(type, alignment) 1
#else
#define ALIGNED(type, alignment) (offsetof(struct { char c; type s; }, s) == (alignment))
#endif
"""


def asserts(recorded: Abi) -> str:
    lines = []
    for number, fact in enumerate(recorded.facts):
        condition = asserted(fact, recorded)
        if condition:
            lines.append(f"typedef char fact_{number}[({condition}) ? 1 : -1];")
        if fact.kind == "function":
            result, _, parameters = fact.value.partition(" (")
            lines.append(f"{result} {fact.name}({parameters};")
    return ASSERTS + "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for option in ("--add", "--sizes", "--asserts"):
        parser.add_argument(option, action="store_true")
    options = parser.parse_args()
    description = json.loads(JSON.read_text("utf-8"))
    path = HERE / str(description["abi"]) / "facts.txt"
    recorded = read(path)
    if options.sizes or options.asserts:
        sys.stdout.write(sizes(recorded) if options.sizes else asserts(recorded))
        return 0
    return compare(recorded, Abi(facts.of(description)), path, options.add)


if __name__ == "__main__":
    sys.exit(main())
