"""The asyncio example."""

from __future__ import annotations

import sys

import needs
from python_checks import PythonChecks, PythonCompressionChecks

COMMAND = (sys.executable, "python/examples/echo_server.py")


class TestAsyncio(PythonChecks):
    command = COMMAND


@needs.compression
class TestAsyncioCompresses(PythonCompressionChecks):
    command = COMMAND
