"""Runs the programs in this folder that are written for Node."""

from __future__ import annotations

import shutil
from pathlib import Path

from wire import ROOT

PACKAGES = ROOT / "target" / "node" / "node_modules"


def node(script: str) -> list[str]:
    """The command."""
    assert shutil.which("node") and PACKAGES.exists(), "no node or ws: run make test-tools"
    return ["env", f"NODE_PATH={PACKAGES}", "node", str(Path(__file__).parent / script)]
