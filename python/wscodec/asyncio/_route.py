"""How a client reaches the server: directly, over a Unix socket, or through a proxy."""

from __future__ import annotations

import asyncio
import socket
import ssl as tls
import sys
from dataclasses import replace
from typing import Any

from ..exceptions import InvalidProxy, ProxyError
from ..proxy import Proxy, ProxyLike, Tunnel, proxy_for, socks_connector
from ..uri import WebSocketURI
from ._arguments import accepted_by, check_loop_arguments, is_of_tls
from ._link import Link

__all__ = ["Route"]

_NO_LIMIT = 24 * 3600.0  # seconds; python-socks has no value for it


class Route:
    """What connect() was given of proxies, and of arguments for the event loop."""

    _proxy: ProxyLike

    def __init__(
        self, proxy: ProxyLike, user_agent_header: str | None, arguments: dict[str, Any]
    ) -> None:
        """
        user_agent_header  The value of User-Agent in requests to proxies; None for none.
        arguments          Those of loop.create_connection(), or with `unix` of
                           loop.create_unix_connection(); those for the TLS of an https proxy
                           start with "proxy_".

        Raises TypeError for arguments that do not exist or have another type; ValueError for
        those that are out of range or exclude each other.
        """
        if proxy is not None and proxy is not True and not isinstance(proxy, str):
            raise TypeError(f"proxy is True, a URL or None, not {proxy!r}")
        if arguments.get("sock") is not None:
            for name in ("host", "port", "unix"):
                if arguments.get(name):
                    raise ValueError(f"sock excludes {name}")
        _check_arguments(arguments)
        self._proxy, self._user_agent, self._arguments = proxy, user_agent_header, arguments

    @property
    def is_given(self) -> bool:
        """Whether the user named the address of the server, so that it is not that of another
        one."""
        names = ("sock", "host", "port", "unix", "server_hostname")
        return any(self._arguments.get(name) for name in names)

    @property
    def is_used_up(self) -> bool:
        """Whether there cannot be a second connection."""
        return self._arguments.get("sock") is not None

    def check(self, uri: WebSocketURI) -> None:
        """Raises ValueError for arguments that do not fit the URI."""
        self._of_server(uri)

    async def connect(self, uri: WebSocketURI, link: Link) -> None:
        """Connects the link to the server. If this fails, the caller must abort the link.

        Raises OSError, ValueError for arguments that do not fit the URI, what proxy_for()
        raises, InvalidProxy for TLS inside TLS if the loop cannot do that, ProxyError, and
        ImportError if python-socks is missing.
        """
        arguments = self._of_server(uri)
        loop = asyncio.get_running_loop()
        if arguments.pop("unix", False):
            link.transport, _ = await loop.create_unix_connection(lambda: link, **arguments)
            return
        proxy = None
        if arguments.get("sock") is None:
            arguments["host"] = arguments.get("host") or uri.host
            arguments["port"] = arguments.get("port") or uri.port
            proxy = proxy_for(uri, self._proxy)
        of_proxy = {
            name: arguments.pop(name) for name in list(arguments) if name[:6] == "proxy_"
        }
        if proxy is None:
            link.transport, _ = await loop.create_connection(lambda: link, **arguments)
            return
        target = replace(uri, host=arguments.pop("host"), port=arguments.pop("port"))
        of_tls = {name: arguments.pop(name) for name in list(arguments) if is_of_tls(name)}
        if proxy.is_socks:
            await _through_socks(link, proxy, target, of_tls, **arguments)
        else:
            if proxy.scheme == "https" and uri.secure:
                _check_tls_in_tls(proxy, loop)
            tunnel = Tunnel(proxy, target, self._user_agent)
            await _to_http_proxy(link, proxy, {**arguments, **_tls_of_proxy(proxy, of_proxy)})
            await link.exchange(tunnel, lambda _: None)
            await _start_tls(link, of_tls)

    def _of_server(self, uri: WebSocketURI) -> dict[str, Any]:
        """The arguments, with those for TLS if the server has it."""
        arguments = self._arguments.copy()
        if not uri.secure:
            if arguments.get("ssl"):
                raise ValueError("ssl is not for a ws:// URI")
            arguments.pop("ssl", None)
            arguments.pop("server_hostname", None)
            for name in arguments:
                if is_of_tls(name):
                    raise ValueError(f"{name} is not for a ws:// URI")
            return arguments
        arguments.setdefault("ssl", True)
        if not arguments["ssl"]:
            raise ValueError("a wss:// URI needs ssl")
        if not arguments.get("server_hostname"):
            arguments["server_hostname"] = uri.host
        return arguments


def _check_arguments(arguments: dict[str, Any]) -> None:
    function, method = "connect", "create_connection"
    if arguments.get("unix"):
        function, method = "unix_connect", "create_unix_connection"
    accepted = {"unix", *accepted_by(method)}
    if function == "connect":
        accepted |= {f"proxy_{name}" for name in accepted if is_of_tls(name)}
    check_loop_arguments(function, accepted, arguments, of_client=True)


async def _through_socks(
    link: Link,
    proxy: Proxy,
    target: WebSocketURI,
    of_tls: dict[str, Any],
    *,
    local_addr: tuple[str, int] | None = None,
    **others: Any,
) -> None:
    if others:
        raise ValueError(f"not for a SOCKS proxy: {', '.join(others)}")
    connector = socks_connector(proxy, "async_.asyncio")
    try:
        sock: socket.socket = await connector.connect(
            target.host, target.port, timeout=_NO_LIMIT, local_addr=local_addr
        )
    except OSError:
        raise
    except Exception as error:
        raise ProxyError(f"the SOCKS proxy did not open a connection: {error}") from error
    try:
        link.transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: link, sock=sock, **of_tls
        )
    except BaseException:
        sock.close()
        raise


def _tls_of_proxy(proxy: Proxy, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments for the TLS of the proxy itself."""
    arguments = {name[len("proxy_") :]: value for name, value in given.items()}
    if proxy.scheme == "https":
        arguments.setdefault("ssl", True)
        if not arguments["ssl"]:
            raise ValueError("an https:// proxy needs proxy_ssl")
    elif arguments.get("ssl"):
        raise ValueError("proxy_ssl is not for an http:// proxy")
    return arguments


async def _to_http_proxy(link: Link, proxy: Proxy, arguments: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    link.transport, _ = await loop.create_connection(
        lambda: link, proxy.host, proxy.port, **arguments
    )


async def _start_tls(link: Link, of_tls: dict[str, Any]) -> None:
    """TLS with the server, through the proxy."""
    context = of_tls.pop("ssl", None)
    if not context:
        return
    if context is True:
        context = tls.create_default_context()
    loop = asyncio.get_running_loop()
    link.transport = await loop.start_tls(link.transport, link, context, **of_tls)


def _check_tls_in_tls(proxy: Proxy, loop: asyncio.AbstractEventLoop) -> None:
    """Raises InvalidProxy before Python 3.11, except for loops of other packages."""
    if sys.version_info < (3, 11) and isinstance(loop, asyncio.BaseEventLoop):
        why = "for a wss:// server, asyncio needs Python 3.11 (TLS inside TLS)"
        raise InvalidProxy(f"https://{proxy.host}:{proxy.port}", why)
