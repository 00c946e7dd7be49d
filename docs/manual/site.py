"""The pages of the HTML manual."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

from . import blocks, c
from .description import Description, Function, Group, Named, NamedType, Section, Struct
from .html import Renderer, code, element, link
from .layout import Layout
from .links import group_anchor, group_title, links, page_of
from .words import Names, Reader, summary

RULES, NAMES = "rules.html", "names.html"
# Where a reader may start, besides the contents.
STARTS = (
    (RULES, "Terms and rules", "the words of this manual, and what holds for every function"),
    ("accept.html#ws_conn_accept", "A whole server connection", "an example in 30 lines"),
    ("conn.html#ws_conn_recv", "The loop of a connection", "from bytes to events"),
    ("decoder.html#ws_decoder_feed", "The loop of a decoder", "from bytes to frames"),
    ("result.html", "Errors", "the results that are negative"),
)


def pages(description: Description) -> dict[str, str]:
    """The text of each file, by its path."""
    site = Site(description)
    files = {
        "index.html": site.index(),
        RULES: site.rules(),
        NAMES: site.names_page(),
        **{page_of(section.name): site.section(section) for section in description.sections},
        "style.css": Path(__file__).with_name("style.css").read_text(encoding="utf-8"),
    }
    return {f"html/{name}": text for name, text in files.items()}


class Site:
    def __init__(self, description: Description) -> None:
        self.description = description
        self.names = Names(description)
        self.links = links(description)
        self.renderer = Renderer(self.links)
        self.related = description.related
        outline = [(page_of(section.name), section.title) for section in description.sections]
        self.layout = Layout(
            description.version,
            [
                ("index.html", "Contents"),
                (RULES, "Terms and rules"),
                *outline,
                (NAMES, "All names"),
            ],
        )

    def doc(self, text: str, function: Function | None = None) -> str:
        return self.renderer.blocks(blocks.parse(text), Reader(self.names, function))

    def cell(self, text: str) -> str:
        """A short documentation text, without the element of its only paragraph."""
        (block,) = blocks.parse(text)
        return self.renderer.inner(block, Reader(self.names))

    # ---- the first page ----

    def index(self) -> str:
        title, *introduction = blocks.parse(self.description.chapters[0].doc)
        assert isinstance(title, blocks.Paragraph)
        reader = Reader(self.names)
        tagline = self.renderer.words(title.text.split(" - ")[1].rstrip("."), reader)
        starts = (
            element("li", f"{link(href, escape(name))}: {escape(text)}")
            for href, name, text in STARTS
        )
        body = [
            element("h1", "wscodec"),
            element("p", f"{tagline}. Version {self.description.version}.", class_="tagline"),
            element("div", self.renderer.blocks(introduction, reader), class_="introduction"),
            element("h2", "Where to start"),
            element("ul", "".join(starts), class_="starts"),
            element("h2", "Contents"),
            *(self.outline(section) for section in self.description.sections),
        ]
        return self.layout.page("index.html", body)

    def outline(self, section: Section) -> str:
        heading = element("h3", link(page_of(section.name), escape(section.title)))
        return element("section", heading + self.summaries(section, Function), class_="outline")

    def summaries(self, section: Section, kinds: type | tuple[type, ...]) -> str:
        entries = []
        for item in section.declarations:
            if isinstance(item, kinds) and not isinstance(item, Group):
                name = link(self.links[item.name], code(title_of(item)))
                text = escape(summary(item.doc))
                entries.append(element("dt", name) + element("dd", text))
        return element("dl", "".join(entries), class_="summaries")

    # ---- terms and rules ----

    def rules(self) -> str:
        body = [element("h1", "Terms and rules")]
        for chapter in self.description.chapters[1:]:
            title = chapter.title.capitalize()
            body.append(heading(chapter_anchor(title), escape(title)))
            body.append(self.doc(chapter.doc))
        return self.layout.page(RULES, body)

    # ---- all names ----

    def names_page(self) -> str:
        description = self.description
        types = [n for n, item in description.named.items() if not isinstance(item, Function)]
        constants = [constant.name for constant in description.constants]
        introduction = (
            f"The address of a name on this page stays the same in later versions, e.g."
            f" {code(NAMES + '#ws_conn_recv')}, even if its description moves to another page."
        )
        body = [
            element("h1", "All names"),
            element("p", introduction),
            *self.list_of_names("Functions", description.functions),
            *self.list_of_names("Types", types),
            *self.list_of_names("Constants", constants),
            heading("fields", "Fields"),
            self.list_of_fields(),
        ]
        return self.layout.page(NAMES, body)

    def list_of_names(self, title: str, names: Iterable[str]) -> list[str]:
        items = (
            element("li", link(self.links[name], code(name)), id=name) for name in sorted(names)
        )
        return [
            heading(title.lower(), title),
            element("ul", "\n".join(items), class_="names"),
        ]

    def list_of_fields(self) -> str:
        fields = sorted(
            (field.name, struct.name)
            for struct in self.description.structs.values()
            for field in struct.fields
            if field.name not in ("opaque", "reserved")
        )
        items = (
            element(
                "li",
                f"{link(self.links[f'{struct}.{field}'], code(field))} in {code(struct)}",
                id=f"{struct}.{field}",
            )
            for field, struct in fields
        )
        return element("ul", "\n".join(items), class_="names")

    # ---- a section ----

    def section(self, section: Section) -> str:
        named = [item.name for item in section.declarations if not isinstance(item, Group)]
        body = [
            element("h1", escape(section.title)),
            self.summaries(section, (Function, Struct, NamedType)),
            *(self.declaration(item) for item in section.declarations),
        ]
        return self.layout.page(page_of(section.name), body, named)

    def declaration(self, item: Group | Named) -> str:
        if isinstance(item, Group):
            return self.group(item)
        listing = self.renderer.code(c.declaration_of(item), item.name)
        parts = [
            heading(None, code(title_of(item)), item.name),
            element("pre", element("code", listing), class_="declaration"),
            self.doc(item.doc, item if isinstance(item, Function) else None),
        ]
        if isinstance(item, Struct):
            parts += [self.fields(item), element("p", c.size_of(item), class_="size")]
        if not isinstance(item, Function):
            parts.append(self.used_by(item))
        return element("section", "\n".join(parts), id=item.name)

    def group(self, group: Group) -> str:
        title = group_title(group, self.description)
        rows = (
            element("th", link(f"#{constant.name}", code(constant.name)), scope="row")
            + element("td", code(constant.literal), class_="value")
            + element("td", self.cell(constant.doc))
            for constant in group.constants
        )
        ids = (constant.name for constant in group.constants)
        parts = [heading(None, code(title), group_anchor(group))]
        if group.words:
            parts.append(self.doc(group.words))
        parts.append(table(rows, ids, "constants"))
        return element("section", "\n".join(parts), id=group_anchor(group))

    def fields(self, struct: Struct) -> str:
        rows = (
            element("th", link(f"#{struct.name}.{field.name}", code(field.name)), scope="row")
            + element("td", self.cell(field.doc))
            for field in struct.fields
        )
        ids = (f"{struct.name}.{field.name}" for field in struct.fields)
        return table(rows, ids, "fields")

    def used_by(self, item: Named) -> str:
        users = sorted(name for name in self.related[item.name] if name in self.names.functions)
        if not users:
            return ""
        listed = ", ".join(link(self.links[name], code(f"{name}()")) for name in users)
        return element("p", f"Used by {listed}.", class_="uses")


def title_of(item: Named) -> str:
    return f"{item.name}()" if isinstance(item, Function) else item.name


def heading(anchor: str | None, content: str, target: str | None = None) -> str:
    """A heading that links to itself; `target` is the anchor of its section."""
    return element("h2", link(f"#{anchor or target}", content, class_="self"), id=anchor)


def chapter_anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def table(rows: Iterable[str], ids: Iterable[str], class_: str) -> str:
    listed = (element("tr", row, id=anchor) for row, anchor in zip(rows, ids))
    return element("table", "\n".join(listed), class_=class_)
