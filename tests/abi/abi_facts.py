"""The ABI as facts: names, values, sizes, offsets and signatures, read from wscodec.json."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

WIDTHS = ("64", "32")
# They change with each version.
NOT_ABI = {"WS_VERSION_MAJOR", "WS_VERSION_MINOR", "WS_VERSION_PATCH"}


@dataclass(frozen=True)
class Fact:
    """What compiled programs rely on: `kind name = value` in one line."""

    kind: str
    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} = {self.value}"

    @property
    def struct(self) -> str:
        """The struct that a size or a field belongs to."""
        return self.name.partition(".")[0]


def parsed(line: str) -> Fact:
    name, separator, value = line.partition(" = ")
    kind, _, name = name.partition(" ")
    if not (separator and name and value):
        raise ValueError(f"this line is no fact: {line}")
    return Fact(kind, name, value)


def numbers(text: str) -> tuple[int, ...]:
    """`48/40`: on machines with 64 and with 32 bits."""
    return tuple(int(number) for number in text.split("/"))


def both(sizes: dict[str, int]) -> str:
    return "/".join(str(sizes[width]) for width in WIDTHS)


def of(description: dict[str, Any]) -> list[Fact]:
    """The facts in wscodec.json, in the order of the header."""
    facts = []
    for each in description["constants"]:
        if each["name"] not in NOT_ABI:
            facts.append(Fact("constant", each["name"], f"{each['value']}, {each['type']}"))
    for each in description["types"]:
        facts.append(Fact("type", each["name"], each["type"] or each["kind"]))
    for each in description["structs"]:
        facts += struct(each)
    for each in description["functions"]:
        types = ", ".join(parameter["type"] for parameter in each["parameters"])
        facts.append(Fact("function", each["name"], f"{each['result']} ({types or 'void'})"))
    return facts


def struct(described: dict[str, Any]) -> list[Fact]:
    name = described["name"]
    kinds = set(re.findall(r"\b(Frozen|Extensible)\.", described["doc"]))
    if len(kinds) != 1:
        raise ValueError(f"the documentation of {name} must say Frozen or Extensible")
    kind = kinds.pop().lower()
    facts = [
        Fact("struct", name, f"{kind}, aligned to {both(described['align'])}"),
        Fact("size", name, both(described["size"])),
    ]
    for field in described["fields"]:
        value = f"{field['type']} at {both(field['offset'])}"
        facts.append(Fact("field", f"{name}.{field['name']}", value))
    return facts


class Abi:
    """Facts that can be looked up."""

    def __init__(self, facts: list[Fact]) -> None:
        self.facts = facts
        self.all = set(facts)
        self.values: dict[tuple[str, str], str] = {}
        self.sizes: dict[str, list[tuple[int, ...]]] = {}
        for fact in facts:
            self.values[fact.kind, fact.name] = fact.value
            if fact.kind == "size":
                self.sizes.setdefault(fact.name, []).append(numbers(fact.value))

    def extensible(self, name: str) -> bool:
        return self.values.get(("struct", name), "").startswith("extensible")

    def size(self, name: str) -> tuple[int, ...]:
        return self.sizes[name][-1]


# ---- what is compatible ----


def broken(recorded: Abi, current: Abi) -> list[str]:
    """Why a program that was compiled with the recorded ABI may fail with the current one."""
    problems = []
    for fact in recorded.facts:
        now = current.values.get((fact.kind, fact.name))
        if now is None:
            problems.append(f"removed or renamed: {fact}")
        elif now != fact.value and not grown(fact, current):
            problems.append(f"changed: {fact}; now {now}")
    for fact in current.facts:
        if fact.kind == "field" and not addition(fact, recorded):
            problems.append(f"inserted into an existing struct: {fact}")
    problems += nested(current)
    return problems


def larger(sizes: tuple[int, ...], than: tuple[int, ...]) -> bool:
    return all(a > b for a, b in zip(sizes, than))


def grown(fact: Fact, current: Abi) -> bool:
    """Whether this is an earlier size of an extensible struct."""
    return (
        fact.kind == "size"
        and current.extensible(fact.name)
        and larger(current.size(fact.name), numbers(fact.value))
    )


def addition(field: Fact, recorded: Abi) -> bool:
    """Whether a field is recorded, or was added where no recorded program has anything."""
    if field.struct not in recorded.sizes or ("field", field.name) in recorded.values:
        return True
    offsets = numbers(field.value.rpartition(" at ")[2])
    end = recorded.size(field.struct)
    return recorded.extensible(field.struct) and all(a >= b for a, b in zip(offsets, end))


def nested(current: Abi) -> list[str]:
    """An extensible struct inside another could not grow."""
    return [
        f"holds an extensible struct: {fact}"
        for fact in current.facts
        if fact.kind == "field" and current.extensible(re.split(r"[ \[]", fact.value)[0])
    ]


def added(recorded: Abi, current: Abi) -> list[Fact]:
    return [fact for fact in current.facts if fact not in recorded.all]


def merged(recorded: Abi, current: Abi) -> list[Fact]:
    """The current facts, and the earlier sizes of structs, which stay valid."""
    facts = []
    for fact in current.facts:
        if fact.kind == "size":
            earlier = [f for f in recorded.facts if f.kind == "size" and f.name == fact.name]
            facts += [f for f in earlier if f != fact]
        facts.append(fact)
    return facts
