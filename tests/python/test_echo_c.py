"""The C example, if it was built; under valgrind, if WSCODEC_UNDER says so."""

from __future__ import annotations

import needs
from echo_checks import MIB, EchoChecks
from needs import UNDER

BINARY = "examples-c/echo_server"


@needs.program(BINARY)
class TestC(EchoChecks):
    command = (*UNDER, f"./{BINARY}")
    options_status = 204  # the check of HAProxy
    # What watches the server's memory needs some itself.
    memory_limit = 512 * MIB if UNDER else EchoChecks.memory_limit
