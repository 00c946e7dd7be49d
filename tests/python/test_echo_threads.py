"""The example with threads."""

from __future__ import annotations

import sys

import needs
from compression_checks import CompressionChecks
from echo_checks import MIB, EchoChecks

COMMAND = (sys.executable, "python/examples/echo_threads.py")


class TestThreads(EchoChecks):
    command = COMMAND
    memory_limit = 96 * MIB  # a third of it for the interpreter
    max_reads = 500  # each send() passes its message to the system before it returns


@needs.compression
class TestThreadsCompress(CompressionChecks):
    command = COMMAND
