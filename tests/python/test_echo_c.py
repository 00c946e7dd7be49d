"""The C example, if it was built."""

from __future__ import annotations

import os

import pytest
from echo_checks import EchoChecks
from wire import ROOT

BINARY = "examples-c/echo_server"


@pytest.mark.skipif(
    not (ROOT / BINARY).exists() and not os.environ.get("WSCODEC_REQUIRE_C"),
    reason=f"{BINARY} was not built",
)
class TestC(EchoChecks):
    command = (f"./{BINARY}",)
