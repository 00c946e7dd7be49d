#!/usr/bin/env python3
"""Writes the debian/copyright of a source package that contains its crates.

    packaging/copyright.py FOLDER > debian/copyright

FOLDER is what `cargo vendor --versioned-dirs` wrote.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from notices import ROOT, licence

HEAD = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: wscodec
Source: The source package itself. Cargo.toml in each folder of vendor/ names the page of
 that crate.
Comment: The crates in vendor/ are unchanged. Those that are not for other operating systems
 are linked into the library.
"""
# The names of Debian for those of SPDX.
NAMES = {
    "MIT": "Expat",
    "Apache-2.0": "Apache-2.0",
    "Zlib": "Zlib",
    "LGPL-2.1-or-later": "LGPL-2.1+",
}
COMMON = """\
 On Debian systems, the full text of this licence is in
 /usr/share/common-licenses/{}."""


def names(expression: str) -> list[str]:
    return [NAMES[name] for name in re.split(r" OR |/", expression)]


def text_of(crate: Path) -> str:
    authors = crate / "AUTHORS"  # r-efi has its licences there
    return authors.read_text(encoding="utf-8") if authors.is_file() else licence(crate)


def holders(text: str) -> list[str]:
    """Who has the copyright, from the lines that say so."""
    found = re.findall(r"^\s*(?:Copyright )?\([cC]\)\s*(.+?)\s*$", text, re.MULTILINE)
    return found or re.findall(r"^\s*Copyright ([T0-9].+?)\s*$", text, re.MULTILINE)


def paragraph(files: str, owners: list[str], licences: list[str]) -> str:
    if not owners:
        sys.exit(f"{files}: nobody has the copyright")
    lines = "\n ".join(owners)
    return f"\nFiles: {files}\nCopyright: {lines}\nLicense: {' or '.join(licences)}"


def terms(text: str) -> str:
    """A licence without its title and holders, as a field of several lines."""
    start = re.search(r"^(Permission|This software)", text, re.MULTILINE)
    lines = text[start.start() if start else 0 :].strip().splitlines()
    return "\n".join(f" {line}" if line else " ." for line in lines)


def main() -> int:
    folder = Path(sys.argv[1])
    own = (ROOT / "LICENSE-MIT").read_text(encoding="utf-8")
    texts = {"Expat": terms(own), "Apache-2.0": COMMON.format("Apache-2.0")}
    print(HEAD + paragraph("*", holders(own), list(texts)))
    for crate in sorted(folder.iterdir()):
        package = tomllib.loads((crate / "Cargo.toml").read_text(encoding="utf-8"))["package"]
        text = text_of(crate)
        owners = holders(text) or package.get("authors", [])
        licences = names(package["license"])
        for name in licences:
            whole = terms(text) if name == "Zlib" else COMMON.format(name.rstrip("+"))
            texts.setdefault(name, whole)
        print(paragraph(f"{folder.name}/{crate.name}/*", owners, licences))
    for name in sorted(texts):
        print(f"\nLicense: {name}\n{texts[name]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
