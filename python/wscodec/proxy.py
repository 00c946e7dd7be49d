"""Proxies: which one to use, and how to connect through it. It does no I/O: wscodec.asyncio and
wscodec.sync share it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, NoReturn, Union
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ._auth import basic_authorization
from ._buffers import Data
from .errors import HandshakeError, HttpSyntax, HttpTooLarge
from .exceptions import InvalidProxy, InvalidProxyMessage, InvalidProxyStatus
from .handshake import Response, build_request, head_length, header_lines, parse_response
from .uri import WebSocketURI

__all__ = ["Proxy", "Tunnel", "get_proxy", "parse_proxy", "proxy_for", "socks_connector"]

ProxyLike = Union[str, Literal[True], None]
"""The argument `proxy` of connect(): True for what the environment and the system's settings
say, a URL, or None for no proxy."""

_PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080}
_PORTS["socks5h"] = 1080


@dataclass(frozen=True)
class Proxy:
    """The parts of a proxy's URL."""

    scheme: str
    """"http" or "https", for CONNECT (RFC 9110, 9.3.6), without or with TLS to the proxy;
    "socks4a" or "socks5h", if the proxy resolves the server's name; "socks4" or "socks5", if
    the client does."""
    host: str
    """A name, in lower case, or an address; an IPv6 address without its brackets."""
    port: int
    """The port; 80, 443, or 1080 for SOCKS if the URL has none."""
    username: str | None = None
    """None if the URL has none."""
    password: str | None = None
    """None if the URL has no username; "" for SOCKS 4, which has no passwords."""

    @property
    def is_socks(self) -> bool:
        """Whether it is a SOCKS proxy."""
        return self.scheme.startswith("socks")


def parse_proxy(url: str) -> Proxy:
    """Parses a proxy's URL, e.g. "http://user:password@proxy.example:8080". Without a scheme it
    is an http proxy: the environment often has such values.

    Raises InvalidProxy.
    """
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidProxy(url, str(error)) from None
    if parts.scheme not in _PORTS:
        raise InvalidProxy(url, f"the scheme {parts.scheme} is not supported")
    if not host:
        raise InvalidProxy(url, "the host is missing")
    if port == 0:
        raise InvalidProxy(url, "the port is 0")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise InvalidProxy(url, "it has more than a host, a port and credentials")
    if any(character <= " " or character == "\x7f" for character in url):
        raise InvalidProxy(url, "it has white space or a control character")
    username, password = parts.username, parts.password
    if username is not None and password is None:
        if not parts.scheme.startswith("socks4"):
            raise InvalidProxy(url, "it has a username without a password")
        password = ""
    if username is not None and ":" in unquote(username):
        raise InvalidProxy(url, "the username has a colon")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise InvalidProxy(url, "the host is not valid") from None
    return Proxy(
        scheme=parts.scheme,
        host=host,
        port=port or _PORTS[parts.scheme],
        username=None if username is None else unquote(username),
        password=None if password is None else unquote(password),
    )


def get_proxy(uri: WebSocketURI) -> str | None:
    """The URL of the proxy for a server, according to the environment or, on macOS and Windows,
    the system's settings (see urllib.request.getproxies). None if there is none, or if no_proxy
    or the settings exempt the server.

    The first of these that is set applies: ws_proxy for ws://, wss_proxy for wss://; then
    socks_proxy, https_proxy, for ws:// also http_proxy, all_proxy (RFC 6455, 4.1).
    """
    if proxy_bypass(f"{uri.host}:{uri.port}"):
        return None
    proxies = getproxies()
    own = ("wss", "socks", "https") if uri.secure else ("ws", "socks", "https", "http")
    for scheme in (*own, "all"):
        proxy = proxies.get(scheme)
        if proxy:
            if scheme == "socks":  # the system's settings have it as http://host:port
                _, _, address = proxy.rpartition("://")
                return proxy if proxy.startswith("socks") else f"socks5h://{address}"
            return proxy
    return None


