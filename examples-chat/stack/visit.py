"""A client that says something and sees it."""

from __future__ import annotations

import json
import secrets
import ssl
from pathlib import Path
from typing import Any

from wscodec.sync import connect

from .hosts import Place

SECONDS = 10


def visit(proxy: Place, certificate: Path, text: str) -> str:
    """Says something in a room, through a proxy. Returns the name of the server."""
    context = ssl.create_default_context(cafile=str(certificate))
    url = f"wss://{proxy}/chat"
    with connect(url, ssl=context, subprotocols=["wscodec-chat"], proxy=None) as connection:

        def send(**message: object) -> None:
            connection.send(json.dumps(message))

        def next_of(kind: str) -> dict[str, Any]:
            while True:
                message: dict[str, Any] = json.loads(connection.recv(timeout=SECONDS))
                if message["type"] == kind:
                    return message

        client = secrets.token_hex(8)
        send(type="join", room="visits", name="Visitor", client=client)
        server = str(next_of("joined")["server"])
        send(type="say", seq=1, text=text)
        while next_of("message")["client"] != client:
            pass
        return server
