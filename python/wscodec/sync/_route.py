"""How a client reaches the server: directly, over a Unix socket, or through a proxy."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl as tls
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import InvalidArgument
from ..exceptions import ProxyError
from ..proxy import Proxy, ProxyLike, Tunnel, proxy_for, socks_connector
from ..uri import WebSocketURI
from ._arguments import check_type
from ._channel import Channel
from ._io import Deadline

__all__ = ["Route"]

_NO_LIMIT = 24 * 3600.0  # seconds; python-socks has no value for it


@dataclass(frozen=True)
class Route:
    """What connect() was given for the way to the server; see there."""

    sock: socket.socket | None = None
    ssl: tls.SSLContext | None = None
    server_hostname: str | None = None
    path: Any = None
    """Of a Unix socket."""
    proxy: ProxyLike = True
    proxy_ssl: tls.SSLContext | None = None
    proxy_server_hostname: str | None = None
    user_agent: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    """Those for socket.create_connection()."""

    @property
    def is_given(self) -> bool:
        """Whether the user named the address of the server, so that it is not that of another
        one."""
        is_named = self.server_hostname or self.path or self.arguments.get("address")
        return self.sock is not None or bool(is_named)

    def check(self, uri: WebSocketURI) -> None:
        """Raises InvalidArgument for what does not fit the URI or excludes each other, and
        TypeError for what has another type."""
        for name in "sock", "ssl", "server_hostname", "proxy_ssl", "proxy_server_hostname":
            check_type(name, getattr(self, name))
        if not (self.proxy is None or self.proxy is True or isinstance(self.proxy, str)):
            raise TypeError(f"proxy is True, a URL or None, not {self.proxy!r}")
        if self.ssl is not None and not uri.secure:
            raise InvalidArgument("ssl is not for a ws:// URI")
        if self.arguments and (self.sock is not None or self.path is not None):
            given = "a path" if self.sock is None else "sock"
            raise InvalidArgument(f"{given} excludes {', '.join(self.arguments)}")

    def connect(self, uri: WebSocketURI, deadline: Deadline) -> Channel:
        """Connects to the server.

        Raises OSError, EOFError, what proxy_for() raises, ProxyError, InvalidArgument, and
        ImportError if python-socks is missing.
        """
        host, port = self.arguments.get("address") or (uri.host, uri.port)
        channel = self._reach(replace(uri, host=host, port=port), deadline)
        if uri.secure:
            context = self.ssl or tls.create_default_context()
            hostname = self.server_hostname or uri.host
            with _closed_on_error(channel.socket):
                channel.start_tls(context, server_hostname=hostname)
        return channel

    def _reach(self, target: WebSocketURI, deadline: Deadline) -> Channel:
        """Connects, without the server's TLS."""
        if self.path is not None:
            return Channel(_unix_socket(self.path, deadline), deadline)
        if self.sock is not None:
            return Channel(self.sock, deadline)
        proxy = proxy_for(target, self.proxy)
        if proxy is None:
            return Channel(self._tcp(target.host, target.port, deadline), deadline)
        if proxy.is_socks:
            return Channel(self._through_socks(proxy, target, deadline), deadline)
        return self._through_http(proxy, target, deadline)

    def _tcp(self, host: str, port: int, deadline: Deadline) -> socket.socket:
        arguments = {"timeout": deadline.must_be_ahead(), **self.arguments}
        arguments["address"] = (host, port)
        with _time_limit():
            return socket.create_connection(**arguments)

    def _through_socks(
        self, proxy: Proxy, target: WebSocketURI, deadline: Deadline
    ) -> socket.socket:
        connector = socks_connector(proxy, "sync")
        timeout = deadline.must_be_ahead()
        try:
            with _time_limit():
                sock: socket.socket = connector.connect(
                    target.host,
                    target.port,
                    timeout=_NO_LIMIT if timeout is None else timeout,
                    local_addr=self.arguments.get("source_address"),
                )
        except OSError:
            raise
        except Exception as error:
            why = f"the SOCKS proxy did not open a connection: {error}"
            raise ProxyError(why) from error
        return sock

    def _through_http(self, proxy: Proxy, target: WebSocketURI, deadline: Deadline) -> Channel:
        if self.proxy_ssl is not None and proxy.scheme != "https":
            raise InvalidArgument("proxy_ssl is not for an http:// proxy")
        channel = Channel(self._tcp(proxy.host, proxy.port, deadline), deadline)
        with _closed_on_error(channel.socket):
            if proxy.scheme == "https":
                context = self.proxy_ssl or tls.create_default_context()
                hostname = self.proxy_server_hostname or proxy.host
                channel.start_tls(context, server_hostname=hostname)
            tunnel = Tunnel(proxy, target, self.user_agent)
            channel.send(tunnel.request)
            while data := channel.receive():
                if tunnel.receive(data):
                    return channel
            tunnel.finish()


def _unix_socket(path: Any, deadline: Deadline) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _closed_on_error(sock), _time_limit():
        sock.settimeout(deadline.must_be_ahead())
        sock.connect(os.fspath(path))
    return sock


@contextlib.contextmanager
def _closed_on_error(sock: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        sock.close()
        raise


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    """The error of sockets with a timeout is a TimeoutError only since Python 3.10."""
    try:
        yield
    except socket.timeout as error:
        raise TimeoutError(*error.args) from None
