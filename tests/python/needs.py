"""What a test needs to be there, else it is skipped."""

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
    """Where WSCODEC_REQUIRE_C is set, it must have been built."""
    return pytest.mark.skipif(
        not (ROOT / path).exists() and not os.environ.get("WSCODEC_REQUIRE_C"),
        reason=f"{path} was not built",
    )
