"""Calls of the library that keep the GIL, and calls that give it up."""

from __future__ import annotations

from ctypes import c_void_p, cast

from wscodec import _calls, _ffi


def test_both_kinds_of_calls_use_the_one_loaded_library() -> None:
    for name in ("ws_conn_recv", "ws_decoder_feed"):
        addresses = {
            cast(function, c_void_p).value  # type: ignore[arg-type]
            for function in (_calls.short(name), _calls.long(name), _ffi.lib[name])
        }
        assert len(addresses) == 1


def test_an_undeclared_function_leaves_the_declared_one_as_it_is() -> None:
    for kind in (_calls.short, _calls.long):
        assert kind("ws_conn_recv").argtypes is None  # type: ignore[attr-defined]
    assert _ffi.lib.ws_conn_recv.argtypes
