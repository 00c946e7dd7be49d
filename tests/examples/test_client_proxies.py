"""wscodec.asyncio.client through proxies that we did not write, pproxy for HTTP and SOCKS and
proxy.py for HTTP; and with aiohttp's server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path
from typing import Any, Callable

import aiohttp.web
import pytest
from certificates import context, trusting
from client_peers import (  # noqa: F401
    PATIENCE,
    accepting,
    exchange,
    no_settings,
    run,
    serving,
)
from ports import free_port
from wscodec.asyncio.client import connect
from wscodec.exceptions import InvalidProxyStatus, InvalidStatus, ProxyError


@contextlib.contextmanager
def started(*command: str, port: int) -> Iterator[None]:
    """A process, from when it listens on."""
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            assert process.poll() is None
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


PPROXY = (
    "-c",
    "import asyncio, sys\n"
    "sys.modules['uvloop'] = None\n"  # which does not work with pproxy
    "asyncio.set_event_loop(asyncio.new_event_loop())\n"
    "from pproxy.server import main\n"
    "main()",
)


@pytest.fixture(scope="module")
def pproxy() -> Iterator[int]:
    """A proxy for HTTP, SOCKS 4 and SOCKS 5."""
    port = free_port()
    with started(*PPROXY, "-l", f"http+socks4+socks5://127.0.0.1:{port}", port=port):
        yield port


@pytest.fixture(scope="module")
def guarded() -> Iterator[int]:
    """The same, for the user u with the password p."""
    port = free_port()
    with started(
        *PPROXY, "-l", f"http+socks5://127.0.0.1:{port}/#u:p", "--auth", "-1", port=port
    ):
        yield port


@pytest.fixture(scope="module")
def proxy_py() -> Iterator[int]:
    port = free_port()
    arguments = ["--hostname", "127.0.0.1", "--port", str(port), "--basic-auth", "u:p"]
    with started("-m", "proxy", *arguments, "--num-workers", "1", port=port):
        yield port


async def through_proxy(uri: str, **options: Any) -> None:
    assert await exchange(uri, **options) != int(uri.rpartition(":")[2].strip("/"))


SCHEMES = ("http", "socks4", "socks5", "socks5h")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_messages_go_through_each_kind_of_proxy(pproxy: int, scheme: str, host: str) -> None:
    async def main() -> None:
        async with serving() as port:
            await through_proxy(f"ws://{host}:{port}/", proxy=f"{scheme}://127.0.0.1:{pproxy}")

    run(main())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tls_goes_through_each_kind_of_proxy(
    pproxy: int, scheme: str, certificates: Path
) -> None:
    async def main() -> None:
        async with serving(ssl=context(certificates)) as port:
            await through_proxy(
                f"wss://localhost:{port}/",
                proxy=f"{scheme}://127.0.0.1:{pproxy}",
                ssl=trusting(certificates),
            )

    run(main())


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_with_a_password(guarded: int, scheme: str) -> None:
    async def main() -> None:
        async with serving() as port:
            uri = f"ws://127.0.0.1:{port}/"
            await through_proxy(uri, proxy=f"{scheme}://u:p@127.0.0.1:{guarded}")
            with pytest.raises((ProxyError, OSError)):
                await connect(uri, proxy=f"{scheme}://u:wrong@127.0.0.1:{guarded}")

    run(main())


def test_proxy_py(proxy_py: int, certificates: Path) -> None:
    async def main() -> None:
        proxy = f"http://u:p@127.0.0.1:{proxy_py}"
        async with serving() as port:
            uri = f"ws://127.0.0.1:{port}/"
            await through_proxy(uri, proxy=proxy)
            with pytest.raises(InvalidProxyStatus) as caught:
                await connect(uri, proxy=f"http://127.0.0.1:{proxy_py}")
            assert caught.value.status == 407
        async with serving(ssl=context(certificates)) as port:
            await through_proxy(
                f"wss://localhost:{port}/", proxy=proxy, ssl=trusting(certificates)
            )

    run(main())


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[int]:
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


def test_a_socks4a_proxy_gets_the_name_of_the_server() -> None:
    """https://www.openssh.org/txt/socks4a.protocol"""
    names: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readexactly(4))[:2] == b"\x04\x01"
        assert await reader.readexactly(4) == b"\x00\x00\x00\x01"
        names.append(await reader.readuntil(b"\x00"))
        names.append(await reader.readuntil(b"\x00"))
        writer.write(b"\x00\x5a" + bytes(6))
        writer.write(accepting(await reader.readuntil(b"\r\n\r\n")) + b"\x81\x02hi")
        await reader.read()
        writer.close()

    async def main() -> None:
        async with listening(talk) as port:
            proxy = f"socks4a://user@127.0.0.1:{port}"
            connection = await connect("ws://server.example/", proxy=proxy, close_timeout=0.1)
            assert await connection.recv() == "hi"
            await connection.close()

    run(main())
    assert names == [b"user\x00", b"server.example\x00"]


