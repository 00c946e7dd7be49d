#!/usr/bin/env python3
"""Checks the files of vectors: their schema, that no two vectors are the same, and that every
error that a peer can cause has a vector. Needs jsonschema."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import vectors
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

HEADER = vectors.FOLDER.parents[1] / "include" / "wscodec.h"
README = vectors.FOLDER / "README.md"
SCHEMA: dict[str, Any] = json.loads(
    (vectors.FOLDER / "schema.json").read_text(encoding="utf-8")
)


def schema_faults(kind: str) -> Iterator[str]:
    """What the schema does not allow."""
    file = vectors.read(kind)
    for fault in Draft202012Validator(SCHEMA).iter_errors(file):
        yield f"{kind}: {fault.message}"
    judge = Draft202012Validator({"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{kind}"})
    for vector in file["vectors"]:
        if not judge.is_valid(vector):
            why = " | ".join(fault.message for fault in judge.iter_errors(vector))
            yield f"{kind}: {vector.get('name')}: {why}"


def repetitions(kind: str) -> Iterator[str]:
    """Names that are used twice, and vectors that differ only in their names."""
    loaded = vectors.load(kind)
    contents = [repr({k: v for k, v in vector.items() if k not in ("name", "clause")})
                for vector in loaded]  # fmt: skip
    count = Counter([vector["name"] for vector in loaded] + contents)
    for vector, content in zip(loaded, contents):
        if count[vector["name"]] > 1 or count[content] > 1:
            yield f"{kind}: {vector['name']}: not unique"


def peer_errors() -> set[str]:
    """The errors that a peer can cause, of the header."""
    found = re.findall(r"^#define (WS_ERR_\w+) +\(-(\d+)\)", HEADER.read_text(), re.M)
    return {name for name, number in found if int(number) >= 20}


def missing_errors() -> Iterator[str]:
    text = "".join((vectors.FOLDER / f"{kind}.json").read_text() for kind in vectors.KINDS)
    shown = set(re.findall(r'"(WS_ERR_\w+)"', text))
    for name in sorted(peer_errors() - shown):
        yield f"{name}: no vector shows it"
    for name in sorted(shown - peer_errors() - {"WS_ERR_INVALID_ARGUMENT"}):
        yield f"{name}: no peer can cause it"


def undocumented() -> Iterator[str]:
    text = README.read_text(encoding="utf-8")
    for kind in vectors.KINDS:
        if f"`{kind}.json`" not in text:
            yield f"{kind}: not in README.md"


def faults() -> list[str]:
    """All faults of all files."""
    found = [*missing_errors(), *undocumented()]
    for kind in vectors.KINDS:
        found += [*schema_faults(kind), *repetitions(kind)]
    return found


if __name__ == "__main__":
    sys.exit("\n".join(faults()) or None)
