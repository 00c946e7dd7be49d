"""The tests of wscodec.asyncio on the event loop of uvloop."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from wire import ROOT

FILES = sorted((ROOT / "tests" / "python").glob("test_asyncio_*.py"))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop for Windows")
def test_wscodec_asyncio_passes_its_tests_on_uvloop() -> None:
    assert FILES
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, FILES)],
        env={**os.environ, "WSCODEC_TEST_LOOP": "uvloop"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
