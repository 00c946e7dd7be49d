"""`make soak`, for a few seconds."""

from __future__ import annotations

import re
import subprocess
import sys

from wire import ROOT

SOAK = [sys.executable, "tests/faults/soak", "--time", "8", "--clients", "6"]


def soak(*options: str) -> tuple[int, str]:
    done = subprocess.run(
        [*SOAK, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60
    )
    return done.returncode, done.stdout


def count(output: str, name: str) -> int:
    """The number before a word of the last line."""
    found = re.search(rf"([\d,]+) {name}", output.splitlines()[-1])
    return int(found[1].replace(",", "")) if found else 0


def test_every_message_comes_back_unchanged_through_a_faulty_network() -> None:
    status, output = soak("--time", "16")
    assert status == 0, output
    assert count(output, "messages") > 100
    for fault in ("cuts", "delays", "half-closes", "resets", "splits"):
        assert count(output, fault) > 0, output


def test_every_corruption_that_can_be_noticed_is_an_error() -> None:
    status, output = soak("--corrupt")
    assert status == 0, output
    assert count(output, "protocol errors") > 10


def test_a_server_that_changes_a_message_is_found_out() -> None:
    status, output = soak("--server", f"{sys.executable} tests/faults/liar.py")
    assert status == 1
    assert " instead of " in output
