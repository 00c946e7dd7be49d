"""docs/assurance.md names commands and files that exist."""

from __future__ import annotations

import re

from pages import ROOT, Page

PAGE = Page("docs/assurance.md")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
AT_EVERY_CHANGE = [row for row in PAGE.rows("promise", "run it") if "last run" not in row]
BY_HAND = PAGE.rows("promise", "run it", "last run")


def targets(row: dict[str, str]) -> list[str]:
    """Those of make in the last column, without assignments of variables."""
    commands = re.findall(r"`make ([^`]+)`", row["run it"])
    return [word for command in commands for word in command.split() if "=" not in word]


def test_each_promise_can_be_checked_by_a_target_of_make() -> None:
    assert len(AT_EVERY_CHANGE) > 10 and len(BY_HAND) > 8
    for row in AT_EVERY_CHANGE + BY_HAND:
        assert targets(row), row
        for name in targets(row):
            # autobahn-all-% is a pattern.
            known = re.search(rf"^[^\t#]*(?<![-\w]){name}\b[^=]*:", MAKEFILE, re.M)
            assert known or name.startswith("autobahn-all-"), name


def test_each_run_by_hand_has_a_date_a_duration_and_a_result() -> None:
    for row in BY_HAND:
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row["last run"]), row
        assert re.fullmatch(r"(\d+ h )?\d+ (h|min|s)", row["took"]), row
        assert row["result"], row
