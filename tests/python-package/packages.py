"""What the tests here build, each once, and how they run programs.

Nothing of the developer's environment says where the library is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python"
LIBRARY = ROOT / "target" / "lib" / "libwscodec.so.0"
WORK = ROOT / "target" / "python-package"
PROJECT = (PACKAGE / "pyproject.toml").read_text(encoding="utf-8")
VERSION = PROJECT.partition('version = "')[2].partition('"')[0]
BIN = Path(sys.executable).parent
IGNORED = ("WSCODEC_LIBRARY", "WSCODEC_WHEEL_LIBRARY", "PYTHONPATH", "CARGO_TARGET_DIR")

Arguments = Sequence[object]
Done = subprocess.CompletedProcess[str]


def attempt(arguments: Arguments, cwd: Path = WORK, /, **variables: object) -> Done:
    """Runs a program, in a folder where nothing of the package is."""
    cwd.mkdir(parents=True, exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if k not in IGNORED}
    environment.update((name, str(value)) for name, value in variables.items())
    command = [str(argument) for argument in arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def run(arguments: Arguments, cwd: Path = WORK, /, **variables: object) -> str:
    """What the program prints. It must succeed."""
    done = attempt(arguments, cwd, **variables)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}{done.stderr}"
    return done.stdout


def empty(name: str) -> Path:
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def pip(*arguments: object) -> list[object]:
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]


def wheel_command(source: Path, out: Path) -> list[object]:
    """Builds with the hatchling that is installed, to be fast."""
    return pip("wheel", "--no-deps", "--no-build-isolation", "-w", out, source)


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


@lru_cache
def wheel() -> Path:
    """From this checkout, in an environment that pip makes for the build, as users get it."""
    out = empty("wheel")
    run(pip("wheel", "--no-deps", "-w", out, PACKAGE))
    return only(out, "*.whl")


@lru_cache
def source_archive() -> Path:
    out = empty("sdist")
    run([sys.executable, "-m", "build", "--sdist", "--no-isolation", "-o", out, PACKAGE])
    return only(out, "*.tar.gz")


@lru_cache
def unpacked() -> Path:
    out = empty("unpacked")
    with tarfile.open(source_archive()) as archive:
        archive.extractall(out)  # our own
    return only(out, "wscodec-*")


def environment(name: str, python: str = sys.executable) -> Path:
    """A new environment without any package. Returns its Python."""
    folder = empty(f"environments/{name}")
    run([python, "-m", "venv", "--without-pip", folder])
    return folder / "bin" / "python"


@lru_cache
def backend() -> Path:
    """A folder with hatchling and what it needs, for builds without the network."""
    out = empty("backend")
    # Hatchling asks for editables whenever it builds an editable installation.
    run(pip("download", "-q", "-d", out, "hatchling>=1.27", "editables"))
    return out


def install(python: Path, *arguments: object, **variables: object) -> None:
    """Installs without the network."""
    options = ("--no-deps", "--no-index", "--find-links", backend())
    run(pip("--python", python, "install", *options, *arguments), **variables)
