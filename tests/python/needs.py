"""What a test needs: marks that skip it where something is missing, and a limit."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import resource
from collections.abc import Iterator

import pytest
import wscodec
from wire import ROOT

UNDER = tuple(os.environ.get("WSCODEC_UNDER", "").split())
"""The command that programs in C run under, e.g. valgrind."""

compression = pytest.mark.skipif(
    not wscodec.library_can_deflate(), reason="the library cannot compress"
)
mypy = pytest.mark.skipif(not importlib.util.find_spec("mypy"), reason="mypy is not installed")
ruff = pytest.mark.skipif(not importlib.util.find_spec("ruff"), reason="ruff is not installed")
websockets = pytest.mark.skipif(
    int(importlib.metadata.version("websockets").partition(".")[0]) < 17,
    reason="compares with websockets 17, which needs Python 3.10",
)
not_under = pytest.mark.skipif(bool(UNDER), reason="measures the program itself")


def program(path: str) -> pytest.MarkDecorator:
    """Skips where the program was not built, unless WSCODEC_REQUIRE_C is set."""
    return pytest.mark.skipif(
        not (ROOT / path).exists() and not os.environ.get("WSCODEC_REQUIRE_C"),
        reason=f"{path} was not built",
    )


@contextlib.contextmanager
def descriptors(count: int) -> Iterator[None]:
    """A limit on descriptors, for this process and those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
