"""The whole chat as examples-chat/run starts it: what gets through the proxies."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_server import PATIENCE, ROOT, wait_until

sys.path.insert(0, str(ROOT / "examples-chat"))

from stack.hosts import LOOPBACK, Place  # noqa: E402
from stack.programs import missing  # noqa: E402
from stack.visit import visit  # noqa: E402
from wscodec.sync import connect  # noqa: E402

PROXIES = {"haproxy": {"c-1", "python-1"}, "nginx": {"c-2", "python-2"}}
CLIENT = "127.0.0.2"

pytestmark = pytest.mark.skipif(bool(missing()), reason="; ".join(missing()))


class Run:
    """A running examples-chat/run."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "chat.crt"
        self.lines: list[str] = []
        options = ["--any-ports", "--no-browser", "--verbose", "--folder", str(folder)]
        self.process = subprocess.Popen(
            [sys.executable, "examples-chat/run", *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        wait_until(lambda: self.match("Ctrl-C ends all") is not None, 30)

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(self.process.stdout)

    def match(self, pattern: str) -> re.Match[str] | None:
        return next(filter(None, (re.search(pattern, line) for line in self.lines[:])), None)

    def place(self, proxy: str) -> Place:
        found = self.match(rf"https://127\.0\.0\.1:(\d+)/ +{proxy},")
        assert found
        return Place(LOOPBACK, int(found[1]))

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def status(self, proxy: str, path: str) -> int:
        context = self.context()
        connection = http.client.HTTPSConnection(*self.place(proxy).address, context=context)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(3 * PATIENCE)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("run"))
    yield run
    run.end()


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_client_talks_through_each_proxy(run: Run, proxy: str) -> None:
    servers = {visit(run.place(proxy), run.certificate, "hello") for _ in range(4)}
    assert servers <= PROXIES[proxy]


@pytest.mark.parametrize("proxy", PROXIES)
def test_connections_are_spread_over_the_servers(run: Run, proxy: str) -> None:
    url = f"wss://{run.place(proxy)}/chat"
    options: dict[str, Any] = {
        "ssl": run.context(),
        "subprotocols": ["wscodec-chat"],
        "proxy": None,
    }
    with connect(url, **options), connect(url, **options):
        servers = {visit(run.place(proxy), run.certificate, "hello") for _ in range(4)}
    assert servers == PROXIES[proxy]


@pytest.mark.parametrize("proxy", PROXIES)
def test_the_page_and_the_health_are_for_the_world_and_the_figures_are_not(
    run: Run, proxy: str
) -> None:
    statuses = [run.status(proxy, path) for path in ("/", "/health", "/metrics", "/chat")]
    assert statuses == [200, 200, 404, 426]


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_server_knows_the_address_of_the_client_whatever_the_client_claims(
    run: Run, proxy: str
) -> None:
    place = run.place(proxy)
    claim = {"X-Forwarded-For": "192.0.2.1"}
    with socket.create_connection(place.address, PATIENCE, (CLIENT, 0)) as tcp:
        with connect(
            f"wss://{place}/chat?{proxy}",
            sock=tcp,
            ssl=run.context(),
            subprotocols=["wscodec-chat"],
            additional_headers=claim,
        ):
            logged = rf"address={CLIENT}:\d+ .*\?{proxy}"
            wait_until(lambda: run.match(logged) is not None)
    assert run.match("192.0.2.1") is None


def test_what_ends_is_started_again_and_an_interrupt_ends_all(tmp_path: Path) -> None:
    run = Run(tmp_path)
    children = f"/proc/{run.process.pid}/task/{run.process.pid}/children"
    pids = [int(pid) for pid in Path(children).read_text().split()]
    server = next(
        pid for pid in pids if b"chat_server" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    subprocess.run(["kill", "-KILL", str(server)], check=True)
    wait_until(lambda: run.match(r"c-\d +\| has ended with -9; starts again") is not None)
    place = run.place("haproxy")
    assert run.end() == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place.address)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
