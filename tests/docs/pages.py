"""Pages that name functions, tests and vectors: each must exist in the file that it links."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = (ROOT / "include" / "wscodec.h").read_text(encoding="utf-8")

DEFINED = {
    "src": r"\b(?:fn|const|static|struct|enum|type) {name}\b",
    "tests/rust": r"#\[test\]\n(?:#\[.*\]\n)*fn {name}\(",
    "tests/c": r"^(?!\s)[^;\n]*\b{name}\((?![^{{]*;)",
    "tests/python": r"^(?: {{4}})?(?:async )?def {name}\(",
    "tests/examples": r"^(?: {{4}})?(?:async )?def {name}\(",
    "tests/vectors": r'"name": "{name}"',
}
"""How a file in each folder defines a name."""

Row = dict[str, str]


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", without_code(page.read_text("utf-8")), re.M)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain}


class Page:
    """A page of this repository in Markdown."""

    def __init__(self, path: str) -> None:
        self.path = ROOT / path
        self.folder = self.path.parent
        self.text = self.path.read_text(encoding="utf-8")

    def linked(self) -> list[tuple[str, str]]:
        """The links that name something in a file: its name, and the path from the page."""
        return sorted(set(re.findall(r"\[`([^`]+)`\]\(([^)#]+)\)", self.text)))

    def undefined(self) -> list[tuple[str, str]]:
        """Those whose file does not define the name. A file may also be named itself."""
        return [link for link in self.linked() if not self._is_defined(*link)]

    def broken(self) -> list[str]:
        """The links to files or headings that do not exist."""
        links = re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", without_code(self.text))
        return [link for link in links if not self.leads_somewhere(link)]

    def leads_somewhere(self, link: str) -> bool:
        path, _, anchor = link.partition("#")
        file = self.folder / path if path else self.path
        return file.exists() and (not anchor or file.suffix != ".md" or anchor in anchors(file))

    def unknown(self) -> list[str]:
        """The names of the C API that are not in its header."""
        names = set(re.findall(r"\b(?:WS|ws)_\w+", self.text))
        return [name for name in names if not re.search(rf"\b{name}\b", HEADER)]

    def rows(self, *columns: str) -> list[Row]:
        """The rows of all tables that have these columns, by column."""
        tables = re.findall(r"^(\|.*)\n\|[-| ]+\n((?:\|.*\n?)+)", self.text, re.M)
        return [
            dict(zip(cells(head), cells(row), strict=True))
            for head, rows in tables
            if set(columns) <= set(cells(head))
            for row in rows.splitlines()
        ]

    def _is_defined(self, name: str, path: str) -> bool:
        file = (self.folder / path).resolve()
        if f"/{file.relative_to(ROOT)}".endswith(f"/{name}"):
            return file.exists()
        folder = str(file.parent.relative_to(ROOT))
        rule = next(rule for start, rule in DEFINED.items() if folder.startswith(start))
        text = file.read_text(encoding="utf-8")
        return bool(re.search(rule.format(name=re.escape(name)), text, re.M))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]
