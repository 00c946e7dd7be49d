"""The examples of this project, as servers to measure."""

from __future__ import annotations

import re

from server import ROOT, output_of


def our_version() -> str:
    commit = output_of("git", "describe", "--always", "--dirty")
    match = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)
    return f"{match[1] if match else '?'}, {commit}"


def our_example(program: str, *options: str) -> list[str]:
    """The command for one of our examples; without options, it does not compress."""
    return [program, *(options or ["--no-compression"]), "--host", "127.0.0.1", "--port"]
