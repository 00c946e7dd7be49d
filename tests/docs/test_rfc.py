"""docs/rfc.md judges each clause of the RFCs, and names the source and the tests of those that
the library obeys."""

from __future__ import annotations

import re

from pages import HEADER, Page, Row

PAGE = Page("docs/rfc.md")
CLAUSES = PAGE.rows("clause")


def test_the_page_has_clauses_of_each_rfc() -> None:
    sections = re.findall(r"^## RFC (\d+)", PAGE.text, re.M)
    assert sections == ["6455", "7692", "8441", "9220"]
    assert len(CLAUSES) > 150


def test_every_error_that_a_peer_can_cause_is_in_a_clause() -> None:
    errors = re.findall(r"^#define (WS_ERR_\w+) +\(-(\d+)\)", HEADER, re.M)
    named = " ".join(clause["wscodec"] for clause in CLAUSES)
    missing = [name for name, number in errors if int(number) >= 20 and name not in named]
    assert missing == []


def has_what_its_verdict_needs(clause: Row) -> bool:
    verdict = clause["wscodec"].split()[0].rstrip(":,;")
    if verdict in ("enforced", "done", "lenient"):
        return "](../src/" in clause["source"] and "](../tests/" in clause["tests"]
    return verdict in ("yours", "optional", "none")


def test_every_clause_that_the_library_obeys_names_its_source_and_its_tests() -> None:
    assert [c["clause"] for c in CLAUSES if not has_what_its_verdict_needs(c)] == []
