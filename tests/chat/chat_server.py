"""A process of the chat."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 10


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: bytes


class ChatServer:
    """Started with a command and options; its log goes to `log`."""

    def __init__(
        self,
        command: tuple[str, ...],
        *options: str,
        log: IO[str] | None = None,
        password: str | None = None,
    ) -> None:
        env = {**os.environ, "REDIS_PASSWORD": password} if password else os.environ
        self.process = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0", *options],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline().strip()
        assert line.startswith("listening on http://127.0.0.1:"), line
        self.port = int(line.rsplit(":", 1)[1])

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/chat"

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None
    ) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Response(response.status, fields, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Response:
        return self.request("GET", path)

    def metrics(self) -> dict[str, float]:
        """Each sample by its name and labels, e.g. 'chat_close_sent_total{code="1001"}'."""
        samples = {}
        for family in text_string_to_metric_families(self.get("/metrics").body.decode()):
            assert family.documentation, family.name
            assert family.type in ("counter", "gauge"), family.name
            for sample in family.samples:
                labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
                name = sample.name + (f"{{{labels}}}" if labels else "")
                assert name not in samples, name
                samples[name] = sample.value
        return samples

    def metric(self, name: str) -> float:
        return self.metrics()[name]

    def wait_for_redis(self) -> None:
        wait_until(lambda: self.metric("chat_redis_up") == 1)

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = PATIENCE) -> int:
        return self.process.wait(seconds)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
