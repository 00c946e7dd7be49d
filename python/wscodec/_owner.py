"""Objects that own memory of the library."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, NoReturn

from .errors import InvalidState

if TYPE_CHECKING:
    from typing_extensions import Self


class Owner:
    """Owns a handle, and frees it once."""

    __slots__ = ("__weakref__", "_finalizer", "_handle")

    _KIND: ClassVar[str]
    """What the object is, for the messages of exceptions."""

    def _own(self, handle: int, free: Callable[[int], object]) -> None:
        self._handle = handle
        self._finalizer = weakref.finalize(self, free, handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {self._KIND} cannot be copied")

    def free(self) -> None:
        """Frees the library's memory. May be called again."""
        self._handle = 0
        self._finalizer()

    def _freed(self) -> NoReturn:
        raise InvalidState(f"the {self._KIND} was freed")
