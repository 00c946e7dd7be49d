"""The programs in python/README.md that need other packages do what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
import readme

SECTIONS = readme.sections(that_need_others=True)


def test_some_programs_need_other_packages() -> None:
    assert "callbacks-and-uvloop" in SECTIONS


@pytest.mark.parametrize("section", SECTIONS)
def test_the_programs_of_a_section_do_what_it_says(
    section: str, tmp_path: Path, certificates: Path
) -> None:
    readme.check(section, tmp_path, certificates)
