"""include/wscodec.json and the header's form for generators of bindings agree with the library
and with a C compiler."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import cffi  # type: ignore[import-untyped]
import pytest
from wire import ROOT

INCLUDE = ROOT / "include"
JSON = json.loads((INCLUDE / "wscodec.json").read_text(encoding="utf-8"))
CC = os.environ.get("CC", "cc")


def declarations() -> str:
    command = [CC, "-E", "-P", "-DWSCODEC_FFI", str(INCLUDE / "wscodec.h")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def compiles(source: str, folder: Path, *options: str) -> None:
    path = folder / "layout.c"
    path.write_text(source, encoding="utf-8")
    command = [CC, "-std=c11", "-ffreestanding", "-Werror", "-fsyntax-only", f"-I{INCLUDE}"]
    run = subprocess.run([*command, *options, str(path)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def layout(bits: str) -> str:
    """A C program that compiles only if all sizes and offsets are those of the JSON."""
    lines = ["#include <wscodec.h>", "#define IS(what, n) _Static_assert((what) == (n), #what)"]
    for struct in JSON["structs"]:
        name = struct["name"]
        lines.append(f"IS(sizeof({name}), {struct['size'][bits]});")
        lines += [
            f"IS(offsetof({name}, {field['name']}), {field['offset'][bits]});"
            for field in struct["fields"]
        ]
    lines += [f"IS({c['name']}, {c['value']});" for c in JSON["constants"]]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("bits", "option"), [("64", "-m64"), ("32", "-m32")])
def test_layouts_in_the_json_match_the_c_compiler(
    bits: str, option: str, tmp_path: Path
) -> None:
    probe = [CC, option, "-x", "c", "-fsyntax-only", "/dev/null"]
    if subprocess.run(probe, check=False, capture_output=True).returncode != 0:
        pytest.skip(f"{CC} has no {option}")
    compiles(layout(bits), tmp_path, option)


def test_functions_in_the_json_match_the_header(tmp_path: Path) -> None:
    """C rejects a second declaration that differs from the first."""
    lines = ["#include <wscodec.h>"]
    for function in JSON["functions"]:
        types = [parameter["type"] for parameter in function["parameters"]]
        lines.append(f"{function['result']} {function['name']}({', '.join(types) or 'void'});")
    compiles("\n".join(lines) + "\n", tmp_path)


def test_sizes_in_the_json_match_the_library() -> None:
    prefix = "WS_TYPE_"
    sizes = {struct["name"]: struct["size"]["64"] for struct in JSON["structs"]}
    types = {c["name"]: c["value"] for c in JSON["constants"] if c["name"].startswith(prefix)}
    assert set(sizes) >= {"ws_frame", "ws_event", "ws_accepted"}
    library = ffi_library()[1]
    for name, number in types.items():
        struct = "ws_" + name.removeprefix(prefix).lower()
        if struct in sizes:
            assert library.ws_sizeof(number) == sizes[struct], struct
    assert library.ws_sizeof(types["WS_TYPE_CONN"]) <= 256


def ffi_library() -> tuple[Any, Any]:
    ffi = cffi.FFI()
    ffi.cdef(declarations())
    return ffi, ffi.dlopen(os.environ["WSCODEC_LIBRARY"])


def test_cffi_reads_the_preprocessed_header() -> None:
    ffi, library = ffi_library()
    assert ffi.string(library.ws_version_string()).decode() == JSON["version"]
    for constant in JSON["constants"]:
        assert getattr(library, constant["name"]) == constant["value"], constant["name"]
    for function in JSON["functions"]:
        assert getattr(library, function["name"]), function["name"]
    out = ffi.new("char[28]")
    key = b"dGhlIHNhbXBsZSBub25jZQ=="
    assert library.ws_accept_key(key, len(key), out, 28) == 28
    assert ffi.unpack(out, 28) == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_the_json_marks_parameters_that_are_written() -> None:
    functions = {function["name"]: function for function in JSON["functions"]}

    def directions(name: str) -> dict[str, str]:
        return {p["name"]: p["direction"] for p in functions[name]["parameters"]}

    assert directions("ws_frame_decode") == {
        "buf": "inout",
        "len": "in",
        "flags": "in",
        "frame": "out",
    }
    assert directions("ws_conn_recv")["consumed"] == "out"
    assert directions("ws_pmd_accept")["params"] == "inout"
    assert directions("ws_next_header")["pos"] == "inout"
    recv = {p["name"]: p.get("length") for p in functions["ws_conn_recv"]["parameters"]}
    assert (recv["buf"], recv["events"]) == ("len", "events_cap")


def test_every_name_in_the_json_has_documentation() -> None:
    for kind in ("constants", "types", "structs", "functions"):
        for item in JSON[kind]:
            assert item["doc"] and item["name"], item
