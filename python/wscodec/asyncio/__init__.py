"""WebSocket servers and clients for asyncio.

The names are those of websockets.asyncio, with the same meanings; so are the modules, and
`import wscodec.asyncio as websockets` is enough for many programs.

Start with help(wscodec.asyncio.serve) and help(wscodec.asyncio.connect). python/README.md in
the source has programs.
"""

from __future__ import annotations

import wscodec.exceptions as exceptions  # a form that pyright follows to __all__

from ..datastructures import Headers, HeadersLike, MultipleValuesError
from ..exceptions import *  # noqa: F403
from ..http11 import Request, Response
from ..text import Close, CloseCode
from .client import ClientConnection, connect, unix_connect
from .connection import Connection, State, broadcast
from .server import Server, ServerConnection, basic_auth, serve, unix_serve

__all__ = [
    "ClientConnection",
    "Close",
    "CloseCode",
    "Connection",
    "Headers",
    "HeadersLike",
    "MultipleValuesError",
    "Request",
    "Response",
    "Server",
    "ServerConnection",
    "State",
    "basic_auth",
    "broadcast",
    "connect",
    "serve",
    "unix_connect",
    "unix_serve",
]
__all__ += exceptions.__all__
