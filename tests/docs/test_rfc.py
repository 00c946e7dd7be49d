"""docs/rfc.md names functions, tests and vectors: each must exist in the file that it links."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "rfc.md"
TEXT = PAGE.read_text(encoding="utf-8")
HEADER = (ROOT / "include" / "wscodec.h").read_text(encoding="utf-8")

LINKS = sorted(set(re.findall(r"\[`([^`]+)`\]\(([^)#]+)\)", TEXT)))
"""The links that name something in a file: its name, and the path from docs/."""

DEFINED = {
    "src": r"\b(?:fn|const|static|struct|enum|type) {name}\b",
    "tests/rust": r"#\[test\]\n(?:#\[.*\]\n)*fn {name}\(",
    "tests/c": r"^(?!\s)[^;\n]*\b{name}\((?![^{{]*;)",
    "tests/python": r"^(?: {{4}})?(?:async )?def {name}\(",
    "tests/vectors": r'"name": "{name}"',
}
"""How a file in each folder defines a name."""

Row = list[str]


def tables() -> list[tuple[Row, list[Row]]]:
    """The heads of all tables, with their rows."""
    found = re.findall(r"^(\|.*)\n\|[-| ]+\n((?:\|.*\n)+)", TEXT, re.M)
    return [(cells(head), [cells(row) for row in rows.splitlines()]) for head, rows in found]


def cells(line: str) -> Row:
    return [cell.strip() for cell in line.strip("|").split("|")]


CLAUSES = [
    dict(zip(head, row, strict=True))
    for head, rows in tables()
    for row in rows
    if "clause" in head
]
"""The rows that judge a clause of an RFC."""


def test_the_page_has_clauses_of_each_rfc() -> None:
    sections = re.findall(r"^## RFC (\d+)", TEXT, re.M)
    assert sections == ["6455", "7692", "8441", "9220"]
    assert len(CLAUSES) > 150


def is_defined(name: str, path: str) -> bool:
    file = (PAGE.parent / path).resolve()
    if name == file.name:
        return file.exists()
    where = str(file.parent.relative_to(ROOT))
    rule = next(rule for folder, rule in DEFINED.items() if where.startswith(folder))
    text = file.read_text(encoding="utf-8")
    return bool(re.search(rule.format(name=re.escape(name)), text, re.M))


def test_every_name_is_defined_in_its_file() -> None:
    assert [link for link in LINKS if not is_defined(*link)] == []


def test_every_other_link_leads_to_a_file() -> None:
    for path in re.findall(r"\]\((?!https?:)([^)#]+)", TEXT):
        assert (PAGE.parent / path).exists(), path


def test_every_name_of_the_c_api_is_in_the_header() -> None:
    for name in set(re.findall(r"\b(?:WS|ws)_\w+", TEXT)):
        assert re.search(rf"\b{name}\b", HEADER), name


def test_every_error_that_a_peer_can_cause_is_in_a_clause() -> None:
    errors = re.findall(r"^#define (WS_ERR_\w+) +\(-(\d+)\)", HEADER, re.M)
    named = " ".join(clause["wscodec"] for clause in CLAUSES)
    missing = [name for name, number in errors if int(number) >= 20 and name not in named]
    assert missing == []


def has_what_its_verdict_needs(clause: dict[str, str]) -> bool:
    verdict = clause["wscodec"].split()[0].rstrip(":,;")
    if verdict in ("enforced", "done", "lenient"):
        return "](../src/" in clause["source"] and "](../tests/" in clause["tests"]
    return verdict in ("yours", "optional", "none")


def test_every_clause_that_the_library_obeys_names_its_source_and_its_tests() -> None:
    assert [c["clause"] for c in CLAUSES if not has_what_its_verdict_needs(c)] == []
