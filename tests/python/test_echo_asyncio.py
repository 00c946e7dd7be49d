"""The asyncio example, as it is and with a callback instead of a handler."""

from __future__ import annotations

import sys

import needs
from echo_checks import MIB
from python_checks import PythonChecks, PythonCompressionChecks

HANDLER = (sys.executable, "python/examples/echo_server.py")
CALLBACK = (sys.executable, "tests/python/callback_server.py")


class TestHandler(PythonChecks):
    command = HANDLER
    explains = True
    pongs_come_first = True


class TestCallback(PythonChecks):
    command = CALLBACK
    explains = True


@needs.compression
class TestHandlerCompresses(PythonCompressionChecks):
    command = HANDLER
    explains = True
    queue_limit = 64 * MIB  # 16 MiB wait and one message more, and some are being echoed


@needs.compression
class TestCallbackCompresses(PythonCompressionChecks):
    command = CALLBACK
    explains = True
