"""The man pages of section 7: the overview, the errors, and the other constants."""

from __future__ import annotations

from . import blocks
from .description import Function, Group, NamedType, Struct
from .mentions import is_error
from .roff import Book, Page, escape
from .words import summary


class Pages:
    def __init__(self, book: Book) -> None:
        self.book = book

    def by_name(self) -> dict[str, str]:
        return {
            "wscodec": self.overview(),
            "wscodec-errors": self.errors(),
            "wscodec-constants": self.constants(),
        }

    def overview(self) -> str:
        first, *chapters = self.book.description.chapters
        title, *introduction = blocks.parse(first.doc)
        assert isinstance(title, blocks.Paragraph)
        page = Page("wscodec", 7, title.text.split(" - ")[1].rstrip("."), self.book)
        page.heading("Synopsis")
        page.listing(
            "#include <wscodec.h>\n\ncc example.c $(pkg-config --cflags --libs wscodec)"
        )
        page.heading("Description")
        page.blocks(introduction)
        for chapter in chapters:
            page.heading(chapter.title)
            page.blocks(blocks.parse(chapter.doc))
        self.contents(page, "Functions", Function)
        self.contents(page, "Types", (Struct, NamedType))
        page.heading("See also")
        page.references([("wscodec-constants", "7"), ("wscodec-errors", "7")])
        return page.text

    def contents(self, page: Page, title: str, kinds: type | tuple[type, ...]) -> None:
        page.heading(title)
        for section in self.book.description.sections:
            items = [item for item in section.declarations if isinstance(item, kinds)]
            if items:
                page.subheading(section.title)
            for item in items:
                assert not isinstance(item, Group)
                page.lines += [".TP", f".BR {item.name} (3)", escape(summary(item.doc)) + "."]
                page.is_first = False

    def errors(self) -> str:
        page = Page(
            "wscodec-errors", 7, "the errors that functions of wscodec return", self.book
        )
        page.heading("Description")
        page.paragraph(
            "A ws_result is a count if it is 0 or more, and one of these errors if it is"
            " negative. ws_strerror() describes an error in words, ws_errname() returns the"
            " name of its constant."
        )
        for group in self.book.description.groups:
            if is_error(group.constants[0].name):
                page.group(group.words, group.constants)
        page.heading("See also")
        functions = ("ws_close_code_for", "ws_errname", "ws_http_status", "ws_strerror")
        page.references([*((name, "3") for name in functions), ("wscodec", "7")])
        return page.text

    def constants(self) -> str:
        one_line = "the constants of wscodec, other than errors"
        page = Page("wscodec-constants", 7, one_line, self.book)
        for section in self.book.description.sections:
            groups = [item for item in section.declarations if isinstance(item, Group)]
            groups = [group for group in groups if not is_error(group.constants[0].name)]
            if groups:
                page.heading(section.title)
            for group in groups:
                page.group(group.words, group.constants)
        page.heading("See also")
        page.references([("wscodec", "7"), ("wscodec-errors", "7")])
        return page.text
