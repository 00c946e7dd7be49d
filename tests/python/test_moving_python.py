"""docs/moving-python.md lists every difference between websockets and wscodec."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

import needs
import pytest
import websockets
import wscodec.asyncio
import wscodec.exceptions
import wscodec.sync
from programs import programs
from websockets_names import facts
from wire import ROOT
from wscodec.sync.client import connect, reconnect

PAGE = ROOT / "docs" / "moving-python.md"
TEXT = PAGE.read_text()
MODULES = (
    "asyncio.client",
    "asyncio.server",
    "asyncio.connection",
    "sync.client",
    "sync.server",
    "sync.connection",
    "exceptions",
    "datastructures",
    "http11",
)
PASSES_ON: dict[str, dict[str, tuple[Callable[..., Any], ...]]] = {
    "sync.client": {"connect": (reconnect,), "unix_connect": (connect,)}
}
"""Functions that pass arguments on, and to which others."""


def rows(module: str) -> dict[str, str]:
    """What the page says about the names of a module."""
    table = TEXT.partition(f"### `{module}`\n")[2].partition("\n#")[0]
    found = {}
    for names, text in re.findall(r"^\| (`.*?) \| (.*) \|$", table, re.M):
        for name in re.findall(r"`([^`]+)`", names):
            assert name not in found, f"{name} is listed twice"
            found[name] = text
    assert found
    return found


def compared(module: str) -> dict[str, str]:
    """What is true."""
    theirs = importlib.import_module(f"websockets.{module}")
    ours = importlib.import_module(f"wscodec.{module}")
    return facts(theirs, ours, PASSES_ON.get(module, {}))


@needs.websockets
@pytest.mark.parametrize("module", MODULES)
def test_every_name_of_websockets_is_listed_with_its_difference(module: str) -> None:
    listed, found = rows(f"websockets.{module}"), compared(module)
    assert sorted(listed) == sorted(found)
    for name, kind in found.items():
        said = re.match(r"\w+", listed[name])
        assert said and said[0] in ("same", "differs", "missing", "new"), listed[name]
        # Behaviour can differ where signatures do not.
        assert said[0] == kind or (said[0], kind) == ("differs", "same"), (name, kind)


@needs.websockets
def test_every_name_of_the_package_itself_is_listed() -> None:
    listed = rows("websockets")
    assert sorted(listed) == sorted({*websockets.__all__})
    for name, text in listed.items():
        assert hasattr(wscodec.asyncio, name) is text.startswith("as below"), name


def test_names_that_are_given_instead_exist() -> None:
    for name in set(re.findall(r"`(wscodec(?:\.\w+)+)", TEXT)):
        module, _, attribute = name.rpartition(".")
        if name != "wscodec.client":  # a logger
            has_it = hasattr(importlib.import_module(module), attribute)
            assert has_it or importlib.import_module(name), name


def test_the_rows_of_imports_name_what_exists() -> None:
    imports = re.findall(
        r"^\| `(from websockets.*|import websockets)` \| `(.*)` \|$", TEXT, re.M
    )
    assert len(imports) == 9
    for before, after in imports:
        exec(before, {})
        exec(after, {})


def test_modules_that_are_written_out_are_found_as_the_page_says() -> None:
    assert vars(wscodec.asyncio)["exceptions"] is wscodec.exceptions
    assert not hasattr(wscodec.asyncio, "asyncio")


def test_both_network_layers_have_the_same_names_except_for_what_only_threads_need() -> None:
    only_one = set(wscodec.asyncio.__all__) ^ set(wscodec.sync.__all__)
    assert only_one == {"PongEvent", "reconnect", "unix_reconnect"}


def test_the_codes_have_the_names_of_websockets() -> None:
    ours, theirs = wscodec.CloseCode.__members__, websockets.CloseCode.__members__
    for name in theirs.keys() - {"TLS_HANDSHAKE"}:
        assert ours[name].value == theirs[name].value


@pytest.mark.parametrize("section", programs(PAGE))
def test_programs_of_the_page_compile(section: str) -> None:
    for language in ("python", "python before"):
        for program in programs(PAGE, language)[section]:
            compile(program, section, "exec")
