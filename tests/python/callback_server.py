"""The asyncio example, with a callback instead of a handler."""

from __future__ import annotations

import runpy
import sys
from typing import Any

import wscodec.asyncio
from wire import ROOT
from wscodec.asyncio import Server, ServerConnection

serve = wscodec.asyncio.serve


def echo(connection: ServerConnection, message: str | bytes) -> None:
    connection.send_nowait(message)


def serve_callbacks(_: object, host: str, port: int, **options: Any) -> Server:
    return serve(None, host, port, on_message=echo, **options)


if __name__ == "__main__":
    vars(wscodec.asyncio)["serve"] = serve_callbacks
    sys.argv[0] = str(ROOT / "python" / "examples" / "echo_server.py")
    runpy.run_path(sys.argv[0], run_name="__main__")
