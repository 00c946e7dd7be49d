"""The C++ examples with Asio."""

from __future__ import annotations

import needs
from echo_checks import MIB, EchoChecks
from needs import UNDER

ECHO = "examples-cpp/echo_server"


@needs.program(ECHO)
class TestEcho(EchoChecks):
    command = (*UNDER, f"./{ECHO}")
    memory_limit = 512 * MIB if UNDER else EchoChecks.memory_limit
