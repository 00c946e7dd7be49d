"""What all pages of the HTML manual share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from .html import code, element, link


class Layout:
    def __init__(self, version: str, outline: Sequence[tuple[str, str]]) -> None:
        """`outline`: the address and the title of each page, in the order of reading."""
        self.version = version
        self.outline = outline

    def page(self, address: str, body: Iterable[str], names: Iterable[str] = ()) -> str:
        """`names` are the anchors of the page that its menu lists."""
        title = dict(self.outline)[address]
        manual = f"wscodec {self.version} manual"
        head = [
            element("meta", charset="utf-8"),
            element(
                "title", manual if address == "index.html" else f"{escape(title)} – {manual}"
            ),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("link", rel="stylesheet", href="style.css"),
        ]
        parts = [
            element(
                "header", link("index.html", manual) + link("#menu", "Menu", class_="to-menu")
            ),
            element("main", "\n".join([*body, self.neighbours(address)])),
            element("nav", self.menu(address, names), id="menu"),
        ]
        html = element("head", "\n".join(head)) + "\n" + element("body", "\n".join(parts))
        return f"<!DOCTYPE html>\n{element('html', html, lang='en')}\n"

    def menu(self, address: str, names: Iterable[str]) -> str:
        items = []
        for page, title in self.outline:
            if page != address:
                items.append(element("li", link(page, escape(title))))
                continue
            inner = "".join(element("li", link(f"#{name}", code(name))) for name in names)
            items.append(
                element(
                    "li",
                    link(page, escape(title), aria_current="page")
                    + (element("ul", inner) if inner else ""),
                )
            )
        return element("ul", "\n".join(items))

    def neighbours(self, address: str) -> str:
        """Links to the pages before and after this one."""
        addresses = [page for page, _ in self.outline]
        at = addresses.index(address)
        parts = []
        if at > 0:
            page, title = self.outline[at - 1]
            parts.append(link(page, f"← {escape(title)}", rel="prev"))
        if at + 1 < len(addresses):
            page, title = self.outline[at + 1]
            parts.append(link(page, f"{escape(title)} →", rel="next"))
        return element("footer", "\n".join(parts))
