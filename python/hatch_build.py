"""Puts the shared library into wheels, and the sources of the library into source archives.

A wheel is for one platform and for every Python 3, since ctypes loads the library. Hatchling
lets a hook say so. setuptools-rust names the library like an extension module
(libwscodec.abi3.so) and the wheel after one version of Python; maturin generates a module for
cffi from the exports, which makes cffi a dependency.

WSCODEC_WHEEL_LIBRARY in the environment says which library a wheel contains:

    not set   what cargo builds from the sources beside this package
    a path    that file, which must be absolute
    none      no library: the wheel is for any platform, and the system's library is loaded
"""

from __future__ import annotations

import json
import os
import platform
import runpy
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CHOICE = "WSCODEC_WHEEL_LIBRARY"
NEEDS_RUST = (
    "The library is written in Rust. Install Rust 1.85 or newer and a linker (the C compiler "
    f"of your system), or set {CHOICE} to the path of a library that is built already, or to "
    "'none' to load the library of the system."
)
RUST_SOURCES = ("Cargo.toml", "Cargo.lock", "build.rs", "src")
VENDORED = ("vendor", ".cargo")  # what packaging/vendor.py adds
VERSION_OF_PACKAGE = """\
try:
    import wscodec
except ImportError as error:
    raise SystemExit(error)
print(wscodec.__version__)
"""


class LibraryHook(BuildHookInterface[Any]):
    """What hatchling calls before and after it writes a wheel or a source archive."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if self.target_name == "sdist":
            self._add_sources(root, build_data["force_include"])
            return
        library = chosen_library(root)
        if library is not None and "_PYTHON_HOST_PLATFORM" not in os.environ:
            check(library, root, self.metadata.version)
        bundled = Path("wscodec", library_name(root))
        if version == "editable":
            replace(root / bundled, library)
        elif library is not None:
            build_data["force_include"][str(library)] = str(bundled)
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{platform_tag()}"

    def _add_sources(self, root: Path, included: dict[str, str]) -> None:
        # In a checkout the licences are links, which would lead nowhere from an archive, and
        # the rules of git are about other folders.
        for path, target in list(included.items()):
            del included[path]
            if target != ".gitignore":
                included[os.path.realpath(path)] = target
        sources = crate(root)
        if sources != root / "rust":
            sources = self._with_dependencies(sources)
        for name in RUST_SOURCES + VENDORED:
            included[str(sources / name)] = f"rust/{name}"

    def _with_dependencies(self, sources: Path) -> Path:
        # Kept until the archive is written, then removed together with this object.
        self._folder = tempfile.TemporaryDirectory(prefix="wscodec-")
        copy = Path(self._folder.name)
        for name in RUST_SOURCES:
            if (sources / name).is_dir():
                shutil.copytree(sources / name, copy / name)
            else:
                shutil.copy(sources / name, copy / name)
        vendor = sources / "packaging" / "vendor.py"
        if subprocess.run([sys.executable, str(vendor), str(copy)]).returncode:
            fail("the crates that the library needs could not be copied; see above")
        return copy


def fail(reason: str) -> NoReturn:
    """Ends the build with a message instead of a traceback."""
    sys.exit(f"wscodec: {reason}")


def crate(root: Path) -> Path:
    """The folder of the Rust sources: in a source archive, or in a checkout."""
    for folder in (root / "rust", root.parent):
        if (folder / "src" / "ffi" / "version.rs").is_file():
            return folder
    fail(
        f"{root} is neither in a checkout nor in a source archive: no Rust sources are there. "
        "A pip older than 21.3 copies the package out of the checkout: upgrade it."
    )


def library_name(root: Path) -> str:
    """The file that the package looks for first."""
    names = runpy.run_path(str(root / "wscodec" / "_load.py"))["_file_names"]()
    return str(names[0])


def chosen_library(root: Path) -> Path | None:
    choice = os.environ.get(CHOICE)
    if not choice:
        return build(crate(root))
    if choice == "none":
        return None
    library = Path(choice)
    if not (library.is_absolute() and library.is_file()):
        fail(f"{CHOICE} is neither 'none' nor the absolute path of a file: {choice}")
    return library


def cargo() -> list[str]:
    wanted = os.environ.get("CARGO", "").split()
    home = os.environ.get("CARGO_HOME") or Path.home() / ".cargo"
    found = shutil.which("cargo") or shutil.which("cargo", path=str(Path(home, "bin")))
    if not wanted and not found:
        fail(f"cargo was not found. {NEEDS_RUST}")
    return wanted or [str(found)]


def build(sources: Path) -> Path:
    """Builds the library as `make library` does. Returns its path, which cargo decides."""
    command = [*cargo(), "rustc", "--release", "--lib", "--locked", "--crate-type", "cdylib"]
    command += ["--message-format", "json-render-diagnostics"]
    try:
        done = subprocess.run(command, cwd=sources, stdout=subprocess.PIPE, text=True)
    except OSError as error:
        fail(f"{command[0]} could not be started: {error}. {NEEDS_RUST}")
    if done.returncode:
        fail(f"cargo could not build the library; see above. {NEEDS_RUST}")
    for message in map(json.loads, done.stdout.splitlines()):
        if message["reason"] == "compiler-artifact" and message["target"]["name"] == "wscodec":
            for file in map(Path, message["filenames"]):
                if file.suffix in (".so", ".dylib", ".dll"):
                    return file
    fail("cargo built no shared library")


def check(library: Path, root: Path, version: str) -> None:
    """Fails unless this Python can use the library, and the package has this version."""
    environment = {**os.environ, "WSCODEC_LIBRARY": str(library), "PYTHONPATH": str(root)}
    command = [sys.executable, "-B", "-c", VERSION_OF_PACKAGE]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        fail(
            f"the package cannot use {library}; see above. To build for another platform, set "
            "CARGO_BUILD_TARGET and _PYTHON_HOST_PLATFORM."
        )
    if done.stdout.strip() != version:
        fail(
            f"pyproject.toml has version {version}, wscodec/_ffi.py {done.stdout.strip()}: "
            "they must be equal"
        )


def replace(bundled: Path, library: Path | None) -> None:
    """Puts the library beside the sources. Programs that have loaded the old one keep it."""
    if library is None:
        bundled.unlink(missing_ok=True)
        return
    new = bundled.with_name(f"{bundled.name}.new")
    shutil.copy(library, new)
    os.replace(new, bundled)


def platform_tag() -> str:
    """The platform that a wheel with a library is for."""
    name = sysconfig.get_platform()
    if name.startswith("macosx-") and "_PYTHON_HOST_PLATFORM" not in os.environ:
        # Python may be for two processors, and for an older system than the library.
        machine = platform.machine()
        name = f"macosx-{mac_version(machine)}-{machine}"
    return name.replace("-", "_").replace(".", "_")


def mac_version(machine: str) -> str:
    """The oldest macOS that the library runs on: what is asked for, else rustc's default."""
    oldest = "11.0" if machine == "arm64" else "10.12"
    major, _, minor = (os.environ.get("MACOSX_DEPLOYMENT_TARGET") or oldest).partition(".")
    # From 11 on, tags have major versions alone.
    return f"{major}.{minor}" if major == "10" else f"{major}.0"
