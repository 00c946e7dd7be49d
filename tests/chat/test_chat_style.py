"""Types and style of the chat's programs in Python and of these tests."""

from __future__ import annotations

from test_style import check

PATHS = ["examples-chat/python", "examples-chat/run", "examples-chat/stack", "tests/chat"]
CONFIG = ["--config-file", "python/pyproject.toml"]


def test_types_pass_mypy() -> None:
    cache = ["--cache-dir", "target/python/mypy-cache-chat"]
    check("mypy", *CONFIG, *cache, *PATHS, "tests/python/wire.py")


def test_style_passes_ruff() -> None:
    config = ["--no-cache", "--config", "python/pyproject.toml"]
    check("ruff", "check", *config, *PATHS)
    check("ruff", "format", "--check", *config, *PATHS)
