"""Fixtures for tests of examples. They run with PYTHONPATH=tests/python:python."""

from __future__ import annotations

import subprocess

import pytest

pytest.register_assert_rewrite("compression_checks", "echo_checks", "python_checks", "wire")

from conversation import Certificate  # noqa: E402  (after the line above)
from echo_checks import running  # noqa: E402, F401  (after the line above, to be rewritten)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The files of a certificate for localhost and 127.0.0.1, and of its key."""
    folder = tmp_path_factory.mktemp("certificate")
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return Certificate(cert, key)
