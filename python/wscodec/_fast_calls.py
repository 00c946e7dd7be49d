"""The functions of the library that are called most, without declared argument types.

ctypes then passes its own objects unchanged, in 0.6 of the time that a conversion from Python's
objects takes. So every argument must be a ctypes object, bytes, or an int that fits a C int:
ctypes would cut an address, which is a larger int, to 32 bits. An int that stands for a size_t
or a uint64_t must be among the first four arguments: those are in registers, where libffi
extends it to 64 bits. On the stack, the other 32 bits would be undefined.

A short call keeps the GIL. A long call gives it up, and may have to wait for it afterwards:
beside one thread that computes, some 100 us per call.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from ._ffi import PROTOTYPES, lib

# The handle of the library that is open already: nothing is searched or loaded again.
_keeps_the_gil = ctypes.PyDLL(lib._name, handle=lib._handle)


def short(name: str) -> Callable[..., int]:
    """The function, to be called where it takes less time than to give up the GIL. An argument
    must not be a function of Python that raises."""
    return _function(_keeps_the_gil, name)


def declared(name: str) -> Callable[..., int]:
    """The function, short, but with its argument types declared: for calls that are rare."""
    function: Any = short(name)
    function.argtypes = PROTOTYPES[name][1]
    declared: Callable[..., int] = function
    return declared


def long(name: str) -> Callable[..., int]:
    """The function, to be called where other threads can run in the meantime."""
    return _function(lib, name)


def _function(library: ctypes.CDLL, name: str) -> Callable[..., int]:
    function: Any = library[name]  # a new object, unlike library.name
    function.restype = PROTOTYPES[name][0]
    undeclared: Callable[..., int] = function
    return undeclared
