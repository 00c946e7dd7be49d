"""The C example, if it was built; under valgrind, if WSCODEC_UNDER says so."""

from __future__ import annotations

import needs
from echo_checks import EchoChecks
from needs import UNDER

BINARY = "examples-c/echo_server"


@needs.program(BINARY)
class TestC(EchoChecks):
    command = (*UNDER, f"./{BINARY}")
    options_status = 204  # the check of HAProxy
