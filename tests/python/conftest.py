"""What all tests share. They need WSCODEC_LIBRARY and PYTHONPATH=python, and run anywhere."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("echo_checks", "wire")
