"""The network layers of the Python package with clients and servers of others: the same
conversation in all pairs, and through nginx."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import other_clients
import other_servers
import our_clients
import pytest
from conversation import (
    CLOSE_CODE,
    EXPECTED,
    PATIENCE,
    Certificate,
    Client,
    Seen,
    Visit,
)
from echo_checks import Server
from python_servers import SERVERS, start
from test_proxies import Proxy

WITHOUT_COMPRESSION = ["websocket-client"]
ALWAYS_COMPRESSION = ["Chromium"]

either = pytest.mark.parametrize(
    "is_strong", [False, True], ids=["plain", "TLS and compression"]
)

Url = Callable[[str, bool], str]


@pytest.fixture(scope="module")
def url(certificate: Certificate) -> Iterator[Url]:
    """The URL of one of our servers, which is started when it is first asked for."""
    running: dict[tuple[str, bool], Server] = {}
    stack = contextlib.ExitStack()

    def url(name: str, is_tls: bool) -> str:
        if (name, is_tls) not in running:
            running[name, is_tls] = server = start(name, certificate if is_tls else None)
            stack.callback(server.process.kill)
        return f"{'wss' if is_tls else 'ws'}://127.0.0.1:{running[name, is_tls].port}/"

    with stack:
        yield url
        assert [server.stop() for server in running.values()] == [0] * len(running)


def check(seen: Seen, compression: bool, close_code: int = CLOSE_CODE) -> None:
    assert seen == Seen("chat", compression, EXPECTED, close_code)


@either
@pytest.mark.parametrize("client", other_clients.CLIENTS)
@pytest.mark.parametrize("server", SERVERS)
def test_clients_of_others_talk_to_our_servers(
    server: str, client: str, is_strong: bool, url: Url, certificate: Certificate
) -> None:
    visit = Visit(url(server, is_strong), certificate.ca if is_strong else None, is_strong)
    compression = is_strong and client not in WITHOUT_COMPRESSION
    seen = other_clients.CLIENTS[client](visit)
    check(seen, compression or client in ALWAYS_COMPRESSION)


@either
@pytest.mark.parametrize("client", our_clients.CLIENTS)
@pytest.mark.parametrize("server", other_servers.SERVERS)
def test_our_clients_talk_to_servers_of_others(
    server: str, client: str, is_strong: bool, certificate: Certificate
) -> None:
    serving = other_servers.SERVERS[server](certificate if is_strong else None)
    with serving as running:
        url = f"{'wss' if is_strong else 'ws'}://127.0.0.1:{running.port}/"
        visit = Visit(url, certificate.ca if is_strong else None, is_strong)
        # aiohttp replies to every close with 1000.
        code = 1000 if server == "aiohttp" else CLOSE_CODE
        check(our_clients.CLIENTS[client](visit), is_strong, code)
        assert running.closes.get(timeout=PATIENCE) == CLOSE_CODE


@either
@pytest.mark.parametrize("client", our_clients.CLIENTS)
@pytest.mark.parametrize("server", SERVERS)
def test_our_clients_talk_to_our_servers(
    server: str, client: str, is_strong: bool, url: Url, certificate: Certificate
) -> None:
    visit = Visit(url(server, is_strong), certificate.ca if is_strong else None, is_strong)
    check(our_clients.CLIENTS[client](visit), is_strong)


# Through nginx, which ends TLS


CLIENTS: dict[str, Client] = {
    "websockets": other_clients.websockets_asyncio,
    **our_clients.CLIENTS,
}


@pytest.fixture(scope="module")
def nginx(
    url: Url, certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """The URL of nginx in front of one of our servers."""
    with contextlib.ExitStack() as stack:

        def behind_nginx(server: str) -> str:
            port = int(url(server, False).rstrip("/").rsplit(":", 1)[1])
            files = (
                f"ssl_certificate {certificate.cert}; ssl_certificate_key {certificate.key};"
            )
            end = ";\n\n        location /chat {"
            folder: Path = tmp_path_factory.mktemp("nginx")
            proxy = Proxy("nginx", port, folder, (end, f" ssl;\n{files}{end[1:]}"))
            stack.callback(proxy.stop)
            return f"wss://127.0.0.1:{proxy.port}/chat"

        running: dict[str, str] = {}
        yield (
            lambda server: (
                running.get(server) or running.setdefault(server, behind_nginx(server))
            )
        )


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_conversation_through_nginx(
    server: str, client: str, nginx: Callable[[str], str], certificate: Certificate
) -> None:
    check(CLIENTS[client](Visit(nginx(server), certificate.ca, True)), True)


# What is too big


@pytest.mark.parametrize("client", our_clients.CLIENTS)
@pytest.mark.parametrize("server", other_servers.SERVERS)
def test_servers_of_others_can_refuse_what_is_too_big(server: str, client: str) -> None:
    with other_servers.SERVERS[server](None) as running:
        visit = Visit(f"ws://127.0.0.1:{running.port}/")
        assert our_clients.REFUSED[client](visit, bytes(other_servers.MAX_SIZE + 1)) == 1009
