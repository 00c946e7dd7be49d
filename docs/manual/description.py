"""The declarations of the header, as wscodec.json describes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

FORMAT = 1


@dataclass(frozen=True)
class Constant:
    name: str
    literal: str
    doc: str


@dataclass(frozen=True)
class Group:
    """Constants that belong together, perhaps with words about all of them."""

    words: str
    constants: tuple[Constant, ...]


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    doc: str


@dataclass(frozen=True)
class Struct:
    name: str
    doc: str
    size: dict[str, int]
    """In bytes, by the number of bits of a pointer."""
    fields: tuple[Field, ...]

    @property
    def is_opaque(self) -> bool:
        return all(field.name == "opaque" for field in self.fields)


@dataclass(frozen=True)
class NamedType:
    """A typedef, or an opaque struct, whose `type` is empty."""

    name: str
    doc: str
    type: str


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str


@dataclass(frozen=True)
class Function:
    name: str
    result: str
    doc: str
    parameters: tuple[Parameter, ...]


Declaration = Union[Group, Struct, NamedType, Function]
Named = Union[Struct, NamedType, Function]


@dataclass(frozen=True)
class Section:
    name: str
    title: str
    declarations: tuple[Declaration, ...]


@dataclass(frozen=True)
class Chapter:
    """A chapter of the overview. The first has no title."""

    title: str
    doc: str


@dataclass(frozen=True)
class Description:
    version: str
    chapters: tuple[Chapter, ...]
    sections: tuple[Section, ...]

    @property
    def declarations(self) -> Iterator[Declaration]:
        return (item for section in self.sections for item in section.declarations)

    @property
    def groups(self) -> list[Group]:
        return [item for item in self.declarations if isinstance(item, Group)]

    @property
    def constants(self) -> list[Constant]:
        return [constant for group in self.groups for constant in group.constants]

    @property
    def structs(self) -> dict[str, Struct]:
        return {item.name: item for item in self.declarations if isinstance(item, Struct)}

    @property
    def functions(self) -> dict[str, Function]:
        return {item.name: item for item in self.declarations if isinstance(item, Function)}

    @property
    def named(self) -> dict[str, Named]:
        """Functions and types."""
        return {item.name: item for item in self.declarations if not isinstance(item, Group)}

    @property
    def related(self) -> dict[str, set[str]]:
        """For each type, the functions that have it as a parameter; and the reverse."""
        related: dict[str, set[str]] = {name: set() for name in self.named}
        for name, function in self.functions.items():
            for parameter in function.parameters:
                type_ = base_type(parameter.type)
                if type_ in related:
                    related[name].add(type_)
                    related[type_].add(name)
        return related


def base_type(type_: str) -> str:
    """The type without const and pointers."""
    return type_.replace("const ", "").rstrip("* ")


def load(path: Path) -> Description:
    data = json.loads(path.read_text(encoding="utf-8"))
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']}, not {FORMAT}")
    description = Description(
        version=data["version"],
        chapters=tuple(Chapter(item["title"], item["doc"]) for item in data["overview"]),
        sections=tuple(Loader(data).sections()),
    )
    missing = names_in_lists(data) - names_in_sections(description)
    if missing:
        raise ValueError(f"in no section: {', '.join(sorted(missing))}")
    return description


def names_in_lists(data: dict[str, Any]) -> set[str]:
    lists = ("constants", "structs", "types", "functions")
    return {item["name"] for name in lists for item in data[name]}


def names_in_sections(description: Description) -> set[str]:
    return {*description.named, *(constant.name for constant in description.constants)}


class Loader:
    """Puts the items of the lists in the order of the sections."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.items = {
            kind: {item["name"]: item for item in data[kind + "s"]}
            for kind in ("constant", "struct", "type", "function")
        }

    def sections(self) -> Iterator[Section]:
        for section in self.data["sections"]:
            declarations = tuple(self.declarations(section["contents"]))
            yield Section(section["name"], section["title"], declarations)

    def declarations(self, contents: list[dict[str, Any]]) -> Iterator[Declaration]:
        words = ""
        for entry in contents:
            ((kind, value),) = entry.items()
            if kind == "words":
                words = value
            elif kind == "constants":
                yield Group(words, tuple(self.constant(name) for name in value))
                words = ""
            else:
                yield self.named(kind, value)

    def constant(self, name: str) -> Constant:
        item = self.items["constant"][name]
        return Constant(name, item["literal"], item["doc"])

    def named(self, kind: str, name: str) -> Named:
        item = self.items[kind][name]
        doc = item["doc"]
        if kind == "struct":
            fields = tuple(Field(f["name"], f["type"], f["doc"]) for f in item["fields"])
            return Struct(name, doc, item["size"], fields)
        if kind == "type":
            return NamedType(name, doc, item["type"])
        parameters = tuple(Parameter(p["name"], p["type"]) for p in item["parameters"])
        return Function(name, item["result"], doc, parameters)
