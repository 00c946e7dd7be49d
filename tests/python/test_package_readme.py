"""The programs in python/README.md do what it says. Those that need other packages are run in
tests/examples."""

from __future__ import annotations

import re
from pathlib import Path

import guide
import pytest
import readme
from programs import programs, stage
from readme import PAGE, PROGRAMS

TEXT = PAGE.read_text()
COMMANDS = programs(PAGE, "console")


def test_every_section_with_programs_is_tested() -> None:
    modules = {path.stem for path in Path(readme.__path__[0]).glob("*.py")}
    assert modules - {"__init__", "servers"} == {name.replace("-", "_") for name in PROGRAMS}
    assert not re.search(r"^```(?!python$|console$|$)", TEXT, re.M)


@pytest.mark.parametrize("section", readme.sections(that_need_others=False))
def test_the_programs_of_a_section_do_what_it_says(
    section: str, tmp_path: Path, certificates: Path
) -> None:
    readme.check(section, tmp_path, certificates)


@pytest.mark.parametrize("section", COMMANDS)
def test_the_commands_of_a_section_print_what_it_says(section: str, tmp_path: Path) -> None:
    with stage(tmp_path) as running:
        running.serve(PROGRAMS["a-server-and-a-client"][0])
        for block in COMMANDS[section]:
            command, *output = block.splitlines()
            assert command.startswith("$ python -m wscodec ")
            arguments = command.replace("8765", str(running.port)).split()[2:]
            assert running.run_command(*arguments).splitlines() == output


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        if not target.startswith("https://"):
            path, _, anchor = target.partition("#")
            page = PAGE.parent / path if path else PAGE
            assert page.exists(), target
            assert not anchor or anchor in guide.sections(page), target
