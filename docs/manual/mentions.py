"""Finds what documentation texts refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from . import blocks
from .blocks import Block, Code, Numbered, Paragraph
from .words import Names, Reader, Span, sentences

NEGATION = re.compile(r"\bneither\b")


class Mentions:
    """The names and RFCs in some texts, in the order of their first mention."""

    def __init__(self, names: Names, docs: Iterable[str]) -> None:
        self.all = names
        self.names: list[str] = []
        self.rfcs: list[str] = []
        self.denied: set[str] = set()
        """Errors that a function does not return, as it says."""
        for doc in docs:
            reader = Reader(names)
            for paragraph in paragraphs(blocks.parse(doc)):
                for sentence in sentences(reader.spans(paragraph)):
                    self.add(sentence)

    def add(self, sentence: list[Span]) -> None:
        names = [
            name for span in sentence if span.kind == "name" for name in self.targets(span)
        ]
        rfcs = [span.target for span in sentence if span.kind == "rfc"]
        self.names += [name for name in unique(names) if name not in self.names]
        self.rfcs += [rfc for rfc in unique(rfcs) if rfc not in self.rfcs]
        if any(NEGATION.search(span.text) for span in sentence):
            self.denied.update(names)

    def targets(self, span: Span) -> list[str]:
        """One name, or all constants of a group such as "WS_SEND_*"."""
        if span.text.endswith("*"):
            return self.all.matching(span.text[:-1])
        return [span.target.split(".")[0]]

    @property
    def errors(self) -> list[str]:
        return [name for name in self.names if is_error(name) and name not in self.denied]


def is_error(name: str) -> bool:
    return name.startswith("WS_ERR_")


def unique(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def paragraphs(items: Iterable[Block]) -> Iterator[str]:
    """All text but code, in its order."""
    for item in items:
        if isinstance(item, Paragraph):
            yield item.text
        elif isinstance(item, Numbered):
            yield from paragraphs(item.items)
        elif not isinstance(item, Code):
            for term, contents in item.items:
                yield term
                yield from paragraphs(contents)
