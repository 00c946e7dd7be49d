"""The snippets of docs/guide.md, by section; and those of other pages that continue it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from wire import ROOT

GUIDE = ROOT / "docs" / "guide.md"
HARNESSES = ROOT / "tests" / "docs"
BUILD = ROOT / "target" / "docs"
LIBRARY = ROOT / "target" / "lib"
ARCHIVE = LIBRARY / "libwscodec.a"
SHARED = "what-the-snippets-share"
"""The section that every snippet needs."""

WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")
COMPILERS = [name for name in ("cc", "clang") if shutil.which(name)]


def slug(heading: str) -> str:
    """The name that GitHub gives a heading in links."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@cache
def sections(page: Path = GUIDE) -> dict[str, str]:
    parts = re.split(r"^## (.+)\n", page.read_text(), flags=re.MULTILINE)
    return {slug(name): text for name, text in zip(parts[1::2], parts[2::2])}


def blocks(section: str, language: str, page: Path = GUIDE) -> str:
    """All of a section's blocks in one language, joined."""
    text = sections(page)[section]
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S))


def sections_with(language: str, page: Path = GUIDE) -> list[str]:
    return [name for name in sections(page) if blocks(name, language, page)]


def write_snippets(language: str = "c", page: Path = GUIDE, suffix: str = "") -> None:
    """Writes the code of each section to a file that its harness includes."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in sections_with(language, page):
        path, text = BUILD / f"{name}{suffix}.inc", blocks(name, language, page)
        if not path.exists() or path.read_text() != text:
            part = path.with_suffix(f".{os.getpid()}")
            part.write_text(text)
            part.replace(path)  # at once, since tests of another page may be reading it


@cache
def build(section: str, compiler: str = "cc", *options: str, static: bool = False) -> Path:
    """Compiles a section's harness, and returns the program."""
    return compile_harness(HARNESSES / f"{section}.c", compiler, *options, static=static)


def compile_harness(
    harness: Path, compiler: str = "cc", *options: str, static: bool = False
) -> Path:
    """Compiles a harness together with the server, and returns the program."""
    write_snippets()
    program = BUILD / f"{harness.stem}-{compiler}{'-static' if static else ''}"
    sources = dict.fromkeys((HARNESSES / "a-server.c", harness))
    shared = [f"-L{LIBRARY}", f"-Wl,-rpath,{LIBRARY}", "-lwscodec"]
    command = [compiler, "-std=c99", "-D_GNU_SOURCE", "-O1", "-g", *WARNINGS]
    command += [f"-I{ROOT / 'include'}", f"-I{BUILD}", f"-I{HARNESSES}", "-o", str(program)]
    command += [*map(str, sources), *([str(ARCHIVE)] if static else shared)]
    done = subprocess.run([*command, "-pthread", *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program
