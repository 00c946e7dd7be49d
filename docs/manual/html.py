"""Writes HTML that is also well-formed XML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape

from .blocks import Block, Code, Numbered, Paragraph
from .rfc import address_of
from .words import Reader, Span

NAME = re.compile(r"\b(?:ws|WS)_\w+")
EMPTY = {"link", "meta"}


def element(tag: str, content: str = "", **attributes: str | None) -> str:
    """An attribute may end with _, as in `class_`, and is left out if it is None."""
    listed = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{listed}/>" if tag in EMPTY else f"<{tag}{listed}>{content}</{tag}>"


def code(text: str) -> str:
    return element("code", escape(text))


def link(href: str, content: str, **attributes: str | None) -> str:
    return element("a", content, href=href, **attributes)


class Renderer:
    """Renders documentation texts. `links` has the address of each name."""

    def __init__(self, links: Mapping[str, str]) -> None:
        self.links = links

    def blocks(self, items: Iterable[Block], reader: Reader) -> str:
        return "\n".join(self.block(item, reader) for item in items)

    def block(self, item: Block, reader: Reader) -> str:
        if isinstance(item, Paragraph):
            return element("p", self.words(item.text, reader))
        if isinstance(item, Code):
            return element("pre", element("code", self.code(item.text)))
        if isinstance(item, Numbered):
            items = "".join(element("li", self.inner(entry, reader)) for entry in item.items)
            return element("ol", items, start=str(item.first) if item.first > 1 else None)
        entries = (
            element("dt", self.words(term, reader))
            + element("dd", "".join(self.inner(content, reader) for content in contents))
            for term, contents in item.items
        )
        return element("dl", "".join(entries))

    def inner(self, item: Block, reader: Reader) -> str:
        """A block in an item of a list, where a paragraph needs no element."""
        if isinstance(item, Paragraph):
            return self.words(item.text, reader)
        return self.block(item, reader)

    def words(self, text: str, reader: Reader) -> str:
        return "".join(self.span(span) for span in reader.spans(text))

    def span(self, span: Span) -> str:
        if span.kind == "rfc":
            return link(address_of(span.target), escape(span.text))
        if span.kind == "name":
            target = f"{span.target}*" if span.text.endswith("*") else span.target
            return link(self.links[target], code(span.text))
        return code(span.text) if span.kind == "code" else escape(span.text)

    def code(self, text: str, own_name: str = "") -> str:
        """Code in which every name is a link, other than that of the declaration itself."""
        parts, at = [], 0
        for match in NAME.finditer(text):
            if match[0] in self.links and match[0] != own_name:
                parts += [
                    escape(text[at : match.start()]),
                    link(self.links[match[0]], match[0]),
                ]
                at = match.end()
        return "".join(parts) + escape(text[at:])
