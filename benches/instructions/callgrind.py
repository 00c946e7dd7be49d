"""Builds the programs of this folder, and counts with callgrind."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target" / "instructions"

# Counts inside the exported functions alone, which never call each other. Names in full.
OPTIONS = [
    "--tool=callgrind",
    "--toggle-collect=ws_*",
    "--combine-dumps=yes",
    "--compress-strings=no",
    "--compress-pos=no",
    "--dump-line=no",
]


@dataclass(frozen=True)
class Count:
    """Instructions, and the exported functions that were called."""

    instructions: int
    called: frozenset[str]


def build(folder: str) -> Path:
    """Bound when it starts, so that no case counts the dynamic linker."""
    TARGET.mkdir(parents=True, exist_ok=True)
    program, library = TARGET / folder, ROOT / "target" / "lib"
    sources = sorted([*(HERE / folder).glob("*.c"), *(HERE / "harness").glob("*.c")])
    flags = ["-std=c99", "-pedantic", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Werror"]
    links = [f"-L{library}", f"-Wl,-rpath,{library},-z,now", "-lwscodec"]
    command = [os.environ.get("CC", "cc"), *flags, f"-I{ROOT / 'include'}"]
    subprocess.run([*command, *map(str, sources), *links, "-o", str(program)], check=True)
    return program


def run(program: Path, *arguments: str) -> list[list[str]]:
    """The lines that the program prints, without callgrind."""
    return fields([str(program), *arguments])


def count(program: Path) -> tuple[list[list[str]], list[Count]]:
    """The lines that the program prints, and the counts in their order."""
    out = TARGET / f"{program.name}.callgrind"
    printed = fields(["valgrind", *OPTIONS, f"--callgrind-out-file={out}", str(program)])
    found = parts(out.read_text(encoding="utf-8"))
    assert len(found) == len(printed), "a line for each count"
    return printed, found


def fields(command: list[str]) -> list[list[str]]:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return [line.split("\t") for line in done.stdout.splitlines()]


def parts(text: str) -> list[Count]:
    """The parts of a profile that the program asked for."""
    found = []
    for part in text.split("desc: Trigger: ")[1:]:
        if part.startswith("Client Request"):
            total = re.search(r"^summary: (\d+)$", part, re.MULTILINE)
            assert total, "callgrind reports no total"
            called = re.findall(r"^cfn=(ws_\w+)\ncalls=[1-9]", part, re.MULTILINE)
            found.append(Count(int(total[1]), frozenset(called)))
    return found


def tools() -> str:
    """What the counts depend on: the compiler, the C library's memcpy(), and the instructions
    that valgrind has and shows to the program: none of AVX-512."""
    libc = " ".join(platform.libc_ver())
    processor = platform.machine()
    if processor == "x86_64":
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
        processor += " with AVX2" if "avx2" in flags else " without AVX2"
    return ", ".join([version("rustc"), version("valgrind"), libc, processor])


def version(name: str) -> str:
    command = [name, "--version"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
