"""Marks that skip a test where something that it needs is missing."""

from __future__ import annotations

import os

import pytest
import wscodec
from wire import ROOT

UNDER = tuple(os.environ.get("WSCODEC_UNDER", "").split())
"""The command that programs in C run under, e.g. valgrind."""

compression = pytest.mark.skipif(
    not wscodec.library_can_deflate(), reason="the library cannot compress"
)
not_under = pytest.mark.skipif(bool(UNDER), reason="measures the program itself")


def program(path: str) -> pytest.MarkDecorator:
    """Skips where the program was not built, unless WSCODEC_REQUIRE_C is set."""
    return pytest.mark.skipif(
        not (ROOT / path).exists() and not os.environ.get("WSCODEC_REQUIRE_C"),
        reason=f"{path} was not built",
    )
