"""Writes pages for man(7)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from textwrap import wrap

from . import blocks
from .blocks import Block, Code, Numbered, Paragraph, Terms
from .description import Constant, Description
from .words import Names, Reader, Span, sentences

SPECIAL = {"\\": "\\e", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
CODE = {**SPECIAL, "-": "\\-", "'": "\\(aq", '"': "\\(dq"}

CODE_WIDTH = 73
"""man indents a page by 7 of 80 columns."""


def escape(text: str) -> str:
    return "".join(SPECIAL.get(c, c) for c in text)


def code(text: str) -> str:
    """Code can be copied from the page: quotes and hyphens stay ASCII."""
    return "".join(CODE.get(c, c) for c in text)


def protect(line: str) -> str:
    """Keeps the text of a line from being a request."""
    return f"\\&{line}" if line.startswith((".", "'")) else line


def bold(text: str) -> str:
    return f"\\fB{text}\\fP"


def italic(text: str) -> str:
    return f"\\fI{text}\\fP"


class Book:
    """All pages are made from the same description."""

    def __init__(self, description: Description, date: str) -> None:
        self.description = description
        self.date = date
        self.names = Names(description)
        self.structs = description.structs


class Page:
    def __init__(self, name: str, section: int, one_line: str, book: Book) -> None:
        self.name = name
        self.reader = Reader(book.names)
        version = book.description.version
        self.lines = [
            '.\\" Generated from wscodec.json.',
            f'.TH {name} {section} {book.date} "wscodec {version}" "wscodec manual"',
            ".nh",  # names stay whole; HY is what the macros set again
            ".nr HY 0",
            ".ad l",
        ]
        self.is_first = False
        """Whether nothing follows the heading yet."""
        self.heading("Name")
        self.lines.append(f"{code(name)} \\- {escape(one_line)}")

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def heading(self, title: str) -> None:
        self.lines.append(f".SH {title.upper()}")
        self.is_first = True

    def subheading(self, title: str) -> None:
        self.lines.append(f".SS {title}")
        self.is_first = True

    def blocks(self, items: Iterable[Block]) -> None:
        for item in items:
            self.block(item)

    def block(self, item: Block) -> None:
        if isinstance(item, Paragraph):
            self.paragraph(item.text)
        elif isinstance(item, Code):
            self.code(item.text)
        elif isinstance(item, Numbered):
            for number, content in enumerate(item.items, item.first):
                self.item(f".IP {number}. 4", content)
        else:
            self.terms(item)

    def paragraph(self, text: str) -> None:
        self.start_paragraph()
        self.fill(text)

    def start_paragraph(self) -> None:
        if not self.is_first:
            self.lines.append(".PP")
        self.is_first = False

    def fill(self, text: str) -> None:
        """One sentence in each line, as roff demands, folded like source code."""
        for sentence in sentences(self.reader.spans(text)):
            rendered = "".join(self.span(span) for span in sentence)
            lines = wrap(rendered, 90, break_long_words=False, break_on_hyphens=False)
            self.lines += [protect(no_sentence_end(line)) for line in lines[:-1]]
            self.lines.append(protect(lines[-1]))

    def span(self, span: Span) -> str:
        if span.kind == "code":
            return self.call(span.text) if span.text.endswith("()") else italic(code(span.text))
        if span.kind != "name":
            return escape(span.text)
        if span.text.endswith("()"):
            return bold(span.target) + ("()" if span.target == self.name else "(3)")
        return bold(code(span.text))

    def call(self, text: str) -> str:
        return bold(text[:-2]) + "()"

    def code(self, text: str) -> None:
        """Indented by 4 columns, or less if a line would exceed 80 columns."""
        self.start_paragraph()
        longest = max(len(line) for line in text.splitlines())
        self.lines.append(f".RS {max(0, min(4, CODE_WIDTH - longest))}")
        self.listing(text)
        self.lines.append(".RE")

    def listing(self, text: str) -> None:
        lines = [protect(code(line)) or "\\&" for line in text.splitlines()]
        self.lines += [".EX", *lines, ".EE"]
        self.is_first = False

    def terms(self, item: Terms) -> None:
        for term, contents in item.items:
            self.term(bold(escape(term)), contents)

    def term(self, rendered: str, contents: Iterable[Block]) -> None:
        first, *others = contents
        self.lines += [".TP", protect(rendered)]
        self.is_first = False
        if isinstance(first, Paragraph):
            self.fill(first.text)
        else:
            others = [first, *others]
        if others:
            self.lines.append(".RS")
            self.is_first = not isinstance(first, Paragraph)
            self.blocks(others)
            self.lines.append(".RE")

    def item(self, tag: str, content: Block) -> None:
        self.lines.append(tag)
        self.is_first = False
        if isinstance(content, Paragraph):
            self.fill(content.text)
            return
        assert isinstance(content, Terms)
        ((term, (paragraph,)),) = content.items
        assert isinstance(paragraph, Paragraph)
        self.lines.append(bold(escape(term)) + ":")
        self.fill(paragraph.text)

    def group(self, words: str, constants: Iterable[Constant]) -> None:
        if words:
            self.blocks(blocks.parse(words))
        for constant in constants:
            value = f"{bold(code(constant.name))} = {code(constant.literal)}"
            self.term(value, blocks.parse(constant.doc))

    def references(self, names: Iterable[tuple[str, str]]) -> None:
        """The list of SEE ALSO: names with their sections."""
        entries = [f".BR {code(name)} ({section})" for name, section in names]
        self.lines += [f"{entry}," for entry in entries[:-1]] + entries[-1:]


def no_sentence_end(line: str) -> str:
    """A line that ends with "e.g." is no end of a sentence."""
    return f"{line}\\&" if re.search(r"[.?!][\"')]*$", line) else line
