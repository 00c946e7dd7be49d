"""What tests/python has, and the shim."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

pytest.register_assert_rewrite("conversation", "echo_checks", "faulty", "wire")

from echo_checks import running  # noqa: E402, F401
