"""Types and style of the package, its examples and these tests."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import needs
import wscodec
from wire import ROOT
from wscodec import errors

PATHS = ["python/wscodec", "python/examples", "docs/manual"]
PATHS += [f"tests/{name}" for name in ("python", "vectors", "bindings", "docs", "first-steps")]
PATHS += ["tests/abi", "tests/mutation", "tests/c/tables.py"]
PATHS += ["benches/instructions", "packaging/sbom.py"]

# mypy reads only one conftest.py at a time.
FAULTS = "tests/faults"

# Their types are checked in tests/examples/test_types.py, where the packages they import are
# installed.
EXAMPLES = "tests/examples"
OTHER_PACKAGES = "python/examples/echo_trio.py"


def check(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": "tests/python:python"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs.mypy
def test_types_pass_mypy() -> None:
    cache = str(ROOT / "target" / "python" / "mypy-cache")
    config = ["--config-file", "python/pyproject.toml", "--cache-dir", cache]
    check("mypy", *config, "--exclude", OTHER_PACKAGES, *PATHS)
    check("mypy", *config, FAULTS)


@needs.ruff
def test_style_passes_ruff() -> None:
    config = ["--no-cache", "--config", "python/pyproject.toml"]
    check("ruff", "check", *config, *PATHS, FAULTS, EXAMPLES)
    check("ruff", "format", "--check", *config, *PATHS, FAULTS, EXAMPLES)


def test_every_public_name_has_documentation() -> None:
    assert sorted(wscodec.__all__, key=str) == sorted(set(wscodec.__all__), key=str)
    assert (Path(wscodec.__file__).parent / "py.typed").exists()
    objects = [getattr(wscodec, name) for name in wscodec.__all__] + [
        item for item in vars(errors).values() if inspect.isclass(item)
    ]
    for item in objects:
        if inspect.isclass(item) or inspect.isfunction(item):
            assert (item.__doc__ or "").strip(), item


def test_no_comment_in_the_sources_is_longer_than_100_columns() -> None:
    """rustfmt does not wrap comments. Tables may be wider."""
    sources = [
        *ROOT.glob("src/**/*.rs"),
        *ROOT.glob("build/**/*.rs"),
        *ROOT.glob("tests/rust/*.rs"),
    ]
    assert len(sources) > 100
    assert [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > 100 and re.match(r" *//[/!]? (?! *\|)", line)
    ] == []
