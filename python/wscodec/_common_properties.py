"""Properties that the connections of wscodec.asyncio and of wscodec.sync have in common."""

from __future__ import annotations

from ._ending import State
from .deflate import Deflate


class CommonProperties:
    """The state, and what was agreed in the opening handshake."""

    __slots__ = ()

    _state: State
    _subprotocol: str | None
    _deflate: Deflate | None

    @property
    def state(self) -> State:
        """The state of the connection."""
        return self._state

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed; None if there is none."""
        return self._subprotocol

    @property
    def deflate(self) -> Deflate | None:
        """The compression that was agreed; None if there is none."""
        return self._deflate
