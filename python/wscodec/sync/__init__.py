"""WebSocket servers and clients for threads.

The names are those of websockets.sync, with the same meanings; so are the modules.

Start with help(wscodec.sync.serve) and help(wscodec.sync.connect). python/README.md in the
source has programs.
"""

from __future__ import annotations

import wscodec.exceptions as exceptions  # a form that pyright follows to __all__

from .._ending import State
from ..datastructures import Headers, HeadersLike, MultipleValuesError
from ..exceptions import *  # noqa: F403
from ..http11 import Request, Response
from ..text import Close, CloseCode
from .client import ClientConnection, connect, reconnect, unix_connect, unix_reconnect
from .connection import Connection, PongEvent, broadcast
from .server import Server, ServerConnection, basic_auth, serve, unix_serve

__all__ = [
    "ClientConnection",
    "Close",
    "CloseCode",
    "Connection",
    "Headers",
    "HeadersLike",
    "MultipleValuesError",
    "PongEvent",
    "Request",
    "Response",
    "Server",
    "ServerConnection",
    "State",
    "basic_auth",
    "broadcast",
    "connect",
    "reconnect",
    "serve",
    "unix_connect",
    "unix_reconnect",
    "unix_serve",
]
__all__ += exceptions.__all__