def proxy_for(uri: WebSocketURI, proxy: ProxyLike) -> Proxy | None:
    """The proxy that the argument `proxy` of connect() means for a server.

    Raises InvalidProxy, and TypeError for an argument of another kind.
    """
    if proxy is True:
        proxy = get_proxy(uri)
    if proxy is None:
        return None
    if not isinstance(proxy, str):
        raise TypeError(f"proxy is True, None or a URL, not {proxy!r}")
    return parse_proxy(proxy)


_UPGRADE = build_request("proxy.invalid", key="AAAAAAAAAAAAAAAAAAAAAA==")
"""A request for parse_response(), which also parses the response to a CONNECT: no status but
101 has anything to do with the request."""


class Tunnel:
    """A connection through an HTTP proxy (RFC 9110, 9.3.6): send `request` to it, and pass what
    it sends to receive() until that returns True. Then the connection is one to the server."""

    request: bytes
    """The CONNECT request."""

    def __init__(
        self, proxy: Proxy, uri: WebSocketURI, user_agent_header: str | None = None
    ) -> None:
        """
        user_agent_header  The value of User-Agent; None: the field is not sent.

        Raises InvalidArgument for a value that cannot be that of a header field.
        """
        host = f"[{uri.host}]" if ":" in uri.host else uri.host
        authority = f"{host}:{uri.port}"
        fields = [("Host", authority)]
        if user_agent_header is not None:
            fields.append(("User-Agent", user_agent_header))
            header_lines(fields[-1:], "user_agent_header")
        if proxy.username is not None:
            value = basic_authorization(proxy.username, proxy.password or "")
            fields.append(("Proxy-Authorization", value))
        self.request = f"CONNECT {authority} HTTP/1.1\r\n".encode() + header_lines(fields)
        self.request += b"\r\n"
        self._received = bytearray()
        self._scanned = 0

    def receive(self, data: Data) -> bool:
        """Takes what the proxy has sent. Returns whether the connection to the server is open.

        Raises InvalidProxyStatus if the proxy rejects it, and InvalidProxyMessage if it does
        not send a response of HTTP/1, or anything after it.
        """
        self._received += data
        try:
            while True:
                length, self._scanned = head_length(self._received, self._scanned)
                if not length:
                    return False
                response = _response(bytes(self._received[:length]))
                del self._received[:length]
                self._scanned = 0
                if not 100 <= response.status < 200 or response.status == 101:
                    break
        except (HttpSyntax, HttpTooLarge) as error:
            raise InvalidProxyMessage("the response of the proxy is not valid") from error
        if not 200 <= response.status < 300:
            raise InvalidProxyStatus(response)
        if self._received:  # the client speaks first, so it is not from the server
            raise InvalidProxyMessage("the proxy sent more than its response")
        return True

    def finish(self) -> NoReturn:
        """To be called if the proxy closes the connection before receive() returns True.

        Raises InvalidProxyMessage, whose cause is an EOFError.
        """
        raise InvalidProxyMessage("the proxy closed the connection") from EOFError()


def _response(head: bytes) -> Response:
    """The response to CONNECT. Raises HttpSyntax, HttpTooLarge."""
    response: Response | None
    try:
        response = parse_response(head, _UPGRADE)
    except (HttpSyntax, HttpTooLarge):
        raise
    except HandshakeError as error:
        response = error.response
    assert response is not None, "the head is complete and well-formed"
    return response


def socks_connector(proxy: Proxy, module: Literal["async_.asyncio", "sync"]) -> Any:
    """The Proxy of that module of python-socks.

    Raises ImportError if python-socks is not installed.
    """
    try:
        kinds = import_module("python_socks").ProxyType
        connector = import_module(f"python_socks.{module}").Proxy
    except ModuleNotFoundError as error:
        raise ImportError(
            "a SOCKS proxy needs the package python-socks: pip install wscodec[socks]"
        ) from error
    return connector(
        kinds.SOCKS4 if proxy.scheme.startswith("socks4") else kinds.SOCKS5,
        proxy.host,
        proxy.port,
        username=proxy.username,
        password=proxy.password,
        rdns=proxy.scheme in ("socks4a", "socks5h"),
    )
