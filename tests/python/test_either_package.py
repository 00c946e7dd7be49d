"""Programs that are written for websockets run with wscodec, when only their imports change.

The servers and the clients in the folder either run with both packages, in all combinations.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import needs
import pytest
from programs import PATIENCE, Running, Stage, stage
from wire import ROOT

FOLDER = Path(__file__).parent / "either"
PACKAGES = ("websockets", "wscodec")

PRINTED = {
    "hello": ["Good morning, Ada!", "Good morning, Grace!"],
    "threads": ["Good morning, 'Ada'!", "Good morning, b'Grace'!", "silence", "True", "1000"],
    "chat": [
        '{"users": 1}',
        *2 * ['{"users": 2}'],
        *2 * ['{"said": "Hello"}'],
        '{"users": 1}',
    ],
    "ticker": ["[1, 2, 3]"],
    "health": [
        "200 fine",
        "101 /hall",
        "id=7",
        *2 * ["4004 no such room"],
    ],
    "auth": ["ada", "grace", *2 * ['401 Basic realm="office"']],
    "subprotocols": ["v2 v2", "v1", "403", "400"],
    "streams": [
        "0 1 2 3 4 ",
        "twice twice ",
        "True True",
        "silence",
        "a dict is no message",
        "1009",
    ],
    "reconnecting": ["visit 1", "lost", "visit 2", "1012", "visit 3", "lost"],
    "tls": ["over TLS"],
}
"""What each client prints."""


def program(name: str, package: str) -> str:
    """A program, with the imports of this package."""
    text = (FOLDER / f"{name}.py").read_text()
    if package == "websockets":
        return text
    text = re.sub(r"^from websockets\.", "from wscodec.", text, flags=re.M)
    return re.sub(
        r"^import websockets$", "import wscodec.asyncio as websockets", text, flags=re.M
    )


def serving(running: Stage, name: str, package: str, certificates: Path) -> Running:
    for file in ("localhost.pem", "localhost.key", "ca.pem"):
        shutil.copy(certificates / file, running.folder)
    return running.serve(program(f"{name}_server", package))


def test_every_program_is_run() -> None:
    names = {
        f"{name}_{side}" for name in [*PRINTED, "shutdown"] for side in ("server", "client")
    }
    assert {path.stem for path in FOLDER.glob("*.py")} == names


@pytest.mark.parametrize("client", PACKAGES)
@pytest.mark.parametrize("server", PACKAGES)
@pytest.mark.parametrize("name", PRINTED)
def test_a_program_does_the_same_with_either_package(
    name: str, server: str, client: str, tmp_path: Path, certificates: Path
) -> None:
    with stage(tmp_path) as running:
        started = serving(running, name, server, certificates)
        output = running.run(program(f"{name}_client", client))
        assert output.splitlines() == PRINTED[name]
        assert started.process.poll() is None
        if name == "health":
            assert started.end(signal.SIGTERM) == 0
            assert started.output == "bye\n"


@needs.websockets
@pytest.mark.parametrize("client", PACKAGES)
@pytest.mark.parametrize("server", PACKAGES)
def test_a_client_closes_when_it_gets_a_signal_and_the_server_notices(
    server: str, client: str, tmp_path: Path, certificates: Path
) -> None:
    with stage(tmp_path) as running:
        started = serving(running, "shutdown", server, certificates)
        peer = running.start(program("shutdown_client", client))
        assert [peer.line() for _ in range(3)] == ["0", "1", "2"]
        assert peer.end(signal.SIGTERM) == 0
        assert peer.output.endswith("\nbye\n")
        assert started.line() == "closed with 1000"


@pytest.mark.parametrize("package", PACKAGES)
@needs.mypy
def test_types_of_these_programs_pass_mypy_with_either_package(
    package: str, tmp_path: Path
) -> None:
    for path in FOLDER.glob("*.py"):
        (tmp_path / path.name).write_text(program(path.stem, package))
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent"]
    command += ["--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        [*command, "--python-version", "3.10", *map(str, tmp_path.glob("*.py"))],
        cwd=ROOT / "python",
        capture_output=True,
        text=True,
        timeout=20 * PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
