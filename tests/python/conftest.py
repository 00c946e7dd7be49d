"""Fixtures for all tests. They run in any folder, with WSCODEC_LIBRARY and PYTHONPATH set."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("compression_checks", "deflated", "echo_checks", "wire")

from echo_checks import Server  # noqa: E402  (after the line above, to be rewritten)


@pytest.fixture(scope="class")
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server of a class of ProtocolChecks."""
    server = Server(request.cls.command, tls=request.cls.tls)
    yield server
    assert server.stop() == request.cls.exit_code
