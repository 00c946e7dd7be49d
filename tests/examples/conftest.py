"""Fixtures for the examples that need other libraries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("echo_checks", "h2_client", "wire")

from echo_checks import Server  # noqa: E402  (after the line above, to be rewritten)


@pytest.fixture(scope="class")
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server of a class of ProtocolChecks."""
    server = Server(request.cls.command)
    yield server
    assert server.stop() == request.cls.exit_code
