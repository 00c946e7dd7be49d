"""The languages of bindings/, and what the Makefile of each folder makes."""

from __future__ import annotations

import os
import re
import subprocess

from wire import ROOT

FOLDERS = ROOT / "bindings"
ALL = sorted(makefile.parent.name for makefile in FOLDERS.glob("*/Makefile"))
LANGUAGES = os.environ.get("LANGUAGES", "").split() or ALL
ENVIRONMENT = {"WSCODEC_LIBRARY": str(ROOT / "target" / "lib" / "libwscodec.so")}


def program(language: str, name: str) -> str:
    """The path of echo_server, echo_client or peer_server."""
    return str(ROOT / "target" / "bindings" / language / name)


def make(language: str, target: str) -> str:
    """What `make` prints. A failure fails the test."""
    done = subprocess.run(
        ["make", "--no-print-directory", "-s", "-C", str(FOLDERS / language), target],
        capture_output=True,
        text=True,
        env={**os.environ, **ENVIRONMENT},
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout


def vectors_passed(language: str) -> int:
    """How many vectors of tests/vectors the binding has passed."""
    output = make(language, "check")
    match = re.search(rf"^{language}: (\d+) vectors passed$", output, re.M)
    assert match, output[-2000:]
    return int(match[1])
