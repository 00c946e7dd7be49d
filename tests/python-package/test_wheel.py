"""The wheel that `pip install ./python` builds in a checkout."""

from __future__ import annotations

import platform
import shutil
import stat
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

from packages import (
    BIN,
    LIBRARY,
    PACKAGE,
    ROOT,
    VERSION,
    environment,
    install,
    only,
    run,
    wheel,
    wheel_command,
)

INFO = f"wscodec-{VERSION}.dist-info"
LICENCES = ("LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY-NOTICES")
INFO_FILES = ("METADATA", "WHEEL", "RECORD", "entry_points.txt")
BUNDLED = "wscodec/libwscodec.so.0"


def content(name: str) -> bytes:
    with zipfile.ZipFile(wheel()) as archive:
        return archive.read(name)


def metadata(name: str) -> Message:
    return Parser().parsestr(content(f"{INFO}/{name}").decode())


def test_the_wheel_is_for_every_python_3_on_one_platform() -> None:
    tag = f"py3-none-linux_{platform.machine()}"
    assert wheel().name == f"wscodec-{VERSION}-{tag}.whl"
    fields = metadata("WHEEL")
    assert fields["Tag"] == tag
    assert fields["Root-Is-Purelib"] == "false"


def test_the_wheel_has_the_package_the_library_and_the_licences_alone() -> None:
    sources = [*(PACKAGE / "wscodec").rglob("*.py"), *(PACKAGE / "wscodec").rglob("py.typed")]
    expected = {str(path.relative_to(PACKAGE)) for path in sources} | {BUNDLED}
    expected |= {f"{INFO}/{name}" for name in INFO_FILES}
    expected |= {f"{INFO}/licenses/{name}" for name in LICENCES}
    with zipfile.ZipFile(wheel()) as archive:
        assert set(archive.namelist()) == expected


def test_the_library_is_the_one_that_make_builds() -> None:
    assert content(BUNDLED) == LIBRARY.read_bytes()


def test_the_library_names_no_folder_of_the_build() -> None:
    library = content(BUNDLED)
    for folder in (ROOT, Path.home(), ".cargo", ".rs"):
        assert str(folder).encode() not in library


def test_the_licences_are_those_of_the_project() -> None:
    for name in LICENCES:
        assert content(f"{INFO}/licenses/{name}") == (ROOT / name).read_bytes()
    fields = metadata("METADATA")
    assert fields.get_all("License-File") == list(LICENCES)
    assert fields["License-Expression"] == "(MIT OR Apache-2.0) AND Zlib"
    # What the libraries in THIRD-PARTY-NOTICES add to that of the project.
    notices = content(f"{INFO}/licenses/THIRD-PARTY-NOTICES").decode()
    titles = [part.split("\n")[1] for part in notices.split("-" * 80)[1:]]
    assert {title.split("  ")[1] for title in titles} == {"MIT OR Apache-2.0", "Zlib"}


def test_the_metadata_has_the_readme_and_the_extras() -> None:
    fields = metadata("METADATA")
    assert fields["Metadata-Version"] == "2.4"
    assert fields["Description-Content-Type"] == "text/markdown"
    assert fields.get_payload() == (PACKAGE / "README.md").read_text()
    assert fields["Requires-Python"] == ">=3.9"
    assert fields.get_all("Provides-Extra") == ["socks", "uvloop"]
    required = fields.get_all("Requires-Dist") or []
    assert required and all("extra ==" in requirement for requirement in required)


def test_auditwheel_accepts_and_repairs_the_wheel(tmp_path: Path) -> None:
    auditwheel = BIN / "auditwheel"
    assert "is consistent with" in run([auditwheel, "show", wheel()])
    path = f"{BIN}:/usr/bin:/bin"  # patchelf
    run([auditwheel, "repair", "-w", tmp_path, wheel()], PATH=path)
    repaired = only(tmp_path, "*.whl")
    assert "-py3-none-manylinux_" in repaired.name
    python = environment("repaired")
    install(python, repaired)
    program = "import wscodec; print(wscodec.library_path())"
    assert "site-packages" in run([python, "-W", "error", "-c", program])


def test_the_wheel_installs_the_command_line() -> None:
    python = environment("command")
    install(python, wheel())
    program = python.parent / "wscodec"
    assert run([program, "--version"]).startswith(f"wscodec {VERSION}, Python ")
    assert run([program, "--help"]).startswith("usage: wscodec [OPTION...] URL [MESSAGE...]\n")
    help_of_module = run([python, "-m", "wscodec", "--help"])
    assert help_of_module.startswith("usage: python -m wscodec [OPTION...]")


def test_a_build_at_another_time_gives_the_same_wheel(tmp_path: Path) -> None:
    again = tmp_path / "checkout"
    shutil.copytree(PACKAGE, again, ignore=shutil.ignore_patterns("__pycache__", "dist"))
    for path in again.rglob("*"):
        path.chmod(path.stat().st_mode | stat.S_IWGRP)
    run(wheel_command(again, tmp_path), WSCODEC_WHEEL_LIBRARY=LIBRARY)
    assert only(tmp_path, "*.whl").read_bytes() == wheel().read_bytes()
