"""The defaults that the documentation names are those of the functions."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
import wscodec.asyncio
import wscodec.sync
from wire import ROOT

FUNCTIONS: list[Callable[..., Any]] = [
    wscodec.asyncio.serve,
    wscodec.asyncio.connect,
    wscodec.sync.serve,
    wscodec.sync.connect,
]
NUMBERS = (
    "open_timeout",
    "close_timeout",
    "ping_interval",
    "ping_timeout",
    "max_size",
    "max_queue",
    "compress_from",
)
UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20}


def documented(function: Callable[..., Any]) -> dict[str, int]:
    """The numbers that a docstring names as defaults, by argument."""
    found = {}
    text = inspect.getdoc(function) or ""
    for name, about in re.findall(r"^(\w+) {2,}(.*(?:\n {5,}.*)*)", text, re.M):
        default = re.search(r"Default:\s+(\d+)\s*(KiB|MiB|)\b", about)
        if default:
            found[name] = int(default[1]) * UNITS[default[2]]
    return found


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.__module__[8:])
def test_the_defaults_in_a_docstring_are_those_of_the_signature(
    function: Callable[..., Any],
) -> None:
    parameters = inspect.signature(function).parameters
    found = documented(function)
    assert set(NUMBERS) <= found.keys()
    for name, number in found.items():
        assert number == parameters[name].default, name


def test_the_defaults_in_the_readme_are_those_of_the_signatures() -> None:
    page = (ROOT / "python" / "README.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", page, re.M)
    assert len(rows) >= 5
    parameters = inspect.signature(wscodec.asyncio.serve).parameters
    for name, number in rows:
        assert int(number) == parameters[name].default, name
