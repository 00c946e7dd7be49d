"""Types and style of the package, its examples and these tests."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import wscodec
from wire import ROOT
from wscodec import errors

PATHS = ["python/wscodec", "python/examples", "tests/python", "tests/ffi"]


def check(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_types() -> None:
    cache = str(ROOT / "target" / "python" / "mypy-cache")
    check("mypy", "--config-file", "python/pyproject.toml", "--cache-dir", cache, *PATHS)


def test_lint_and_format() -> None:
    config = ["--no-cache", "--config", "python/pyproject.toml"]
    check("ruff", "check", *config, *PATHS)
    check("ruff", "format", "--check", *config, *PATHS)


def test_everything_public_is_documented() -> None:
    assert sorted(wscodec.__all__, key=str) == sorted(set(wscodec.__all__), key=str)
    assert (Path(wscodec.__file__).parent / "py.typed").exists()
    things = [getattr(wscodec, name) for name in wscodec.__all__] + [
        thing for thing in vars(errors).values() if inspect.isclass(thing)
    ]
    for thing in things:
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert (thing.__doc__ or "").strip(), thing
