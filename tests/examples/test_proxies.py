"""The configurations of nginx and HAProxy in docs/guide.md, with a real client in front of them
and the C echo server behind them."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, cast

import guide
import needs
import pytest
from echo_checks import PATIENCE, PLAIN_ANSWER, PLAIN_REQUEST, Server
from ports import free_port
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

pytestmark = needs.program("examples-c/echo_server")

SECTION = "behind-a-proxy"
PROXIES = ("nginx", "haproxy")


NGINX_FILES = "access_log off;\n" + "".join(
    f"{kind}_temp_path {kind};\n"
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
)
"""Directives that keep its files in the folder of the test."""


def command_of(proxy: str) -> str:
    """Debian has both in /usr/sbin, which a user's PATH may lack."""
    found = shutil.which(proxy) or shutil.which(proxy, path="/usr/sbin")
    assert found, f"{proxy} is not installed: run make test-tools"
    return found


class Proxy:
    """A proxy whose configuration is that of the guide, with other ports and changes."""

    def __init__(
        self, name: str, server_port: int, folder: Path, *changes: tuple[str, str]
    ) -> None:
        self.port = free_port()
        ports = ("127.0.0.1:8080", f"127.0.0.1:{server_port}")
        text = guide.blocks(SECTION, name)
        for old, new in (ports, ("127.0.0.1:8000", f"127.0.0.1:{self.port}"), *changes):
            assert old in text
            text = text.replace(old, new)
        path = folder / f"{name}.conf"
        if name == "nginx":
            text = text.replace("http {", f"http {{\n{NGINX_FILES}")
            text = f"daemon off;\npid pid;\nevents {{}}\n{text}"
            options = ["-e", "stderr", "-p", str(folder), "-c", str(path)]
        else:
            options = ["-db", "-f", str(path)]
        path.write_text(text)
        self.process = subprocess.Popen([command_of(name), *options])
        self.wait_until_it_listens()

    def wait_until_it_listens(self) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            assert self.process.poll() is None, "the proxy has ended"
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            assert time.monotonic() < end
            time.sleep(0.05)

    def client(self, **options: Any) -> ClientConnection:
        options = {"proxy": None, "max_size": None, "ping_interval": None, **options}
        connection = connect(f"ws://127.0.0.1:{self.port}/chat", **options)
        return cast(ClientConnection, connection)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


Start = Callable[..., Proxy]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a proxy with a server behind it."""
    with contextlib.ExitStack() as stack:

        def start(name: str, *changes: tuple[str, str], options: tuple[str, ...] = ()) -> Proxy:
            server = Server(("examples-c/echo_server",), *options)
            stack.callback(server.stop)
            proxy = Proxy(name, server.port, tmp_path, *changes)
            stack.callback(proxy.stop)
            return proxy

        yield start


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("compression", ["deflate", None])
def test_messages(start: Start, name: str, compression: str | None) -> None:
    proxy = start(name)
    chat = [Subprotocol("chat")]
    with proxy.client(compression=compression, subprotocols=chat) as client:
        assert client.subprotocol == "chat"
        assert client.response
        agreed = "Sec-WebSocket-Extensions" in client.response.headers
        assert agreed == (compression is not None)
        for message in ("Hellö", b"", "x" * 100_000, bytes(range(256)) * 4096):
            client.send(message)
            assert client.recv(PATIENCE) == message
        assert client.ping("payload").wait(PATIENCE)


@pytest.mark.parametrize("name", PROXIES)
def test_close_codes(start: Start, name: str) -> None:
    proxy = start(name)
    with proxy.client() as client:
        client.close(4321, "bye")
        assert client.close_code == 4321
        assert client.protocol.close_rcvd and client.protocol.close_rcvd.code == 4321
    with proxy.client() as client, pytest.raises(ConnectionClosedError):
        client.send([b"\xff"], text=True)
        client.recv(PATIENCE)
    assert client.close_code == 1007


@pytest.mark.parametrize("name", PROXIES)
def test_a_server_that_stops(tmp_path: Path, name: str) -> None:
    server = Server(("examples-c/echo_server",))
    proxy = Proxy(name, server.port, tmp_path)
    try:
        with proxy.client() as client:
            assert server.stop() == 0
            with pytest.raises(ConnectionClosedOK):
                client.recv(PATIENCE)
            assert client.close_code == 1001
        with pytest.raises(InvalidStatus) as caught:
            proxy.client()
        assert caught.value.response.status_code in (502, 503)
    finally:
        proxy.stop()


LIMIT = {"nginx": "proxy_read_timeout", "haproxy": "timeout tunnel"}


@pytest.mark.parametrize("name", PROXIES)
def test_silence_longer_than_the_time_limit(start: Start, name: str) -> None:
    shorter = (f"{LIMIT[name]} 60s", f"{LIMIT[name]} 2s")
    proxy = start(name, shorter, options=("--ping-interval", "0"))
    started = time.monotonic()
    with proxy.client() as client, pytest.raises(ConnectionClosedError):
        client.recv(PATIENCE)
    assert 1.5 < time.monotonic() - started < 6
    assert client.close_code == 1006


@pytest.mark.parametrize("name", PROXIES)
def test_pings_keep_the_connection(start: Start, name: str) -> None:
    shorter = (f"{LIMIT[name]} 60s", f"{LIMIT[name]} 4s")
    proxy = start(name, shorter, options=("--ping-interval", "1"))
    with proxy.client() as client:
        with pytest.raises(TimeoutError):
            client.recv(6)
        client.send("still here")
        assert client.recv(PATIENCE) == "still here"


@pytest.mark.parametrize("name", PROXIES)
def test_the_address_of_the_client(tmp_path: Path, name: str) -> None:
    """It replaces an X-Forwarded-For that the client made up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        changes = [("check\n", "\n")] if name == "haproxy" else []
        proxy = Proxy(name, listener.getsockname()[1], tmp_path, *changes)
        try:
            with socket.create_connection(("127.0.0.1", proxy.port), PATIENCE) as client:
                forged = b"\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
                client.sendall(PLAIN_REQUEST.replace(b"\r\n\r\n", forged))
                backend, _ = listener.accept()
                with backend:
                    head = b""
                    while b"\r\n\r\n" not in head:
                        head += backend.recv(4096)
                    backend.sendall(PLAIN_ANSWER)
                    assert client.recv(4096).startswith(b"HTTP/1.1 101 ")
        finally:
            proxy.stop()
    found = re.findall(r"^x-forwarded-for: (.*)\r$", head.decode(), re.I | re.M)
    assert found == ["127.0.0.1"]
    assert re.search(r"^host: server\.example\.com\r$", head.decode(), re.I | re.M)
    assert re.search(r"^origin: http://example\.com\r$", head.decode(), re.I | re.M)


def test_nginx_without_the_upgrade(start: Start) -> None:
    """The server sees an ordinary request, and its response reaches the client."""
    proxy = start("nginx", ("proxy_set_header Upgrade $http_upgrade;", ""))
    with pytest.raises(InvalidStatus) as caught:
        proxy.client()
    assert caught.value.response.status_code == 426


def test_nginx_that_reloads_its_configuration(start: Start) -> None:
    proxy = start("nginx")
    with proxy.client() as client:
        proxy.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        client.send("old worker")
        assert client.recv(PATIENCE) == "old worker"
        with proxy.client() as other:
            other.send("new worker")
            assert other.recv(PATIENCE) == "new worker"
