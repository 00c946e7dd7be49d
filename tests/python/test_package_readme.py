"""The programs in python/README.md do what it says."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType

import guide
import pytest
from programs import programs, stage
from wire import ROOT

PAGE = ROOT / "python" / "README.md"
TEXT = PAGE.read_text()
FOLDER = Path(__file__).parent / "readme"
PROGRAMS = programs(PAGE)
COMMANDS = programs(PAGE, "console")


def module_of(section: str) -> ModuleType:
    return importlib.import_module(f"readme.{section.replace('-', '_')}")


def test_every_section_with_programs_is_tested() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "servers"}
    assert modules == {section.replace("-", "_") for section in PROGRAMS}
    assert not re.search(r"^```(?!python$|console$|$)", TEXT, re.M)


@pytest.mark.parametrize("section", PROGRAMS)
def test_the_programs_of_a_section_do_what_it_says(
    section: str, tmp_path: Path, certificates: Path
) -> None:
    module = module_of(section)
    for name in getattr(module, "NEEDS", ()):
        pytest.importorskip(name)
    arguments = list(PROGRAMS[section])
    if "certificates" in inspect.signature(module.check).parameters:
        arguments.append(certificates)  # type: ignore[arg-type]
    with stage(tmp_path) as running:
        module.check(running, *arguments)


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
