"""A connection of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._ending import State
from .._server_opening import plain
from ..frame import Side
from ..http11 import Request, Response
from ._channel import Channel
from .connection import Connection

if TYPE_CHECKING:
    from ._server import Server

__all__ = ["ServerConnection"]


class ServerConnection(Connection):
    """A connection of a server. serve() creates it; see Connection for its methods.

    Besides those of Connection, its attributes are:

    request   The client's Request. It is there for process_request and all that follows.
    response  The Response to it; None before it is sent.
    server    The Server that it belongs to.
    username  The user, once basic_auth() has let it through.
    """

    side = Side.SERVER

    request: Request
    """The client's request."""
    username: str
    """The user, once basic_auth() has let it through."""

    def __init__(self, channel: Channel, server: Server, **options: Any) -> None:
        """For serve()."""
        super().__init__(channel, **options)
        self._response: Response | None = None
        self._awaits_request = True  # guarded by the lock of the server
        self.server = server
        """The server that it belongs to."""

    @property
    def response(self) -> Response | None:
        """The response to it; None before it is sent."""
        if self._response is None and self.state is not State.CONNECTING:
            self._response = self.server._opening.response_to(self.request, self.subprotocol)
        return self._response

    def respond(self, status: int, text: str) -> Response:
        """A response with a short text, for process_request and process_response to return.

        status  200 ... 599
        text    The body.
        """
        return plain(status, text)
