"""The examples of this project, as servers to measure."""

from __future__ import annotations

import re

from server import ROOT, output_of


def our_version() -> str:
    commit = output_of("git", "describe", "--always", "--dirty")
    match = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)
    return f"{match[1] if match else '?'}, {commit}"


def our_example(command: str) -> list[str]:
    """The command for one of our examples, without compression if it has an option for that."""
    plain = ["--no-compression"] if "--no-compression" in output_of(command, "--help") else []
    return [command, *plain, "--host", "127.0.0.1", "--port"]
