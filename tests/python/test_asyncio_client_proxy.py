"""connect() through proxies, with one for CONNECT that is part of the tests.

Proxies that we did not write are in tests/examples."""

from __future__ import annotations

import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
from certificates import context, trusting
from client_peers import (  # noqa: F401
    cancelled_after,
    exchange,
    leaves_nothing_open,
    no_settings,
    proxying,
    redirect,
    run,
    scripted,
    serving,
)
from wscodec._client_opening import USER_AGENT
from wscodec.asyncio.client import connect
from wscodec.exceptions import InvalidProxy, InvalidProxyMessage, InvalidProxyStatus

TLS_IN_TLS = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="asyncio has no TLS inside TLS"
)


def test_messages_go_through_the_proxy() -> None:
    async def main() -> None:
        async with serving() as port, proxying() as proxy:
            await exchange(
                f"ws://server.example:{port}/", proxy=f"http://u:p@127.0.0.1:{proxy.port}"
            )
            (request,) = proxy.requests
            assert request.decode().split("\r\n") == [
                f"CONNECT server.example:{port} HTTP/1.1",
                f"Host: server.example:{port}",
                f"User-Agent: {USER_AGENT}",
                "Proxy-Authorization: Basic dTpw",
                *("", ""),
            ]

    run(main())


def test_the_environment_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with serving() as port, proxying() as proxy:
            monkeypatch.setenv("ws_proxy", f"http://127.0.0.1:{proxy.port}")
            uri = f"ws://127.0.0.1:{port}/"
            await exchange(uri)
            assert len(proxy.requests) == 1
            await exchange(uri, proxy=None)
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            await exchange(uri)
            assert len(proxy.requests) == 1

    run(main())


def test_a_socket_of_the_user_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")

    async def main() -> None:
        async with serving() as port:
            sock = socket.create_connection(("127.0.0.1", port))
            await exchange("ws://server.example/", sock=sock)

    run(main())


def test_an_address_that_was_given_is_what_the_proxy_connects_to() -> None:
    async def main() -> None:
        async with serving() as port, proxying() as proxy:
            await exchange(
                "ws://server.invalid/",
                host="127.0.0.1",
                port=port,
                proxy=f"http://127.0.0.1:{proxy.port}",
            )
            assert proxy.requests[0].startswith(b"CONNECT 127.0.0.1:%d " % port)

    run(main())


def test_arguments_for_the_connection_are_for_the_one_to_the_proxy() -> None:
    async def main() -> None:
        async with serving() as port, proxying() as proxy:
            async with connect(
                f"ws://127.0.0.1:{port}/",
                proxy=f"http://localhost:{proxy.port}",
                family=socket.AF_INET,
                local_addr=("127.0.0.2", 0),
            ) as connection:
                assert connection.local_address[0] == "127.0.0.2"
                assert connection.remote_address == ("127.0.0.1", proxy.port)

    run(main())


def test_tls_with_the_server(certificates: Path) -> None:
    async def main() -> None:
        async with serving(ssl=context(certificates)) as port, proxying() as proxy:
            await exchange(
                f"wss://localhost:{port}/",
                ssl=trusting(certificates),
                proxy=f"http://127.0.0.1:{proxy.port}",
            )
            with pytest.raises(ssl.SSLCertVerificationError):
                await connect(
                    f"wss://server.example:{port}/",
                    ssl=trusting(certificates),
                    proxy=f"http://127.0.0.1:{proxy.port}",
                )
            await proxy.ended.get()
            await proxy.ended.get()

    run(main())


def test_tls_with_the_proxy(certificates: Path) -> None:
    async def main() -> None:
        async with serving() as port, proxying(ssl=context(certificates)) as proxy:
            uri = f"ws://127.0.0.1:{port}/"
            await exchange(
                uri, proxy=f"https://localhost:{proxy.port}", proxy_ssl=trusting(certificates)
            )
            with pytest.raises(ssl.SSLCertVerificationError):
                await connect(uri, proxy=f"https://localhost:{proxy.port}")

    run(main())


