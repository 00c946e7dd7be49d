"""The side of a connection, as an argument."""

from __future__ import annotations

from .errors import InvalidArgument
from .frame import Side


def side_of(side: Side) -> Side:
    """The argument. Raises InvalidArgument if it is neither side; a bool is none, either."""
    if side is Side.SERVER or side is Side.CLIENT:
        return side
    if isinstance(side, int) and not isinstance(side, bool) and side in (0, 1):
        return Side(side)
    raise InvalidArgument("side must be SERVER or CLIENT")
