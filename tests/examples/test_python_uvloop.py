"""The asyncio example on uvloop."""

from __future__ import annotations

import needs
from echo_checks import MIB
from python_checks import PythonChecks, PythonCompressionChecks
from python_servers import SERVERS


class TestUvloop(PythonChecks):
    command = SERVERS["uvloop"]
    explains = True
    pongs_come_first = True


@needs.compression
class TestUvloopCompresses(PythonCompressionChecks):
    command = SERVERS["uvloop"]
    explains = True
    queue_limit = 144 * MIB  # 16 messages of 4 MiB wait, and some are being echoed
