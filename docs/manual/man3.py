"""The man pages of section 3: one for each function and each type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from . import blocks, c
from .description import Function, Named, Struct, base_type
from .mentions import Mentions, is_error, unique
from .rfc import title_of
from .roff import Book, Page, bold, code
from .words import Reader, split_sentences, summary

GENERAL_ERRORS = ("WS_ERR_INVALID_ARGUMENT", "WS_ERR_BUFFER_TOO_SMALL")
"""Those of the rules for every function."""

# How a description speaks of its result, and of errors that another function has, too.
RESULT = ("Returns ", "Otherwise returns ", "Result ")
SAME_ERRORS = re.compile(r"\b[Ee]rrors?\b.*\b(?:as for|as by|listed at) (ws_\w+)\(\)")
LIKE = re.compile(r"\bas (ws_\w+)\(\) does\b")


class Pages:
    def __init__(self, book: Book) -> None:
        self.book = book
        self.related = book.description.related

    def by_name(self) -> dict[str, str]:
        named = self.book.description.named
        return {name: self.page_of(item) for name, item in named.items()}

    def page_of(self, item: Named) -> str:
        one_line = summary(item.doc)
        page = Page(item.name, 3, one_line[0].lower() + one_line[1:], self.book)
        page.heading("Library")
        page.lines.append("WebSocket engine (libwscodec, \\-lwscodec)")
        page.heading("Synopsis")
        page.listing("#include <wscodec.h>\n\n" + c.declaration_of(item))
        page.heading("Description")
        page.reader = Reader(self.book.names, item if isinstance(item, Function) else None)
        page.blocks(blocks.parse(item.doc))
        structs: list[Struct] = []
        if isinstance(item, Struct):
            self.members(page, item)
        elif isinstance(item, Function):
            structs = self.structs_of(item)
            self.results(page, item)
        shown = [item, *structs] if isinstance(item, Struct) else structs
        docs = [item.doc, *(field.doc for struct in shown for field in struct.fields)]
        self.constants(page, Mentions(self.book.names, docs).names)
        self.structures(page, structs)
        self.standards(page, Mentions(self.book.names, [item.doc]).rfcs)
        self.see_also(page, item)
        return page.text

    def members(self, page: Page, item: Struct) -> None:
        page.heading("Members")
        for field in item.fields:
            declaration = c.declaration(field.type, field.name)
            page.term(bold(code(declaration)), blocks.parse(field.doc))
        page.paragraph(c.size_of(item))

    def results(self, page: Page, item: Function) -> None:
        if item.result == "void":
            return
        returned = return_sentences(item.doc)
        if returned:
            page.heading("Return value")
            page.paragraph(returned)
        if item.result == "ws_result":
            self.errors(page, item)

    def errors(self, page: Page, item: Function) -> None:
        page.heading("Errors")
        docs = {constant.name: constant.doc for constant in self.book.description.constants}
        errors = Mentions(self.book.names, [item.doc]).errors
        special = [name for name in errors if name not in GENERAL_ERRORS]
        if special:
            page.paragraph("The errors that the description names:")
        for name in special:
            page.term(bold(name), blocks.parse(docs[name]))
        for other in functions_with_same_errors(item):
            also = "Also those" if special else "The errors"
            page.paragraph(f"{also} that the description of {other}() names.")
        has_output = any(parameter.name == "out" for parameter in item.parameters)
        general = " and ".join(GENERAL_ERRORS if has_output else GENERAL_ERRORS[:1])
        here = " above and" if set(errors) & set(GENERAL_ERRORS) else ""
        page.paragraph(
            f"{general} as described{here} in wscodec(7), RULES FOR EVERY FUNCTION."
            " wscodec-errors(7) lists all errors."
        )

    def constants(self, page: Page, mentioned: Iterable[str]) -> None:
        mentioned = {name for name in mentioned if not is_error(name)}
        if mentioned.intersection(self.book.names.constants):
            page.heading("Constants")
        for group in self.book.description.groups:
            constants = [item for item in group.constants if item.name in mentioned]
            if constants:
                page.group(group.words, constants)

    def structures(self, page: Page, structs: list[Struct]) -> None:
        if structs:
            page.heading("Structures")
        for struct in structs:
            page.start_paragraph()
            page.listing(c.struct_with_comments(struct))

    def standards(self, page: Page, targets: list[str]) -> None:
        if not targets:
            return
        page.heading("Standards")
        for number in unique(target.split("#")[0] for target in targets):
            sections = [
                target.split("#section-")[1]
                for target in targets
                if target.startswith(f"{number}#section-")
            ]
            label = f"RFC {number}" + (f", section {', '.join(sections)}" if sections else "")
            page.term(bold(label), blocks.parse(title_of(number)))

    def see_also(self, page: Page, item: Named) -> None:
        page.heading("See also")
        mentioned = Mentions(self.book.names, [item.doc]).names
        related = {name for name in mentioned if name in self.book.description.named}
        related |= self.related[item.name] - {item.name}
        related -= {item.name}
        pages = [(name, "3") for name in sorted(related)] + [("wscodec", "7")]
        page.references([*pages, ("wscodec-constants", "7"), ("wscodec-errors", "7")])

    def structs_of(self, item: Function) -> list[Struct]:
        """Those of the parameters, and those that they contain."""
        found: dict[str, Struct] = {}
        for parameter in item.parameters:
            self.add_struct(parameter.type, found)
        return [struct for struct in found.values() if not struct.is_opaque]

    def add_struct(self, type_: str, found: dict[str, Struct]) -> None:
        struct = self.book.structs.get(base_type(type_))
        if struct is None or struct.name in found:
            return
        found[struct.name] = struct
        for field in struct.fields:
            if not field.type.endswith("*"):
                self.add_struct(field.type, found)


def return_sentences(doc: str) -> str:
    """What the description says of the result, unless it starts with that."""
    if doc.startswith("Returns"):
        return ""
    found = [s for s in all_sentences(doc) if s.startswith(RESULT)]
    like = LIKE.search(" ".join(doc.split()))
    if like and not found:
        return f"The same as that of {like[1]}()."
    return " ".join(found)


def functions_with_same_errors(item: Function) -> list[str]:
    matches = map(SAME_ERRORS.search, all_sentences(item.doc))
    return unique(match[1] for match in matches if match)


def all_sentences(doc: str) -> Iterator[str]:
    for block in blocks.parse(doc):
        if isinstance(block, blocks.Paragraph):
            yield from split_sentences(block.text)
