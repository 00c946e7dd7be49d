"""Links between the documents lead to files and headings that exist."""

from __future__ import annotations

import pytest
from pages import ROOT, Page

PAGES = sorted(
    str(path)
    for path in (found.relative_to(ROOT) for found in ROOT.rglob("*.md"))
    if not {"target", "node_modules"} & set(path.parts)
)


@pytest.mark.parametrize("path", PAGES)
def test_every_link_leads_somewhere(path: str) -> None:
    assert Page(path).broken() == []


def test_a_broken_link_is_found() -> None:
    page = Page("README.md")
    assert page.leads_somewhere("#where-to-read-on") and page.leads_somewhere("docs/rfc.md")
    assert not page.leads_somewhere("#nowhere") and not page.leads_somewhere("docs/no.md")
    assert not page.leads_somewhere("docs/rfc.md#nowhere")
