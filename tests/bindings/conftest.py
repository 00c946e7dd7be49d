"""The checks of echo servers, shared with tests/python."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("echo_checks", "wire")

from echo_checks import running  # noqa: E402

__all__ = ["running"]
