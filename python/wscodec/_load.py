"""Finds the shared library."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

ABI = 0
"""The ABI number of these declarations, which is part of the library's file name."""


def load() -> ctypes.CDLL:
    """Opens the library.

    If WSCODEC_LIBRARY is set, only that file is tried. Else a library beside this file is
    preferred to the system's.

    Raises ImportError, which names every place that was tried and the reason why it failed.
    """
    tried = []
    for place in _places():
        try:
            return ctypes.CDLL(place)
        except OSError as error:
            said = str(error)
            tried.append(f"\n  {said if place in said else f'{place}: {said}'}")
    raise ImportError(
        "the library wscodec was not found. Set WSCODEC_LIBRARY to its path. Looked at:"
        + "".join(tried)
    )


def _places() -> Iterator[str]:
    wanted = os.environ.get("WSCODEC_LIBRARY")
    if wanted:
        yield wanted
        return
    names = _file_names()
    for name in names:
        yield str(Path(__file__).resolve().parent / name)
    yield from names
    # Last, since it may start a compiler to find out.
    found = ctypes.util.find_library("wscodec")
    if found:
        yield found


def _file_names() -> list[str]:
    if sys.platform == "win32":
        return ["wscodec.dll"]
    if sys.platform == "darwin":
        return [f"libwscodec.{ABI}.dylib", "libwscodec.dylib"]
    return [f"libwscodec.so.{ABI}", "libwscodec.so"]
