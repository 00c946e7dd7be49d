"""Pages that map promises to functions and tests name only what exists."""

from __future__ import annotations

import pytest
from pages import Page

each_page = pytest.mark.parametrize("path", ["SECURITY.md", "docs/rfc.md"])


@each_page
def test_every_name_is_defined_in_its_file(path: str) -> None:
    assert Page(path).undefined() == []


@each_page
def test_every_name_of_the_c_api_is_in_the_header(path: str) -> None:
    assert Page(path).unknown() == []
