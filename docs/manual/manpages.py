"""The man pages."""

from __future__ import annotations

from . import man3, man7
from .description import Description
from .roff import Book


def pages(description: Description, date: str) -> dict[str, str]:
    """The text of each page, by its path."""
    book = Book(description, date)
    third = {f"man3/{name}.3": text for name, text in man3.Pages(book).by_name().items()}
    seventh = {f"man7/{name}.7": text for name, text in man7.Pages(book).by_name().items()}
    return {**third, **seventh}
