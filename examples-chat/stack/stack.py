"""The services, in the order in which they start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from .hosts import Place
from .layout import BEHIND, Layout
from .probes import proxy_has_servers, redis_answers, server_is_healthy
from .programs import C_SERVER, CHAT, ROOT, path_of
from .service import Log, Service

PAGE = CHAT / "page" / "index.html"
PROXY_OPTION = {"haproxy": "--proxy-protocol", "nginx": "--trust-forwarded"}
"""How a server learns the client's address from each proxy."""
Changes = dict[str, str]
"""Texts in the configurations of the proxies, and what replaces them."""


class Stack:
    """All services of the chat. Their files are in a folder, which may be used again."""

    def __init__(
        self,
        folder: Path,
        layout: Layout,
        log: Log,
        *,
        options: tuple[str, ...] = (),
        changes: Changes | None = None,
    ) -> None:
        self.folder, self.layout, self._log = folder.resolve(), layout, log
        self.certificate = self.folder / "chat.crt"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_certificate()
        self.redis = redis_service(layout.redis, self.folder / "redis", log)
        self.servers = {
            name: server_service(name, layout, log, PROXY_OPTION[proxy], *options)
            for proxy, names in BEHIND.items()
            for name in names
        }
        self.proxies = {name: self._proxy(name, changes or {}) for name in BEHIND}

    @property
    def services(self) -> list[Service]:
        return [self.redis, *self.servers.values(), *self.proxies.values()]

    def start(self) -> None:
        """Starts what each service needs before the service."""
        for group in ([self.redis], self.servers.values(), self.proxies.values()):
            for service in group:
                service.start()
            for service in group:
                service.wait_until_ready()

    def stop(self) -> None:
        """The servers first, so that they can say goodbye through the proxies."""
        for group in (self.servers.values(), self.proxies.values(), [self.redis]):
            for service in group:
                service.signal(signal.SIGTERM)
            for service in group:
                service.wait_or_kill()

    def reload(self, proxy: str) -> None:
        """Lets a proxy read its configuration again: new processes take the new connections."""
        reload = {"haproxy": signal.SIGUSR2, "nginx": signal.SIGHUP}
        self.proxies[proxy].signal(reload[proxy])

    def url(self, proxy: str) -> str:
        return f"https://{self.layout.proxy(proxy)}/"

    def _make_certificate(self) -> None:
        name = f"IP:{self.layout.proxies_on.address}"
        script = CHAT / "tls" / "make-certificate"
        subprocess.run([str(script), str(self.folder), name], check=True)

    def _proxy(self, name: str, changes: Changes) -> Service:
        source = CHAT / name / {"haproxy": "haproxy.cfg", "nginx": "nginx.conf"}[name]
        text = self.layout.moved(name, source.read_text())
        for old, new in changes.items():
            text = text.replace(old, new)
        path = self.folder / source.name
        path.write_text(text)
        options = {
            "haproxy": ["-W", "-db", "-f", str(path)],
            "nginx": ["-e", "stderr", "-p", str(self.folder), "-c", str(path)],
        }
        return Service(
            name,
            [path_of(name), *options[name]],
            partial(proxy_has_servers, self.layout.proxy(name), self.certificate),
            self._log,
            host=self.layout.proxies_on,
            folder=self.folder,
        )


def redis_service(place: Place, folder: Path, log: Log) -> Service:
    """A Redis that keeps what it has acknowledged, unless the machine loses power."""
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "--bind": place.host.address,
        "--port": str(place.port),
        "--protected-mode": "no",
        "--dir": str(folder),
        "--loglevel": "warning",
        "--save": "",
        "--appendonly": "yes",
        "--appendfsync": "everysec",
    }
    command = [path_of("redis-server"), *(word for pair in options.items() for word in pair)]
    return Service(
        "redis", command, partial(redis_answers, place), log, host=place.host, folder=folder
    )


def server_service(name: str, layout: Layout, log: Log, *options: str) -> Service:
    """A server of the chat: in C or in Python, as its name starts."""
    place = layout.server(name)
    usual = ["--name", name, "--listen", str(place), "--redis", str(layout.redis)]
    probe = partial(server_is_healthy, place, proxied="--proxy-protocol" in options)
    return Service(
        name,
        [*_program(name), *usual, "--page", str(PAGE), *options],
        probe,
        log,
        host=place.host,
        env=environment(),
    )


def _program(name: str) -> list[str]:
    return [str(C_SERVER)] if name.startswith("c-") else [sys.executable, str(CHAT / "python")]


def environment() -> dict[str, str]:
    """That of a checkout in which the library was built; without it, the installed package."""
    library = ROOT / "target" / "lib" / "libwscodec.so"
    if not library.exists():
        return dict(os.environ)
    return {"WSCODEC_LIBRARY": str(library), "PYTHONPATH": str(ROOT / "python"), **os.environ}
