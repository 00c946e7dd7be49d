"""Fixtures for tests of examples. They run with PYTHONPATH=tests/python:python."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("echo_checks", "wire")

from certificates import certificates  # noqa: E402, F401
from echo_checks import running  # noqa: E402, F401  (after the line above, to be rewritten)
