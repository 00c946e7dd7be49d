"""Facts about the loaded library."""

from __future__ import annotations

from . import _ffi

__all__ = ["library_can_deflate", "library_path", "library_version"]


def library_version() -> str:
    """The version of the loaded library, e.g. "0.1.0"."""
    return str(_ffi.lib.ws_version_string().decode())


def library_path() -> str:
    """The name or path with which the library was loaded."""
    return str(_ffi.lib._name)


def library_can_deflate() -> bool:
    """Whether the loaded library supports compression."""
    return bool(_ffi.lib.ws_features() & _ffi.FEATURE_DEFLATE)
