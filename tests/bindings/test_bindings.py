"""The bindings, after `make bindings`: all vectors, and their echo servers and clients.

LANGUAGES names those to test; default: all.
"""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest
import vectors
from echo_checks import MIB, PATIENCE, ProtocolChecks, Server, running
from languages import ALL, ENVIRONMENT, FOLDERS, LANGUAGES, make, program, vectors_passed
from table import RESULTS, table
from websockets.sync.server import Server as OtherServer
from websockets.sync.server import ServerConnection, serve


@pytest.fixture(scope="session", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_all_vectors_pass(language: str) -> None:
    passed = vectors_passed(language)
    assert passed == sum(len(vectors.read(kind)["vectors"]) for kind in vectors.KINDS)


def test_the_version_is_one_line(language: str) -> None:
    assert make(language, "version").count("\n") == 1


# The echo servers

__all__ = ["running"]  # a fixture of the checks


def checks_of(language: str) -> type[ProtocolChecks]:
    class Checks(ProtocolChecks):
        command = (program(language, "echo_server"),)
        exit_codes = (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        memory_limit = 512 * MIB  # most of it for the language's own machine

    return Checks


for each in LANGUAGES:
    name = f"Test{each.capitalize()}Server"
    globals()[name] = checks_of(each)
    globals()[name].__qualname__ = globals()[name].__name__ = name


# The echo clients


def run_client(
    language: str, port: int, *messages: str, lines: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program(language, "echo_client"), f"ws://127.0.0.1:{port}/", *messages],
        input=lines,
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        env=ENVIRONMENT | {"PATH": "/usr/local/bin:/usr/bin:/bin"},
    )


TEXTS = ["Hello", "Grüße, 世界 🎉", "x" * 100_000]


def test_the_client_talks_to_the_server_in_c(language: str) -> None:
    server = Server(("examples-c/echo_server",))
    done = run_client(language, server.port, *TEXTS)
    assert (done.returncode, done.stdout.splitlines()) == (0, TEXTS), done.stderr
    done = run_client(language, server.port, lines="one\ntwo\n")
    assert (done.returncode, done.stdout) == (0, "one\ntwo\n"), done.stderr
    assert server.stop() == 0


def test_the_client_talks_to_its_own_server(language: str) -> None:
    server = Server((program(language, "echo_server"),))
    done = run_client(language, server.port, *TEXTS)
    assert (done.returncode, done.stdout.splitlines()) == (0, TEXTS), done.stderr
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL


@pytest.fixture
def other() -> Iterator[OtherServer]:
    """A server of the package websockets that answers in capitals; "bye" closes with 4000."""

    def handler(connection: ServerConnection) -> None:
        for message in connection:
            if message == "bye":
                connection.close(4000, "bye")
            else:
                connection.send(message.upper())

    with serve(handler, "127.0.0.1", 0, logger=None) as server:
        yield server


def test_the_client_talks_to_another_server(language: str, other: OtherServer) -> None:
    thread = threading.Thread(target=other.serve_forever)
    thread.start()
    try:
        port = other.socket.getsockname()[1]
        done = run_client(language, port, "Hello", "again")
        assert (done.returncode, done.stdout) == (0, "HELLO\nAGAIN\n"), done.stderr
        done = run_client(language, port, "bye")
        assert done.returncode == 1
        assert "4000" in done.stderr
    finally:
        other.shutdown()
        thread.join(PATIENCE)


def test_the_client_tells_when_there_is_no_server(language: str) -> None:
    done = run_client(language, 1, "Hello")
    assert done.returncode == 1
    assert done.stderr
    assert "Traceback" not in done.stderr


# The documentation


def test_the_readme_has_the_recorded_results() -> None:
    readme = (FOLDERS / "README.md").read_text()
    assert table(json.loads(RESULTS.read_text())) in readme


def test_each_language_is_documented() -> None:
    recorded = json.loads(RESULTS.read_text())
    assert set(recorded) == set(ALL)
    assert all((FOLDERS / folder / "README.md").exists() for folder in ALL)
