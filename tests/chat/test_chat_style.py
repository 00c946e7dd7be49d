"""Types and style of the chat's programs in Python and of these tests."""

from __future__ import annotations

from test_style import check

PATHS = ["examples-chat/python", "tests/chat"]
RUN = ["examples-chat/run", "examples-chat/stack"]
CONFIG = ["--config-file", "python/pyproject.toml"]


def test_types_pass_mypy() -> None:
    cache = ["--cache-dir", "target/python/mypy-cache-chat"]
    check("mypy", *CONFIG, *cache, *PATHS, "examples-chat/stack", "tests/python/wire.py")
    check("mypy", *CONFIG, *cache, *RUN)


def test_style_passes_ruff() -> None:
    config = ["--no-cache", "--config", "python/pyproject.toml"]
    check("ruff", "check", *config, *PATHS, *RUN)
    check("ruff", "format", "--check", *config, *PATHS, *RUN)
