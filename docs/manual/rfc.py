"""The RFCs that the documentation refers to."""

from __future__ import annotations

TITLES = {
    "3629": "UTF-8, a transformation format of ISO 10646",
    "6455": "The WebSocket Protocol",
    "7692": "Compression Extensions for WebSocket",
    "8441": "Bootstrapping WebSockets with HTTP/2",
    "9110": "HTTP Semantics",
    "9112": "HTTP/1.1",
    "9220": "Bootstrapping WebSockets with HTTP/3",
}


def title_of(number: str) -> str:
    return TITLES[number]


def address_of(target: str) -> str:
    """The target of a span: "6455#section-5.2"."""
    return f"https://www.rfc-editor.org/rfc/rfc{target}"
