"""Certificates for tests with TLS, made by openssl."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CA (ca.pem), and certificates of it with their keys: localhost.pem for
    localhost and 127.0.0.1, other.pem for another name, and client.pem."""
    folder = tmp_path_factory.mktemp("certificates")
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    ca = [*new, "-days", "2", "-subj", "/CN=test CA"]
    ca += ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    openssl(*ca, "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem")
    signed = ["-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key", "-days", "2"]
    for name, alternatives in (
        ("localhost", "DNS:localhost,IP:127.0.0.1"),
        ("other", "DNS:other.example"),
        ("client", "DNS:client.example"),
    ):
        extensions = [
            *("-addext", f"subjectAltName={alternatives}"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
        ]
        files = ["-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"]
        openssl(*new, *signed, "-subj", f"/CN={name}", *extensions, *files)
    return folder


def context(certificates: Path, name: str = "localhost") -> ssl.SSLContext:
    """For a server with this certificate."""
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    result.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    return result


def trusting(certificates: Path) -> ssl.SSLContext:
    """For a client that trusts the CA."""
    return ssl.create_default_context(cafile=str(certificates / "ca.pem"))
