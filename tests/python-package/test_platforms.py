"""The platform in the name of a wheel, on systems that the tests do not run on."""

from __future__ import annotations

import importlib.util
import platform
import sysconfig
from types import ModuleType

import pytest
from packages import PACKAGE

from packaging import tags


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", PACKAGE / "hatch_build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("linux-x86_64", "linux_x86_64"),
        ("linux-aarch64", "linux_aarch64"),
        ("win-amd64", "win_amd64"),
        ("win-arm64", "win_arm64"),
        ("freebsd-14.1-RELEASE-amd64", "freebsd_14_1_RELEASE_amd64"),
    ],
)
def test_the_platform_is_that_of_python(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch, python: str, expected: str
) -> None:
    monkeypatch.setattr(sysconfig, "get_platform", lambda: python)
    assert hook.platform_tag() == expected


@pytest.mark.parametrize(
    ("machine", "wanted", "expected"),
    [
        ("arm64", None, "macosx_11_0_arm64"),
        ("x86_64", None, "macosx_10_12_x86_64"),
        ("x86_64", "10.15", "macosx_10_15_x86_64"),
        ("x86_64", "11", "macosx_11_0_x86_64"),
        ("arm64", "13.3", "macosx_13_0_arm64"),
    ],
)
def test_on_macos_the_platform_is_that_of_the_library(
    hook: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    wanted: str | None,
    expected: str,
) -> None:
    monkeypatch.setattr(sysconfig, "get_platform", lambda: "macosx-10.9-universal2")
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.delenv("_PYTHON_HOST_PLATFORM", raising=False)
    monkeypatch.delenv("MACOSX_DEPLOYMENT_TARGET", raising=False)
    if wanted:
        monkeypatch.setenv("MACOSX_DEPLOYMENT_TARGET", wanted)
    assert hook.platform_tag() == expected
    # It is one that pip installs there.
    assert expected in tags.mac_platforms((15, 0), machine)
