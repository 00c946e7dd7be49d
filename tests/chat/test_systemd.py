"""The units for systemd, as far as systemd-analyze can tell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from chat_server import ROOT

UNITS = ROOT / "examples-chat" / "systemd"
PROGRAMS = {
    "c": (
        "/usr/lib/wscodec-chat/chat_server",
        str(ROOT / "examples-chat" / "c" / "chat_server"),
    ),
    "python": ("/usr/lib/wscodec-chat/venv/bin/python", sys.executable),
}
MOST_EXPOSED = 15
"""Tenths, of 100."""

pytestmark = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd is not installed"
)


def analyze(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """systemd-analyze with these units before those of the system."""
    env = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}
    command = ["systemd-analyze", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True)


@pytest.fixture(params=PROGRAMS)
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An instance, whose program is where it was built."""
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    name = f"wscodec-chat-{request.param}@"
    path = tmp_path / f"{name}.service"
    installed, built = PROGRAMS[request.param]
    text = path.read_text()
    assert installed in text
    path.write_text(text.replace(installed, built))
    return f"{name}8101.service"


def test_the_units_are_valid(unit: str, tmp_path: Path) -> None:
    done = analyze(tmp_path, "verify", unit)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_who_takes_over_a_server_can_do_little(unit: str, tmp_path: Path) -> None:
    options = ("--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager")
    done = analyze(tmp_path, "security", *options, unit)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command", [["examples-chat/c/chat_server"], [sys.executable, "examples-chat/python"]]
)
def test_a_server_has_time_to_drain_before_it_is_killed(command: list[str]) -> None:
    done = subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, text=True)
    help = done.stdout.rpartition("--drain-timeout")[2]
    found = re.search(r"\((\d+)\)", help)
    text = (UNITS / "wscodec-chat-.service.d" / "chat.conf").read_text()
    given = re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert found and given
    assert int(given[1]) >= int(found[1]) + 5
