"""The blocks of a documentation text.

An indented block is a numbered list, a list of terms with two spaces after each, or code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent
from typing import Union

NUMBER = re.compile(r" *(\d+)\. +(.*)")
TERM = re.compile(r"(\S+(?: \S+)*) {2,}(?=\S)")


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Code:
    text: str


@dataclass(frozen=True)
class Numbered:
    first: int
    items: tuple[Block, ...]


@dataclass(frozen=True)
class Terms:
    items: tuple[tuple[str, tuple[Block, ...]], ...]


Block = Union[Paragraph, Code, Numbered, Terms]


def parse(doc: str) -> list[Block]:
    texts: list[str] = []
    for text in re.split(r"\n{2,}", doc.strip("\n")):
        if texts and text.startswith(" ") and is_code(texts[-1]):
            texts[-1] += "\n\n" + text
        else:
            texts.append(text)
    return [block(text) for text in texts]


def is_code(text: str) -> bool:
    return text.startswith(" ") and isinstance(block(text), Code)


def block(text: str) -> Block:
    indented = text.startswith(" ")
    text = dedent(text) if indented else text
    if NUMBER.match(text):
        return numbered(text)
    if TERM.match(text):
        return terms(text)
    return Code(text.rstrip()) if indented else Paragraph(" ".join(text.split()))


def numbered(text: str) -> Block:
    """A line without a number continues the item before it."""
    first, items = 0, []
    for line in text.splitlines():
        match = NUMBER.match(line)
        if match:
            first = first or int(match[1])
            items.append(match[2])
        else:
            items[-1] += "\n" + line.strip()
    return Numbered(first, tuple(numbered_item(item) for item in items))


def numbered_item(text: str) -> Block:
    """An item is one paragraph, which may follow a term."""
    match = TERM.match(text)
    if not match:
        return Paragraph(" ".join(text.split()))
    return Terms(((match[1], (Paragraph(" ".join(text[match.end() :].split())),)),))


def terms(text: str) -> Block:
    """The first line shows in which column the texts start."""
    match = TERM.match(text)
    assert match
    column = match.end()
    items: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line[:column].strip():
            items.append((line[:column].strip(), []))
        items[-1][1].append(line[column:])
    return Terms(tuple((term, tuple(parse("\n".join(lines)))) for term, lines in items))
