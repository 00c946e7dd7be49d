"""Fixtures for tests of examples. They run with PYTHONPATH=tests/python:python."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.register_assert_rewrite(
    "compression_checks", "echo_checks", "programs", "python_checks", "readme", "wire"
)

from certificates import certificates  # noqa: E402, F401
from conversation import Certificate  # noqa: E402
from echo_checks import running  # noqa: E402, F401  (after the line above, to be rewritten)


@pytest.fixture(scope="session")
def certificate(certificates: Path) -> Certificate:  # noqa: F811
    """One for localhost and 127.0.0.1."""
    cert, key, ca = (
        certificates / name for name in ("localhost.pem", "localhost.key", "ca.pem")
    )
    return Certificate(str(cert), str(key), str(ca))
