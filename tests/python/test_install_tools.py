"""The scripts that install what is missing, on a machine that lacks everything."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from wire import ROOT

STUBS = {
    "dpkg-query": "exit 1",  # no package is installed
    "id": "echo 1000",  # not root
}


@pytest.mark.parametrize(
    ("script", "packages"),
    [
        ("tests/tools/install.sh", ["gcc", "valgrind", "libjna-java", "lua-socket", "haproxy"]),
        ("tests/targets/install.sh", ["qemu-user-static", "libc6-dev-armhf-cross"]),
    ],
)
def test_says_all_that_is_missing(script: str, packages: list[str], tmp_path: Path) -> None:
    for name, body in STUBS.items():
        stub = tmp_path / name
        stub.write_text(f"#!/bin/sh\n{body}\n")
        stub.chmod(0o755)
    for name in ("sh", "dirname", "mkdir"):
        os.symlink(str(shutil.which(name)), tmp_path / name)
    done = subprocess.run(
        [ROOT / script, tmp_path / "made"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("run as root: apt-get install ")
    assert set(packages) <= set(line.split())
