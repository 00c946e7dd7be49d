"""Where the package looks for the library, and which errors it reports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import wscodec
from wire import ROOT

LIBRARY = Path(os.environ["WSCODEC_LIBRARY"]).resolve()
PROGRAM = "import wscodec; print(wscodec.library_path())"


def run(cwd: Path, package: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k != "WSCODEC_LIBRARY"}
    env.update(environment, PYTHONPATH=str(package))
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=cwd, env=env, capture_output=True, text=True
    )


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, which a library can be copied into."""
    ignore = shutil.ignore_patterns("__pycache__", "libwscodec*")
    shutil.copytree(ROOT / "python" / "wscodec", tmp_path / "wscodec", ignore=ignore)
    return tmp_path


def test_the_library_of_the_variable_is_loaded() -> None:
    assert wscodec.library_path() == os.environ["WSCODEC_LIBRARY"]
    assert wscodec.library_version() == wscodec.__version__


def test_the_variable_comes_before_the_package(package: Path) -> None:
    bundled = package / "wscodec" / "libwscodec.so.0"
    shutil.copy(LIBRARY, bundled)
    assert run(package, package).stdout.strip() == str(bundled)
    set_ = run(package, package, WSCODEC_LIBRARY=str(LIBRARY))
    assert set_.stdout.strip() == str(LIBRARY)
    wrong = run(package, package, WSCODEC_LIBRARY="/nowhere/libwscodec.so")
    assert wrong.returncode == 1
    assert "ImportError" in wrong.stderr and "/nowhere/libwscodec.so" in wrong.stderr
    assert str(bundled) not in wrong.stderr


def test_the_package_comes_before_the_system(package: Path, tmp_path: Path) -> None:
    system = tmp_path / "system"
    system.mkdir()
    shutil.copy(LIBRARY, system / "libwscodec.so.0")
    found = run(package, package, LD_LIBRARY_PATH=str(system))
    assert found.stdout.strip() == "libwscodec.so.0"
    bundled = package / "wscodec" / "libwscodec.so"
    shutil.copy(LIBRARY, bundled)
    assert run(package, package, LD_LIBRARY_PATH=str(system)).stdout.strip() == str(bundled)


def test_a_broken_library_is_skipped_and_named(package: Path, tmp_path: Path) -> None:
    broken = package / "wscodec" / "libwscodec.so.0"
    broken.write_bytes(b"no library")
    done = run(package, package, LD_LIBRARY_PATH=str(tmp_path / "empty"))
    if done.returncode:  # otherwise the system has one
        assert str(broken) in done.stderr and "WSCODEC_LIBRARY" in done.stderr
    else:
        assert done.stdout.strip() != str(broken)


def test_a_library_that_is_not_wscodec_is_refused(package: Path) -> None:
    done = run(package, package, WSCODEC_LIBRARY="libc.so.6")
    assert "ImportError: libc.so.6 is not wscodec" in done.stderr


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("_load.py", "ABI = 0", "ABI = 7"), "has ABI 0; this package needs 7"),
        (
            ("_ffi.py", '("opaque", c_uint64 * 8)', '("opaque", c_uint64 * 9)'),
            "ws_decoder has 64 bytes there, 72 here",
        ),
        (("_ffi.py", "MAX_CONN = 256", "MAX_CONN = 200"), "ws_conn is larger than 200 bytes"),
    ],
)
def test_a_library_of_another_abi_is_refused(
    package: Path, edit: tuple[str, str, str], message: str
) -> None:
    name, old, new = edit
    file = package / "wscodec" / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    done = run(package, package, WSCODEC_LIBRARY=str(LIBRARY))
    assert "ImportError" in done.stderr and message in done.stderr


def other_machine(library: bytes) -> bytes:
    """The ELF header names the machine at 18."""
    return library[:18] + b"\xf3\x7f" + library[20:]


def other_class(library: bytes) -> bytes:
    """Of 32 instead of 64 bits, or the reverse."""
    return library[:4] + bytes([3 - library[4]]) + library[5:]


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "a text": lambda _: b"no library\n",
    "nothing": lambda _: b"",
    "another machine": other_machine,
    "another class": other_class,
    "half a header": lambda library: library[:32],
}


@pytest.mark.skipif(sys.platform != "linux", reason="the files are ELF")
@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_is_no_library_of_this_machine_is_named(
    package: Path, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "damaged.so"
    file.write_bytes(DAMAGED[name](LIBRARY.read_bytes()))
    done = run(package, package, WSCODEC_LIBRARY=str(file))
    assert done.returncode == 1
    assert "ImportError: the library wscodec was not found" in done.stderr
    assert str(file) in done.stderr and "OSError" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="the files are ELF")
@pytest.mark.parametrize("name", DAMAGED)
def test_the_next_library_is_tried_after_a_damaged_one(package: Path, name: str) -> None:
    (package / "wscodec" / "libwscodec.so.0").write_bytes(DAMAGED[name](LIBRARY.read_bytes()))
    good = package / "wscodec" / "libwscodec.so"
    shutil.copy(LIBRARY, good)
    assert run(package, package).stdout.strip() == str(good)


def test_a_folder_and_a_missing_file_are_named(package: Path, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing.so"):
        done = run(package, package, WSCODEC_LIBRARY=str(place))
        assert "ImportError" in done.stderr and str(place) in done.stderr


def test_an_empty_variable_counts_as_absent(package: Path) -> None:
    bundled = package / "wscodec" / "libwscodec.so.0"
    shutil.copy(LIBRARY, bundled)
    assert run(package, package, WSCODEC_LIBRARY="").stdout.strip() == str(bundled)
