"""Finds what is undocumented, and references to names that do not exist."""

from __future__ import annotations

from collections.abc import Iterator

from . import blocks
from .description import Description, Function, Group, Struct
from .mentions import paragraphs
from .rfc import TITLES
from .words import Names, Reader


def problems(description: Description) -> list[str]:
    return [*undocumented(description), *unknown_references(description)]


def undocumented(description: Description) -> Iterator[str]:
    for label, doc, _ in texts(description):
        if not doc.strip():
            yield f"{label} is undocumented"


def unknown_references(description: Description) -> Iterator[str]:
    names = Names(description)
    for label, doc, function in texts(description):
        reader = Reader(names, function)
        for paragraph in paragraphs(blocks.parse(doc)):
            for span in reader.spans(paragraph):
                if span.kind == "unknown":
                    yield f"{label}: the documentation names {span.text}, which does not exist"
                if span.kind == "rfc" and span.target.split("#")[0] not in TITLES:
                    yield f"{label}: docs/manual/rfc.py has no title for {span.text}"


def texts(description: Description) -> Iterator[tuple[str, str, Function | None]]:
    """Each documentation text, with the name that it is for."""
    for chapter in description.chapters:
        yield chapter.title.capitalize() or "the overview", chapter.doc, None
    for item in description.declarations:
        if isinstance(item, Group):
            if item.words:
                yield f"the group of {item.constants[0].name}", item.words, None
            for constant in item.constants:
                yield constant.name, constant.doc, None
            continue
        yield item.name, item.doc, item if isinstance(item, Function) else None
        if isinstance(item, Struct):
            for field in item.fields:
                yield f"{item.name}.{field.name}", field.doc, None
