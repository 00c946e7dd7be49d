"""Declarations in C."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from .description import Function, Named, NamedType, Struct

WIDTH = 72


def declaration(type_: str, name: str) -> str:
    """A parameter or a field: `const void *` and `buf` are `const void *buf`."""
    if "(*)" in type_:
        return type_.replace("(*)", f"(*{name})", 1)
    type_, bracket, count = type_.partition("[")
    space = "" if type_.endswith("*") else " "
    return f"{type_}{space}{name}{bracket}{count}"


def prototype(function: Function) -> str:
    start = declaration(function.result, function.name) + "("
    parameters = [declaration(p.type, p.name) for p in function.parameters] or ["void"]
    line = f"{start}{', '.join(parameters)});"
    if len(line) <= WIDTH:
        return line
    result = start[: -len(function.name) - 1].rstrip()
    start = function.name + "("
    lines = fill(parameters, WIDTH - len(start) - 2)
    return f"{result}\n{start}" + f",\n{' ' * len(start)}".join(lines) + ");"


def fill(parts: Iterable[str], width: int) -> list[str]:
    """Joins as many parts with commas as fit on each line."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 2 + len(part) <= width:
            lines[-1] += ", " + part
        else:
            lines.append(part)
    return lines


def typedef(type_: NamedType) -> str:
    if type_.type:
        return f"typedef {type_.type} {type_.name};"
    return f"typedef struct {type_.name} {type_.name};"


def struct(item: Struct) -> str:
    return "\n".join([f"typedef struct {item.name} {{", *fields(item), f"}} {item.name};"])


def fields(item: Struct) -> list[str]:
    lines = [f"    {declaration(field.type, field.name)};" for field in item.fields]
    return [",\n        ".join(fill(line.split(", "), WIDTH - 8)) for line in lines]


def struct_with_comments(item: Struct) -> str:
    """With the documentation of each field to its right, or above it if it is long."""
    column = max(len(field) for field in fields(item) if len(field) <= WIDTH // 2) + 1
    lines = [f"typedef struct {item.name} {{"]
    for field, doc in zip(fields(item), (field.doc for field in item.fields)):
        above = len(field) >= column
        indent = " " * (4 if above else column)
        text = wrap(doc, WIDTH - len(indent) - 6, break_long_words=False)
        comment = f"\n{indent} * ".join(text)
        if above:
            lines += [f"{indent}/* {comment} */", field]
        else:
            lines.append(f"{field:{column}}/* {comment} */")
    return "\n".join([*lines, f"}} {item.name};"])


def declaration_of(item: Named) -> str:
    if isinstance(item, Function):
        return prototype(item)
    return struct(item) if isinstance(item, Struct) else typedef(item)


def size_of(item: Struct) -> str:
    wide, narrow = item.size["64"], item.size["32"]
    if wide == narrow:
        return f"Size: {wide} bytes."
    return f"Size: {wide} bytes where a pointer has 64 bits, {narrow} where it has 32."
