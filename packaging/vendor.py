#!/usr/bin/env python3
"""Makes a copy of this crate build without the network.

    packaging/vendor.py FOLDER

FOLDER has a copy of Cargo.toml, Cargo.lock, build.rs and src. What only the tests and
`make header` need is removed from its Cargo.toml. The other dependencies are copied into
FOLDER/vendor, where FOLDER/.cargo/config.toml tells cargo to look. CARGO may be set.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

CONFIG = """\
[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "vendor"
"""
UNNEEDED = ("[dev-dependencies]", "[build-dependencies]", "[[test]]")


def needed(manifest: str) -> str:
    """The manifest without what only tests and `make header` need."""
    sections = re.split(r"^(?=\[)", manifest, flags=re.MULTILINE)
    kept = (section for section in sections if not section.startswith(UNNEEDED))
    return "".join(kept).replace(', "dep:cbindgen"', "")


def main() -> int:
    folder = Path(sys.argv[1])
    manifest = folder / "Cargo.toml"
    manifest.write_text(needed(manifest.read_text(encoding="utf-8")), encoding="utf-8")
    cargo = os.environ.get("CARGO", "cargo").split()
    vendor = [*cargo, "vendor", "--quiet", "--versioned-dirs"]
    # It prints the configuration that is written here.
    done = subprocess.run(vendor, cwd=folder, stdout=subprocess.DEVNULL)
    if done.returncode:
        return done.returncode
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text(CONFIG, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
