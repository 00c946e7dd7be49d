"""The example of the layer without input and output: an echo server on trio."""

from __future__ import annotations

import sys

import needs
from compression_checks import CompressionChecks
from echo_checks import MIB, EchoChecks

COMMAND = (sys.executable, "python/examples/echo_trio.py")


class TestTrio(EchoChecks):
    command = COMMAND
    memory_limit = 96 * MIB


@needs.compression
class TestTrioCompresses(CompressionChecks):
    command = COMMAND
