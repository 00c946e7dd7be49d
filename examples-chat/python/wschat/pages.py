"""What plain HTTP gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wscodec.asyncio import Headers, Request, Response

from . import metrics

if TYPE_CHECKING:
    from .server import Chat

TEXT = "text/plain; charset=utf-8"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "connect-src * ws: wss:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def respond(chat: Chat, request: Request) -> Response:
    """The response to a request that is not for /chat."""
    path = request.path.partition("?")[0]
    if path == "/" and chat.page is None:
        return _response(404, TEXT, b"there is no --page\n")
    if path not in ("/", "/health", "/metrics"):
        return _response(404, TEXT, b"not found\n")
    if request.method not in ("GET", "HEAD"):
        response = _response(405, TEXT, b"only GET\n")
        response.headers["Allow"] = "GET, HEAD"
        return response
    if path == "/health":
        if chat.is_draining:
            return _response(503, TEXT, b"draining\n")
        return _response(200, TEXT, b"ok\n")
    if path == "/metrics":
        return _response(200, metrics.CONTENT_TYPE, chat.metrics_text().encode())
    response = _response(200, "text/html; charset=utf-8", chat.page or b"")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _response(status: int, kind: str, body: bytes) -> Response:
    fields = Headers({"Content-Type": kind, "Cache-Control": "no-store"})
    return Response(status, headers=fields, body=body)