@TLS_IN_TLS
def test_tls_with_both(certificates: Path) -> None:
    async def main() -> None:
        async with serving(ssl=context(certificates)) as port:
            async with proxying(ssl=context(certificates, "other")) as proxy:
                await exchange(
                    f"wss://localhost:{port}/",
                    ssl=trusting(certificates),
                    proxy=f"https://localhost:{proxy.port}",
                    proxy_ssl=trusting(certificates),
                    proxy_server_hostname="other.example",
                )

    run(main())


@pytest.mark.skipif(sys.version_info >= (3, 11), reason="asyncio has TLS inside TLS")
def test_tls_with_both_is_refused_where_asyncio_lacks_it() -> None:
    async def main() -> None:
        with pytest.raises(InvalidProxy, match="Python 3.11"):
            await connect("wss://localhost:1/", proxy="https://localhost:1")

    run(main())


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", InvalidProxyStatus),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", InvalidProxyStatus),
        (b"SSH-2.0\r\n\r\n", InvalidProxyMessage),
    ],
)
def test_a_proxy_that_does_not_connect(response: bytes, error: type[Exception]) -> None:
    async def main() -> None:
        async with proxying() as proxy:
            proxy.response = response
            with pytest.raises(error):
                await connect("ws://server.example/", proxy=f"http://127.0.0.1:{proxy.port}")
            await proxy.ended.get()

    run(main())


def test_a_proxy_that_closes() -> None:
    async def main() -> None:
        async with scripted(b"HTTP/1.1 200 ", stays=False) as raw:
            with pytest.raises(InvalidProxyMessage):
                await connect("ws://server.example/", proxy=f"http://127.0.0.1:{raw.port}")

    run(main())


def test_open_timeout_covers_the_proxy() -> None:
    async def main() -> None:
        async with scripted(b"HTTP/1.1 200 OK\r\n") as raw:
            with pytest.raises(TimeoutError):
                await connect(
                    "ws://server.example/",
                    proxy=f"http://127.0.0.1:{raw.port}",
                    open_timeout=0.1,
                )
            await raw.ended.get()

    run(main())


def test_a_redirection_goes_through_the_proxy_too() -> None:
    async def main() -> None:
        async with serving() as port, proxying() as proxy:
            async with scripted(redirect(f"ws://two.example:{port}/")) as raw:
                await exchange(
                    f"ws://one.example:{raw.port}/", proxy=f"http://127.0.0.1:{proxy.port}"
                )
            hosts = [request.split(b":")[0] for request in proxy.requests]
            assert hosts == [b"CONNECT one.example", b"CONNECT two.example"]

    run(main())


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"proxy": "ftp://127.0.0.1"}, InvalidProxy),
        ({"proxy": "http://127.0.0.1:1", "proxy_ssl": True}, ValueError),
        ({"proxy": "https://127.0.0.1:1", "proxy_ssl": None}, ValueError),
        ({"proxy": "socks5://127.0.0.1:1", "family": socket.AF_INET}, ValueError),
        ({"proxy": False}, TypeError),
    ],
)
def test_arguments_that_do_not_fit_the_proxy(
    options: dict[str, Any], error: type[Exception]
) -> None:
    async def main() -> None:
        with pytest.raises(error):
            await connect("ws://server.example/", **options)

    run(main())


def test_socks_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_socks", None)

    async def main() -> None:
        with pytest.raises(ImportError, match=r"wscodec\[socks\]"):
            await connect("ws://server.example/", proxy="socks5h://127.0.0.1:1")

    run(main())


@pytest.mark.parametrize("turns", range(0, 40, 3))
def test_a_cancelled_attempt_leaves_nothing_open(certificates: Path, turns: int) -> None:
    async def main() -> None:
        async with serving(ssl=context(certificates)) as port, proxying() as proxy:
            client = connect(
                f"wss://localhost:{port}/",
                ssl=trusting(certificates),
                proxy=f"http://127.0.0.1:{proxy.port}",
            )
            await cancelled_after(turns, client)

    leaves_nothing_open(main())
