"""The ctypes declarations match include/wscodec.h."""

from __future__ import annotations

import ctypes
import json
import re
from ctypes import POINTER
from typing import Any

import pytest
from wire import ROOT
from wscodec import _ffi, errors

HEADER = (ROOT / "include" / "wscodec.h").read_text()
DESCRIPTION = json.loads((ROOT / "include" / "wscodec.json").read_text())
CODE = re.sub(r"/\*.*?\*/", " ", HEADER, flags=re.DOTALL)

SCALARS = {
    "void": None,
    "int": ctypes.c_int,
    "size_t": ctypes.c_size_t,
    "ptrdiff_t": ctypes.c_ssize_t,
    "ws_result": ctypes.c_ssize_t,
    "uint8_t": ctypes.c_uint8,
    "uint16_t": ctypes.c_uint16,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
}
STRUCTS: dict[str, type[ctypes.Structure]] = {
    "ws_span": _ffi.Span,
    "ws_handshake": _ffi.Handshake,
    "ws_bytes": _ffi.Bytes,
    "ws_response_spec": _ffi.ResponseSpec,
    "ws_request_spec": _ffi.RequestSpec,
    "ws_response": _ffi.Response,
    "ws_request_fields": _ffi.RequestFields,
    "ws_response_fields": _ffi.ResponseFields,
    "ws_frame": _ffi.Frame,
    "ws_decoder": _ffi.Decoder,
    "ws_out_frame": _ffi.OutFrame,
    "ws_control": _ffi.Control,
    "ws_pmd_params": _ffi.PmdParams,
    "ws_allocator": _ffi.Allocator,
    "ws_accept_spec": _ffi.AcceptSpec,
    "ws_event": _ffi.Event,
    "ws_accepted": _ffi.Accepted,
}
OPAQUE = {"ws_conn", "ws_pmd"}
ARRAYS = {"ws_frame", "ws_out_frame", "ws_event"}


def constants() -> dict[str, int]:
    found = re.findall(r"^#define WS_(\w+) +\(?(-?\d\w*?)u?\)? *$", CODE, re.MULTILINE)
    return {name: int(value, 0) for name, value in found}


def functions() -> dict[str, tuple[str, list[str]]]:
    pattern = (
        r"WS_API\s+(?:WS_MUST_USE\s+)?((?:const\s+)?\w+\s*\*?)\s*(ws_\w+)"
        r"\(((?:[^()]|\([^()]*\))*)\)"
    )
    between = r",(?![^()]*\))"  # arguments, but not those of an argument that is a function
    return {
        name: (result.strip(), [] if arguments == "void" else re.split(between, arguments))
        for result, name, arguments in re.findall(pattern, CODE)
    }


def structs() -> dict[str, list[str]]:
    found = re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", CODE, re.DOTALL)
    return {
        name: [line.strip() for line in body.split(";") if line.strip()] for name, body in found
    }


POINTER_TO_FUNCTION = re.compile(r"(\w+ \*?)\(\*(\w+)\)\((.*)\)")


def split_declaration(declaration: str) -> tuple[str, str, int]:
    """Type, name and array length (0: no array) of "const void *name" or "uint8_t name[4]"."""
    match = re.fullmatch(r"(.*?)(\w+)(?:\[(\d+)\])?", " ".join(declaration.split()))
    assert match, declaration
    return match[1].replace("const ", "").strip(), match[2], int(match[3] or 0)


def allowed_types(c_type: str) -> list[object]:
    """The ctypes types that match a C type."""
    if not c_type.endswith("*"):
        return [STRUCTS.get(c_type) or SCALARS[c_type]]
    target = c_type[:-1].strip()
    if target == "char":
        return [ctypes.c_char_p]
    if target == "void":
        return [ctypes.c_void_p, ctypes.c_char_p]
    if target in OPAQUE:
        return [ctypes.c_void_p]
    if target.endswith("*"):  # the address of an output
        return [POINTER(type_) for type_ in allowed_types(target) if isinstance(type_, type)]
    if target in ARRAYS:  # addresses may be passed, too
        return [POINTER(STRUCTS[target]), ctypes.c_void_p]
    return [POINTER(STRUCTS.get(target) or SCALARS[target])]


def test_the_header_was_parsed_completely() -> None:
    declarations = re.findall(r"^WS_API\b", CODE, re.MULTILINE)
    assert len(functions()) == len(declarations) > 30
    assert len(structs()) + len(OPAQUE) == CODE.count("typedef struct")
    assert all(f"typedef struct {name} {name};" in CODE for name in OPAQUE)
    assert len(constants()) == len(re.findall(r"^#define WS_\w+ +\S*\d", CODE, re.MULTILINE))
    assert len(constants()) > 70


def test_constants_match_the_header() -> None:
    declared = {
        name: value
        for name, value in vars(_ffi).items()
        if re.fullmatch(r"[A-Z][A-Z0-9_]+", name) and isinstance(value, int) and name != "ABI"
    }
    assert declared == constants()


