"""`import wscodec` is enough for every module of the package, and imports no network."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import needs
import pytest
import wscodec

MODULES = [
    module.name
    for module in pkgutil.iter_modules(wscodec.__path__)
    if not module.name.startswith("_")
]


def run(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_an_attribute_of_the_package(name: str) -> None:
    assert run(f"import wscodec; print(wscodec.{name}.__name__)") == f"wscodec.{name}\n"
    assert name in run("import wscodec; print(dir(wscodec))")


def test_the_package_imports_neither_asyncio_nor_ssl_nor_threads() -> None:
    program = "import sys, wscodec; print([m for m in {} if m in sys.modules])"
    modules = ("asyncio", "ssl", "socket", "logging", "wscodec.asyncio")
    assert run(program.format(modules)) == "[]\n"
    assert run(f"import wscodec; dir(wscodec); {program.format(modules)}") == "[]\n"


def test_other_names_are_not_attributes() -> None:
    for name in ("nonsense", "_nonsense", "cli"):
        with pytest.raises(AttributeError, match=f"'wscodec' has no attribute '{name}'"):
            getattr(wscodec, name)


@needs.mypy
def test_type_checkers_know_the_modules_and_no_others(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import wscodec\n"
        "print(wscodec.asyncio.serve, wscodec.sync.connect, wscodec.exceptions.InvalidURI)\n"
        "print(wscodec.nonsense)\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent"]
    cache = ["--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run([*command, *cache, str(program)], capture_output=True, text=True)
    (error, found) = done.stdout.splitlines()
    assert ":3:" in error and "nonsense" in error and found.startswith("Found 1 error")
