"""What decides which library a wheel has, and the messages where there is none."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from packages import (
    BIN,
    LIBRARY,
    PACKAGE,
    ROOT,
    VERSION,
    Done,
    attempt,
    environment,
    install,
    only,
    run,
    wheel_command,
)

PROGRAM = "import wscodec; print(wscodec.library_path())"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that is not in a checkout: there are no Rust sources."""
    ignore = shutil.ignore_patterns("__pycache__", "libwscodec*", "dist")
    return Path(shutil.copytree(PACKAGE, tmp_path / "python", ignore=ignore))


def build(package: Path, **variables: object) -> Done:
    return attempt(wheel_command(package, package / "out"), **variables)


def built(package: Path, **variables: object) -> Path:
    done = build(package, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return only(package / "out", "*.whl")


def refused(package: Path, **variables: object) -> str:
    done = build(package, **variables)
    assert done.returncode != 0 and "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def libraries(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if "libwscodec" in name}


def test_without_cargo_the_message_says_what_to_install(tmp_path: Path) -> None:
    command = wheel_command(PACKAGE, tmp_path)
    done = attempt(command, PATH=BIN, HOME=tmp_path, CARGO="", CARGO_HOME="")
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert "cargo was not found" in done.stderr
    assert "Install Rust 1.85 or newer" in done.stderr
    assert not list(tmp_path.glob("*.whl"))


def test_a_cargo_that_fails_is_reported(tmp_path: Path) -> None:
    done = attempt(wheel_command(PACKAGE, tmp_path), CARGO="false")
    assert done.returncode != 0
    assert "cargo could not build the library" in done.stderr
    done = attempt(wheel_command(PACKAGE, tmp_path), CARGO="/nowhere/cargo")
    assert "/nowhere/cargo could not be started" in done.stderr


def test_without_the_rust_sources_the_message_says_so(package: Path) -> None:
    assert "no Rust sources are there" in refused(package)


def test_a_library_that_is_built_already_can_be_bundled(package: Path) -> None:
    wheel = built(package, WSCODEC_WHEEL_LIBRARY=LIBRARY)
    assert libraries(wheel) == {"wscodec/libwscodec.so.0": LIBRARY.read_bytes()}
    assert not wheel.name.endswith("-any.whl")


def test_a_wheel_without_library_is_for_any_platform(package: Path, tmp_path: Path) -> None:
    wheel = built(package, WSCODEC_WHEEL_LIBRARY="none")
    assert wheel.name == f"wscodec-{VERSION}-py3-none-any.whl"
    assert libraries(wheel) == {}
    python = environment("system")
    install(python, wheel)
    shutil.copy(LIBRARY, tmp_path)
    found = run([python, "-c", PROGRAM], LD_LIBRARY_PATH=tmp_path)
    assert found.strip() == "libwscodec.so.0"


def test_the_library_for_running_is_not_bundled(package: Path) -> None:
    assert "no Rust sources are there" in refused(package, WSCODEC_LIBRARY=LIBRARY)


@pytest.mark.parametrize("path", ["target/lib/libwscodec.so.0", "/nowhere/libwscodec.so.0"])
def test_a_path_that_is_relative_or_leads_nowhere_is_refused(package: Path, path: str) -> None:
    said = refused(package, WSCODEC_WHEEL_LIBRARY=path)
    assert f"neither 'none' nor the absolute path of a file: {path}" in said


def test_a_library_that_this_python_cannot_load_is_refused(package: Path) -> None:
    broken = package / "broken.so"
    broken.write_bytes(b"no library")
    said = refused(package, WSCODEC_WHEEL_LIBRARY=broken)
    assert f"the package cannot use {broken}" in said
    assert "_PYTHON_HOST_PLATFORM" in said


def test_a_library_for_another_platform_is_tagged_for_it(package: Path) -> None:
    foreign = package / "foreign.so"
    foreign.write_bytes(b"for another processor")
    wheel = built(package, WSCODEC_WHEEL_LIBRARY=foreign, _PYTHON_HOST_PLATFORM="linux-riscv64")
    assert wheel.name == f"wscodec-{VERSION}-py3-none-linux_riscv64.whl"


def test_two_versions_in_one_package_are_refused(package: Path) -> None:
    project = package / "pyproject.toml"
    text = project.read_text()
    project.write_text(text.replace(f'version = "{VERSION}"', 'version = "98.7"'))
    said = refused(package, WSCODEC_WHEEL_LIBRARY=LIBRARY)
    assert f"pyproject.toml has version 98.7, wscodec/_ffi.py {VERSION}" in said


def test_a_library_that_lies_in_the_package_is_not_bundled(package: Path) -> None:
    for name in ("libwscodec.so", "libwscodec.so.0"):
        (package / "wscodec" / name).write_bytes(b"old")
    wheel = built(package, WSCODEC_WHEEL_LIBRARY=LIBRARY)
    assert libraries(wheel) == {"wscodec/libwscodec.so.0": LIBRARY.read_bytes()}


def test_an_editable_installation_replaces_an_older_library(package: Path) -> None:
    bundled = package / "wscodec" / "libwscodec.so.0"
    bundled.write_bytes(b"old")
    python = environment("replaced")
    install(python, "-e", package, WSCODEC_WHEEL_LIBRARY=LIBRARY)
    assert run([python, "-c", PROGRAM]).strip() == str(bundled)
    install(python, "-e", package, WSCODEC_WHEEL_LIBRARY="none")
    assert not bundled.exists()


def test_git_ignores_what_builds_leave_in_the_package() -> None:
    names = ("libwscodec.so.0", "libwscodec.so.0.new", "libwscodec.0.dylib", "wscodec.dll")
    for name in (*(f"python/wscodec/{name}" for name in names), "python/dist/"):
        run(["git", "check-ignore", "-q", name], ROOT)
