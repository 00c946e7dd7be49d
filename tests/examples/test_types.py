"""Types of the tests in this folder, and of an example that needs another package. Those of all
other folders: tests/python/test_style.py."""

from __future__ import annotations

import os
import subprocess
import sys

from wire import ROOT


def test_types_pass_mypy() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--config-file", "python/pyproject.toml"),
            *("--cache-dir", "target/python/mypy-cache-examples"),
            *("tests/examples", "python/examples/echo_trio.py"),
        ],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": "tests/python:python"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
