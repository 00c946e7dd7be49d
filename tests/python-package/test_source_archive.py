"""The source archive: it has all that the library is built from, and needs no network."""

from __future__ import annotations

import sys
import tarfile
from functools import lru_cache
from pathlib import Path

from packages import (
    VERSION,
    attempt,
    backend,
    empty,
    environment,
    install,
    only,
    pip,
    run,
    source_archive,
    unpacked,
    wheel,
)

NOWHERE = "http://127.0.0.1:9"


@lru_cache
def without_network() -> list[str]:
    """A prefix of commands: in a namespace without a network, if that is allowed."""
    prefix = ["unshare", "-rn"]
    return prefix if attempt([*prefix, "true"]).returncode == 0 else []


def test_the_archive_has_what_the_library_needs_and_no_more() -> None:
    vendor = unpacked() / "rust" / "vendor"
    crates = {path.name.rsplit("-", 1)[0] for path in vendor.iterdir()}
    # Those of THIRD-PARTY-NOTICES; on other systems than Unix getrandom may use r-efi.
    notices = (unpacked() / "THIRD-PARTY-NOTICES").read_text()
    titles = [part.split("\n")[1] for part in notices.split("-" * 80)[1:]]
    assert crates - {"r-efi"} == {title.split(" ")[0] for title in titles}
    assert sorted(path.name for path in unpacked().iterdir()) == [
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "PKG-INFO",
        "README.md",
        "THIRD-PARTY-NOTICES",
        "examples",
        "hatch_build.py",
        "pyproject.toml",
        "rust",
        "wscodec",
    ]


def test_the_archive_has_files_alone_and_no_library() -> None:
    with tarfile.open(source_archive()) as archive:
        for member in archive:
            assert member.isfile(), member.name
            assert member.name.startswith(f"wscodec-{VERSION}/")
            assert Path(member.name).suffix not in (".so", ".pyc", ".0")


def test_without_network_the_archive_gives_the_wheel_of_the_checkout() -> None:
    out = empty("offline")
    build = pip("wheel", "--no-deps", "--no-index", "--find-links", backend(), "-w", out)
    run(
        [*without_network(), *build, unpacked()],
        CARGO_HOME=empty("cargo-home"),
        CARGO_NET_OFFLINE="true",
        PIP_FIND_LINKS="",
        http_proxy=NOWHERE,
        https_proxy=NOWHERE,
    )
    assert only(out, "*.whl").name == wheel().name
    assert only(out, "*.whl").read_bytes() == wheel().read_bytes()


def test_the_archive_packs_itself_again() -> None:
    out = empty("again")
    build = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "-o", out]
    run([*without_network(), *build, unpacked()])
    assert only(out, "*.tar.gz").read_bytes() == source_archive().read_bytes()


def test_an_editable_installation_uses_the_sources_and_builds_the_library() -> None:
    python = environment("editable")
    package = unpacked() / "wscodec"
    try:
        install(python, "-e", unpacked())
        program = "import wscodec; print(wscodec.__file__, wscodec.library_path())"
        found = run([python, "-W", "error", "-c", program]).split()
        assert found == [str(package / "__init__.py"), str(package / "libwscodec.so.0")]
    finally:
        (package / "libwscodec.so.0").unlink(missing_ok=True)
