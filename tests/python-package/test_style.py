"""Types and style of the build hook, of packaging/vendor.py and of these tests."""

from __future__ import annotations

import sys

from packages import ROOT, run

PATHS = ["python/hatch_build.py", "packaging/vendor.py", "tests/python-package"]


def test_types_pass_mypy() -> None:
    options = ["--config-file", "python/pyproject.toml"]
    options += ["--cache-dir", str(ROOT / "target" / "python" / "mypy-cache-package")]
    run([sys.executable, "-m", "mypy", *options, *PATHS], ROOT)


def test_style_passes_ruff() -> None:
    config = ["--no-cache", "--config", "python/pyproject.toml"]
    run([sys.executable, "-m", "ruff", "check", *config, *PATHS], ROOT)
    run([sys.executable, "-m", "ruff", "format", "--check", *config, *PATHS], ROOT)
