"""Fixtures for all tests. They run in any folder, with WSCODEC_LIBRARY and PYTHONPATH set."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

# A shell lets its background jobs ignore SIGINT, and programs would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The reader of the vectors.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "vectors"))

pytest.register_assert_rewrite(
    *("compression_checks", "deflated", "echo_checks", "programs", "python_checks", "readme"),
    *("vectored", "wire"),
)

from certificates import certificates  # noqa: E402, F401
from echo_checks import running  # noqa: E402, F401  (after the line above, to be rewritten)
