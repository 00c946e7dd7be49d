"""Header fields as a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Union

from .errors import WebSocketException

__all__ = ["Headers", "HeadersLike", "MultipleValuesError"]


class MultipleValuesError(WebSocketException, KeyError):
    """A header field that was to have one value has several."""


class Headers(MutableMapping[str, str]):
    """Header fields in their order: a mapping whose names are case-insensitive, and may repeat.

    headers["Set-Cookie"] = "a=1" adds a field: assign to a name twice, and it is there twice.
    headers["Set-Cookie"] raises MultipleValuesError for a name that is there several times;
    get_all() returns all of its values.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: HeadersLike = (), **more: str) -> None:
        self._fields: list[tuple[str, str]] = []
        self.update(fields, **more)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._fields!r})"

    def __str__(self) -> str:
        return "".join(f"{name}: {value}\r\n" for name, value in self._fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return self._lowered() == other._lowered()

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self._fields))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self._fields})

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if len(values) > 1:
            raise MultipleValuesError(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __setitem__(self, name: str, value: str) -> None:
        self._fields.append((name, value))

    def __delitem__(self, name: str) -> None:
        lower = name.lower()
        kept = [each for each in self._fields if each[0].lower() != lower]
        if len(kept) == len(self._fields):
            raise KeyError(name)
        self._fields = kept

    def get_all(self, name: str) -> list[str]:
        """All values of a name, in their order."""
        lower = name.lower()
        return [value for key, value in self._fields if key.lower() == lower]

    def raw_items(self) -> Iterator[tuple[str, str]]:
        """All names and values, as they were given, in their order."""
        return iter(self._fields)

    def copy(self) -> Headers:
        """A copy, to be changed on its own."""
        return Headers(self)

    def update(self, fields: HeadersLike = (), /, **more: str) -> None:  # type: ignore[override]
        """Adds fields, repeated ones included."""
        if isinstance(fields, Headers):
            self._fields += fields._fields
        elif isinstance(fields, Mapping):
            self._fields += [(name, fields[name]) for name in fields]
        else:
            self._fields += [(name, value) for name, value in fields]
        self._fields += more.items()

    def _lowered(self) -> list[tuple[str, str]]:
        return [(name.lower(), value) for name, value in self._fields]


HeadersLike = Union[Headers, Mapping[str, str], Iterable[tuple[str, str]]]
"""Whatever Headers() accepts: a mapping, or pairs."""
