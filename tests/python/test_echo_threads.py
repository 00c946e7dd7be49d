"""The example with threads."""

from __future__ import annotations

import sys

import needs
from echo_checks import MIB
from python_checks import PythonChecks, PythonCompressionChecks

COMMAND = (sys.executable, "python/examples/echo_threads.py")


class TestThreads(PythonChecks):
    command = COMMAND
    explains = True
    max_reads = 500  # each send() passes its message to the system before it returns


@needs.compression
class TestThreadsCompress(PythonCompressionChecks):
    command = COMMAND
    explains = True
    queue_limit = 112 * MIB  # 16 messages of 4 MiB wait, and some are being echoed
