"""The chat's server in C."""

from __future__ import annotations

from chat_checks import ChatChecks, way  # noqa: F401

SERVER = "examples-chat/c/chat_server"


class TestOneThread(ChatChecks):
    command = (SERVER, "--threads", "1")


class TestThreads(ChatChecks):
    command = (SERVER, "--threads", "3")