def test_every_function_is_declared() -> None:
    assert set(_ffi.PROTOTYPES) == set(functions())


@pytest.mark.parametrize("name", functions())
def test_a_function_matches_the_header(name: str) -> None:
    result, arguments = functions()[name]
    declared_result, declared_arguments = _ffi.PROTOTYPES[name]
    assert declared_result in allowed_types(result.replace("const ", ""))
    assert len(declared_arguments) == len(arguments)
    for argument, declared in zip(arguments, declared_arguments):
        function = POINTER_TO_FUNCTION.fullmatch(" ".join(argument.split()))
        if function:
            check_function_pointer(function, declared)
            continue
        assert declared in allowed_types(split_declaration(argument)[0]), argument


def check_function_pointer(declaration: re.Match[str], declared: Any) -> None:
    assert declared._restype_ in allowed_types(declaration[1].strip())
    arguments = [split_declaration(argument)[0] for argument in declaration[3].split(",")]
    assert len(arguments) == len(declared._argtypes_)
    for argument, type_ in zip(arguments, declared._argtypes_):
        assert type_ in allowed_types(argument)


@pytest.mark.parametrize("name", structs())
def test_the_fields_of_a_struct_match_the_header(name: str) -> None:
    fields = structs()[name]
    declared: list[Any] = list(STRUCTS[name]._fields_)
    assert len(fields) == len(declared)
    for field, (declared_name, declared_type) in zip(fields, declared):
        function = POINTER_TO_FUNCTION.fullmatch(" ".join(field.split()))
        if function:
            assert function[2] == declared_name
            check_function_pointer(function, declared_type)
            continue
        c_type, field_name, length = split_declaration(field)
        assert field_name == declared_name
        element = getattr(declared_type, "_type_", None) if length else declared_type
        assert element in allowed_types(c_type)
        assert getattr(declared_type, "_length_", 0) == length


@pytest.mark.parametrize("name", structs())
def test_the_layout_of_a_struct_matches_the_json(name: str) -> None:
    """Sizes and offsets match include/wscodec.json."""
    bits = str(8 * ctypes.sizeof(ctypes.c_void_p))
    (struct,) = (s for s in DESCRIPTION["structs"] if s["name"] == name)
    declared = STRUCTS[name]
    assert ctypes.sizeof(declared) == struct["size"][bits]
    assert ctypes.alignment(declared) == struct["align"][bits]
    offsets = {field["name"]: field["offset"][bits] for field in struct["fields"]}
    assert offsets == {
        field: getattr(declared, field).offset for field, *_ in declared._fields_
    }


def test_formats_of_the_struct_module_match_the_layout() -> None:
    from struct import calcsize

    assert calcsize(_ffi.FRAME) == ctypes.sizeof(_ffi.Frame) == 40
    assert calcsize(_ffi.OUT_FRAME) == ctypes.sizeof(_ffi.OutFrame)
    assert calcsize(_ffi.EVENT) == ctypes.sizeof(_ffi.Event)


def test_every_type_number_has_a_size() -> None:
    numbers = {value for name, value in constants().items() if name.startswith("TYPE_")}
    assert numbers == {*_ffi.SIZES, _ffi.TYPE_CONN}
    assert 0 < _ffi.lib.ws_sizeof(_ffi.TYPE_CONN) <= _ffi.MAX_CONN
    assert _ffi.lib.ws_sizeof(max(numbers) + 1) == 0


ERRORS = {name: value for name, value in constants().items() if name.startswith("ERR_")}


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_has_an_exception(name: str) -> None:
    code = ERRORS[name]
    error = errors.error_for(code)
    assert type(error) is not errors.WsError
    assert error.code == code == type(error).CODE
    assert error.name == "WS_" + name
    assert str(error) == _ffi.lib.ws_strerror(code).decode()


def test_errors_map_to_close_codes_and_http_statuses() -> None:
    for name, code in ERRORS.items():
        error = errors.error_for(code)
        ours = -20 < code < 0
        special = {"ERR_UTF8": 1007, "ERR_COMPRESSION": 1007, "ERR_TOO_BIG": 1009}
        assert error.close_code == (1011 if ours else special.get(name, 1002)), name
        statuses = {
            "ERR_HTTP_METHOD": 405,
            "ERR_HANDSHAKE_VERSION": 426,
            "ERR_NOT_UPGRADE": 426,
            "ERR_HTTP_TOO_LARGE": 431,
            "ERR_HTTP_VERSION": 505,
            "ERR_HANDSHAKE_ORIGIN": 403,
        }
        assert error.http_status == (500 if ours else statuses.get(name, 400)), name


def test_an_unknown_error_raises_an_exception() -> None:
    error = errors.error_for(-999)
    assert type(error) is errors.WsError
    assert error.code == -999
    with pytest.raises(errors.WsError):
        errors.check(-999)
    assert errors.check(7) == 7
