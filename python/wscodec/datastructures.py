"""Header fields as a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Protocol, Union

from .errors import InvalidArgument, WebSocketException

__all__ = ["Headers", "HeadersLike", "MultipleValuesError"]


class MultipleValuesError(WebSocketException, LookupError):
    """A header field that was to have one value has several. It is no KeyError: get() would
    take the name for missing."""


class Headers(MutableMapping[str, str]):
    """Header fields in their order: a mapping whose names are case-insensitive, and may repeat.

    headers["Set-Cookie"] = "a=1" adds a field: assign to a name twice, and it is there twice.
    headers["Set-Cookie"], get(), pop() and items() raise MultipleValuesError for a name that is
    there several times; get_all() returns all of its values. Headers are equal if each name has
    the same values in the same order.

    To add a field raises TypeError if its name or value is not a str, and InvalidArgument if
    one has a line break or NUL. The rest is checked when a request or response is built.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: HeadersLike = (), /, **more: str) -> None:
        self._fields: list[tuple[str, str]] = []
        self.update(fields, **more)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._fields!r})"

    def __str__(self) -> str:
        return "".join(f"{name}: {value}\r\n" for name, value in self._fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return self._by_name() == other._by_name()

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
        self._fields.append(_checked(name, value))

    def __delitem__(self, name: str) -> None:
        lower = _lower(name)
        kept = [each for each in self._fields if each[0].lower() != lower]
        if len(kept) == len(self._fields):
            raise KeyError(name)
        self._fields = kept

    def get_all(self, name: str) -> list[str]:
        """All values of a name, in their order."""
        lower = _lower(name)
        return [value for key, value in self._fields if key.lower() == lower]

    def raw_items(self) -> Iterator[tuple[str, str]]:
        """All names and values, as they were given, in their order."""
        return iter(self._fields)

    def copy(self) -> Headers:
        """A copy, to be changed on its own."""
        return type(self)(self)

    __copy__ = copy

    def clear(self) -> None:
        """Removes all fields."""
        self._fields = []

    def update(self, fields: HeadersLike = (), /, **more: str) -> None:  # type: ignore[override]
        """Adds fields, repeated ones included. If one is invalid, none is added."""
        added = [_checked(*pair) for pair in pairs_of(fields, "header fields")]
        added += [_checked(name, value) for name, value in more.items()]
        self._fields += added

    def _by_name(self) -> dict[str, list[str]]:
        values: dict[str, list[str]] = {}
        for name, value in self._fields:
            values.setdefault(name.lower(), []).append(value)
        return values


def _lower(name: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"the name of a header field must be str, not {type(name).__name__}")
    return name.lower()


def pairs_of(fields: object, argument: str) -> Iterator[tuple[Any, Any]]:
    """The names and values of header fields in any form, whatever their types.

    Raises TypeError, which names the argument, if they are no pairs.
    """
    pairs = fields if isinstance(fields, (tuple, list)) else _listed(fields, argument)
    for pair in pairs:
        if type(pair) is not tuple and isinstance(pair, _STRINGS):
            raise _no_pairs(pair, argument)  # "ab" is no pair of "a" and "b"
        try:
            name, value = pair
        except (TypeError, ValueError):
            raise _no_pairs(pair, argument) from None
        yield name, value


def _listed(fields: object, argument: str) -> Iterable[Any]:
    for method in ("raw_items", "items"):  # of headers of any library, and of mappings
        if hasattr(fields, method):
            return getattr(fields, method)()  # type: ignore[no-any-return]
    if isinstance(fields, _STRINGS) or not isinstance(fields, Iterable):
        raise _no_pairs(fields, argument)
    return fields


_STRINGS = (str, bytes, bytearray, memoryview)


def _no_pairs(value: object, argument: str) -> TypeError:
    kind = type(value).__name__
    return TypeError(f"{argument} must be a mapping or pairs of a name and a value, not {kind}")


def _checked(name: object, value: object) -> tuple[str, str]:
    if not isinstance(name, str) or not isinstance(value, str):
        kinds = f"{type(name).__name__} and {type(value).__name__}"
        raise TypeError(f"name and value of a header field must be str, not {kinds}")
    for part in (name, value):
        if "\n" in part or "\r" in part or "\0" in part:
            why = f"the header field {name!r} has a line break or NUL"
            raise InvalidArgument.of("headers", why)
    return name, value


class HasItems(Protocol):
    """Such as the headers of email.message, http.client and other libraries."""

    def items(self) -> Iterable[tuple[str, str]]: ...


HeadersLike = Union[Headers, Mapping[str, str], HasItems, Iterable[tuple[str, str]]]
"""Whatever Headers() accepts: a mapping, or pairs."""
