"""The wheel of the checkout in each Python that this machine has."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from packages import PACKAGE, WORK, attempt, environment, install, only, pip, run, wheel

VERSIONS = [f"3.{minor}" for minor in range(9, 15)]
PROGRAM = """\
import wscodec
frame = wscodec.frame_encode(wscodec.Opcode.TEXT, b"Hello")
assert [f.payload for f in wscodec.Decoder(wscodec.CLIENT).feed(frame)] == [b"Hello"]
assert wscodec.library_version() == wscodec.__version__
print(wscodec.library_path())
"""
TYPED = """\
import wscodec


def greet(data: bytes) -> list[str]:
    frames = wscodec.Decoder().feed(data)
    return [bytes(frame.payload).decode() for frame in frames]
"""


def python_of(version: str) -> str | None:
    """A Python of that version which starts."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for python in (shutil.which(f"python{version}"), *managed):
        if python and attempt([python, "-c", ""]).returncode == 0:
            return str(python)
    return None


def package_in(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith("wscodec/")]
        return {name: archive.read(name) for name in names}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_installed_package_loads_its_own_library(version: str) -> None:
    python = python_of(version)
    if python is None:
        pytest.skip(f"this machine has no Python {version}")
    installed = environment(version, python)
    install(installed, wheel())
    found = run([installed, "-W", "error", "-c", PROGRAM]).strip()
    folder = WORK / "environments" / version / "lib" / f"python{version}" / "site-packages"
    assert found == str(folder / "wscodec" / "libwscodec.so.0")


def test_the_oldest_python_builds_the_same_package(tmp_path: Path) -> None:
    version, python = next((v, found) for v in VERSIONS if (found := python_of(v)))
    builder = environment(f"builder-{version}", python)
    run(pip("--python", builder, "wheel", "--no-deps", "-w", tmp_path, PACKAGE))
    built = only(tmp_path, "*.whl")
    assert built.name == wheel().name
    assert package_in(built) == package_in(wheel())


def test_one_python_at_least_was_tested() -> None:
    assert any(python_of(version) for version in VERSIONS)


def test_type_checkers_see_the_types_of_the_installed_package(tmp_path: Path) -> None:
    python = environment("typed")
    install(python, wheel())
    program = tmp_path / "program.py"
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", python]
    mypy += ["--cache-dir", str(tmp_path / "cache"), str(program)]
    program.write_text(TYPED)
    run(mypy, tmp_path)
    program.write_text(TYPED.replace("feed(data)", "feed(1)"))
    wrong = attempt(mypy, tmp_path)
    assert wrong.returncode == 1 and "incompatible type" in wrong.stdout
