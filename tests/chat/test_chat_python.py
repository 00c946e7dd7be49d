"""The chat's server in Python."""

from __future__ import annotations

import sys

from chat_checks import ChatChecks, way  # noqa: F401


class TestPython(ChatChecks):
    command = (sys.executable, "examples-chat/python")
