"""The man pages of wsdump and wscat."""

from __future__ import annotations

import re
import subprocess

import pytest
from wire import ROOT


@pytest.mark.parametrize("tool", ["wsdump", "wscat"])
def test_the_manual_is_clean_and_lists_every_option(tool: str) -> None:
    page = f"tools/{tool}.1"
    done = subprocess.run(
        ["mandoc", "-T", "lint", page], cwd=ROOT, capture_output=True, text=True
    )
    problems = [line for line in done.stdout.splitlines() if line.startswith("mandoc: tools/")]
    assert [line for line in problems if "referenced manual not found" not in line] == []
    text = subprocess.run(
        ["mandoc", "-T", "ascii", page], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    text = re.sub(r".\x08", "", text)  # bold and underlined
    assert re.search(r'"\w+, "', text) is None  # quotation marks around two words
    summary = subprocess.run(
        [f"target/tools/{tool}", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    option = re.compile(r"(?<![\w-])--?[a-z][a-z-]*", re.IGNORECASE)
    described = set(option.findall(text.split("OPTIONS")[1].split("EXAMPLES")[0]))
    assert described == set(option.findall(summary.split("\n\n", 2)[2].split("Exit status")[0]))
