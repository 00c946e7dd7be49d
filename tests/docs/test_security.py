"""SECURITY.md maps each known attack, and each hazard of the C ABI, to the tests that show what
the library does."""

from __future__ import annotations

import re

from pages import Page

PAGE = Page("SECURITY.md")
ATTACKS = PAGE.rows("attack")
HAZARDS = PAGE.rows("hazard")


def test_every_attack_and_every_hazard_names_its_tests() -> None:
    assert len(ATTACKS) > 70 and len(HAZARDS) > 15
    assert [row for row in ATTACKS + HAZARDS if "](tests/" not in row["tests"]] == []


def test_each_is_named_once() -> None:
    names = [row["attack"] for row in ATTACKS] + [row["hazard"] for row in HAZARDS]
    assert len(names) == len(set(names))


def test_identifiers_are_complete() -> None:
    for word in re.findall(r"\b(?:CVE|GHSA|RUSTSEC)\b[-\w]*", PAGE.text):
        whole = r"CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3}|RUSTSEC-\d{4}-\d{4}"
        assert re.fullmatch(whole, word), word
