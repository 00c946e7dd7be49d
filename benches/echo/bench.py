"""Starts servers, measures them in turns, and keeps what was measured."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from cases import IDLE_KINDS, PLAIN, Case, idle_count
from server import OUT, ROOT, Group, Server, Unavailable, build

LOADGEN = str(OUT / "loadgen")
START_SECONDS = 20

Sample = dict[str, float]


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Running:
    """A server's process, pinned to its cores, and the port it listens on."""

    def __init__(self, server: Server, command: list[str], cpus: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        log = OUT / "logs" / f"{server.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as output:
            self.process = subprocess.Popen(
                ["taskset", "-c", cpus, *command, str(self.port)],
                env={**os.environ, **server.environment},
                stdout=output,
                stderr=output,
            )
        try:
            self.wait_until_it_listens()
        except Unavailable as error:
            self.stop()
            raise Unavailable(f"{error}, see {log.relative_to(ROOT)}") from None

    def wait_until_it_listens(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Unavailable("does not start")
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            time.sleep(0.05)
        raise Unavailable("does not listen")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def generate(running: Running, cpu: int, *options: str) -> dict[str, Any]:
    """The result of the load generator for this server."""
    who = ["--port", str(running.port), "--pid", str(running.process.pid)]
    done = subprocess.run(
        ["taskset", "-c", str(cpu), LOADGEN, *who, *options], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise Unavailable(done.stderr.strip() or f"loadgen ended with {done.returncode}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


class Bench:
    """All measurements of one run; `failed` has the reasons of those who are not in it."""

    def __init__(self, options: argparse.Namespace, servers: list[Server]) -> None:
        self.options = options
        self.servers = servers
        self.failed: dict[str, str] = {}
        self.samples: dict[tuple[str, Case], list[Sample]] = {}
        self.idle: dict[tuple[str, str], float] = {}  # by name and kind

    @contextlib.contextmanager
    def excusing(self, server: Server) -> Iterator[None]:
        """A server that fails is left out from then on."""
        try:
            yield
        except Unavailable as error:
            progress(f"{server.name}: {error}")
            self.failed[server.name] = str(error)

    def available(self) -> list[Server]:
        return [server for server in self.servers if server.name not in self.failed]

    def build(self) -> None:
        for server in self.servers:
            if server.target:
                progress(f"building {server.name}")
                with self.excusing(server):
                    build(server.target)

    def start(self, server: Server, command: list[str]) -> Running:
        cpus = [self.options.server_cpu, self.options.client_cpu][: server.group.cores]
        return Running(server, command, ",".join(map(str, cpus)))

    def measure_load(self) -> None:
        running: dict[str, Running] = {}
        try:
            for server in self.available():
                with self.excusing(server):
                    running[server.name] = self.start(server, server.command)
            for number in range(self.options.rounds):
                self.round(number, running)
        finally:
            for process in running.values():
                process.stop()

    def round(self, number: int, running: dict[str, Running]) -> None:
        """Every second round is in reverse order, so that no server is always first."""
        step = -1 if number % 2 else 1
        for case in self.options.cases:
            progress(f"round {number + 1}/{self.options.rounds}: {case.title}")
            for server in self.available()[::step]:
                if case.connections > server.group.most_open:
                    continue
                with self.excusing(server):
                    sample = self.sample(running[server.name], case)
                    self.samples.setdefault((server.name, case), []).append(sample)

    def sample(self, running: Running, case: Case) -> Sample:
        options = self.options
        report = generate(
            running,
            options.client_cpu,
            *("--connections", str(case.connections), "--active", str(case.active)),
            *("--size", str(case.size), "--depth", str(case.depth)),
            *("--warmup", str(options.warmup), "--seconds", str(options.seconds)),
            *("--messages", str(options.messages)),
            *(["--burst"] if options.burst else []),
        )
        messages, seconds = max(report["messages"], 1), report["seconds"]
        return {
            "cpu_us": report["cpu_ns"] / messages / 1e3,
            "user_us": report["user_ns"] / messages / 1e3,
            "messages_per_second": messages / seconds,
            "busy": report["cpu_ns"] / seconds / 1e9,
            "p50_us": report["p50_us"],
            "p99_us": report["p99_us"],
            "p999_us": report["p999_us"],
        }

    def idle_connections(self, group: Group, kind: str) -> int:
        return idle_count(kind, min(int(self.options.idle), group.most_idle))

    def measure_idle(self) -> None:
        for server in self.available() if self.options.idle else []:
            commands = {PLAIN: server.command, **server.compressing}
            for kind in IDLE_KINDS:
                if kind in commands:
                    with self.excusing(server):
                        self.hold_idle(server, commands[kind], kind)

    def hold_idle(self, server: Server, command: list[str], kind: str) -> None:
        """In a fresh process, since a used heap would hide allocations."""
        count = self.idle_connections(server.group, kind)
        progress(f"{server.name}: {count} idle connections {IDLE_KINDS[kind]}")
        running = self.start(server, command)
        options = ["--idle", str(count), *([] if kind == PLAIN else ["--deflate"])]
        try:
            report = generate(running, self.options.client_cpu, *options)
            self.idle[server.name, kind] = report["bytes_each"]
        finally:
            running.stop()
