"""Facts about a connection that wscodec.asyncio and wscodec.sync have in common."""

from __future__ import annotations

from ._ending import State
from .deflate import Deflate


class Facts:
    """The facts that are agreed in the opening handshake, and the state."""

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
