"""Types of the tests in this folder, and of an example that needs another package; those of all
other folders: tests/python/test_style.py. And the types of the package as pyright sees them."""

from __future__ import annotations

import sys

from test_style import check


def test_types_pass_mypy() -> None:
    cache = ["--cache-dir", "target/python/mypy-cache-examples"]
    paths = ["tests/examples", "python/examples/echo_trio.py"]
    check("mypy", "--config-file", "python/pyproject.toml", *cache, *paths)


def test_the_package_passes_pyright() -> None:
    check("pyright", "--warnings", "--pythonpath", sys.executable, "python/wscodec")


def test_a_program_of_a_user_passes_pyright() -> None:
    """In its strictest mode, which complains of types that are partly unknown."""
    program = "tests/examples/typed_chat.py"
    check("pyright", "--warnings", "--pythonpath", sys.executable, program)