def test_a_socks_proxy_that_refuses_is_an_error() -> None:
    """RFC 1928, 6: 5 is "connection refused"."""

    async def main() -> None:
        ended = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(3)
            writer.write(b"\x05\x00")
            await reader.readuntil(b"server.example\x00\x50")
            writer.write(b"\x05\x05\x00\x01" + bytes(6))
            with contextlib.suppress(OSError):
                await reader.read()
            ended.set()
            writer.close()

        async with listening(talk) as port:
            with pytest.raises(ProxyError, match="did not open a connection"):
                await connect("ws://server.example/", proxy=f"socks5h://127.0.0.1:{port}")
            await ended.wait()

    run(main())


def test_a_socks_proxy_that_is_not_there() -> None:
    async def main() -> None:
        with pytest.raises(OSError):
            await connect("ws://127.0.0.1:1/", proxy=f"socks5://127.0.0.1:{free_port()}")

    run(main())


def test_open_timeout_covers_a_socks_proxy() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            with pytest.raises(TimeoutError):
                await connect(
                    "ws://127.0.0.1:1/", proxy=f"socks5://127.0.0.1:{port}", open_timeout=0.2
                )
            peer, _ = listener.accept()
            with peer:
                while peer.recv(65536):
                    pass

    run(main())


# aiohttp's server


async def echo(request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
    response = aiohttp.web.WebSocketResponse(protocols=["chat"])
    await response.prepare(request)
    async for message in response:
        if message.type == aiohttp.WSMsgType.TEXT:
            await response.send_str(message.data)
        else:
            await response.send_bytes(message.data)
    return response


@contextlib.asynccontextmanager
async def serving_aiohttp() -> Any:
    """Echoes at /, redirects from /old to it, and knows nothing else."""
    application = aiohttp.web.Application()

    async def moved(_: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        raise aiohttp.web.HTTPPermanentRedirect("/")

    application.router.add_get("/", echo)
    application.router.add_get("/old", moved)
    runner = aiohttp.web.AppRunner(application)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("compression", ["deflate", None])
@pytest.mark.parametrize("path", ["/", "/old"])
def test_messages_are_exchanged_with_aiohttp(path: str, compression: str | None) -> None:
    async def main() -> None:
        async with (
            serving_aiohttp() as server,
            connect(
                server + path, subprotocols=["chat"], compression=compression, compress_from=0
            ) as connection,
        ):
            assert connection.subprotocol == "chat"
            assert (connection.deflate is not None) == (compression is not None)
            for message in ("Grüße", b"x" * 300_000, "y" * 300_000, ""):
                await connection.send(message)
                assert await connection.recv() == message
        assert connection.close_code == 1000

    run(main())


def test_a_refusal_of_aiohttp_has_its_body() -> None:
    async def main() -> None:
        async with serving_aiohttp() as server:
            with pytest.raises(InvalidStatus) as caught:
                await connect(f"{server}/nowhere")
        assert caught.value.response.status_code == 404
        assert caught.value.response.body == b"404: Not Found"

    run(main())


def test_it_runs_with_uvloop(certificates: Path, pproxy: int) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        async with serving() as port:
            async with connect(f"ws://localhost:{port}/") as connection:
                await connection.send("hello")
                assert await connection.recv() == "hello"
        async with serving(ssl=context(certificates)) as port:
            for proxy in ("http", "socks5h"):
                await through_proxy(
                    f"wss://localhost:{port}/",
                    ssl=trusting(certificates),
                    proxy=f"{proxy}://127.0.0.1:{pproxy}",
                )

    loop = uvloop.new_event_loop()
    try:
        loop.run_until_complete(asyncio.wait_for(main(), PATIENCE))
    finally:
        loop.close()
