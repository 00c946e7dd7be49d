"""The example of the layer without input and output: an echo server on trio."""

from __future__ import annotations

import sys

import needs
from python_checks import PythonChecks, PythonCompressionChecks

COMMAND = (sys.executable, "python/examples/echo_trio.py")


class TestTrio(PythonChecks):
    command = COMMAND


@needs.compression
class TestTrioCompresses(PythonCompressionChecks):
    command = COMMAND
