"""The asyncio example, with a callback instead of a handler."""

from __future__ import annotations

import sys
from typing import Any

from wire import ROOT
from wscodec.asyncio import Server, ServerConnection, serve


def echo(connection: ServerConnection, message: str | bytes) -> None:
    connection.send_nowait(message)


def serve_callbacks(_: object, host: str, port: int, **options: Any) -> Server:
    return serve(None, host, port, on_message=echo, **options)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "python" / "examples"))
    import echo_server

    vars(echo_server)["serve"] = serve_callbacks
    echo_server.main()
