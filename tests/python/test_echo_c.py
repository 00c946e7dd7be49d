"""The C example, if it was built; under valgrind, if WSCODEC_UNDER says so."""

from __future__ import annotations

import os

import pytest
from echo_checks import MIB, EchoChecks
from wire import ROOT

BINARY = "examples-c/echo_server"
UNDER = tuple(os.environ.get("WSCODEC_UNDER", "").split())


@pytest.mark.skipif(
    not (ROOT / BINARY).exists() and not os.environ.get("WSCODEC_REQUIRE_C"),
    reason=f"{BINARY} was not built",
)
class TestC(EchoChecks):
    command = (*UNDER, f"./{BINARY}")
    # What watches the server's memory needs some itself.
    memory_limit = 512 * MIB if UNDER else EchoChecks.memory_limit
