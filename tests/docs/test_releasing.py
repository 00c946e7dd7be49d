"""The version is the same in all files that CONTRIBUTING.md lists."""

from __future__ import annotations

import re

import pytest
from pages import ROOT

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
[SENTENCE] = re.findall(r"The version is in (.*?), and cargo", CONTRIBUTING, re.S)
LISTED = re.findall(r"`([^`]+)`", SENTENCE)
LOCKS = ["Cargo.lock", "benches/Cargo.lock", "bindings/rust/Cargo.lock", "fuzz/Cargo.lock"]

CARGO = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
[VERSION] = re.findall(r'^version = "(.*)"', CARGO, re.M)
NUMBERS = VERSION.split(".")

FORMS = {
    "src/ffi/version.rs": "".join(
        rf"(?s:.*)WS_VERSION_{name}: u32 = {number};"
        for name, number in zip(("MAJOR", "MINOR", "PATCH"), NUMBERS, strict=True)
    ),
    "python/wscodec/_ffi.py": rf"VERSION_PATCH = {', '.join(NUMBERS)}\n",
    "bindings/tcl/src/pkgIndex.tcl": rf"ifneeded wscodec {VERSION} "
    rf"(?s:.*)provide wscodec {VERSION}\n",
}
"""Where it is not `version = "..."` or `"version": "..."`."""


@pytest.mark.parametrize("path", LISTED)
def test_the_version_is_the_same_in_every_file(path: str) -> None:
    form = FORMS.get(path, rf'version"?(?: =|:) "{VERSION}"')
    assert re.search(form, (ROOT / path).read_text("utf-8"))


@pytest.mark.parametrize("path", LOCKS)
def test_the_version_is_the_same_in_every_lock_file(path: str) -> None:
    versions = re.findall(
        r'name = "wscodec"\nversion = "(.*)"', (ROOT / path).read_text("utf-8")
    )
    assert versions == [VERSION]


def test_the_list_was_found() -> None:
    assert len(LISTED) == 10
