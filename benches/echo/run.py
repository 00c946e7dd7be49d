#!/usr/bin/env python3
"""Measures echo servers on the loopback: CPU time of the server's process for each message,
latency, and resident memory for each idle connection.

Each server has one CPU core and the load generator another. All servers run all the time,
and take turns: what disturbs the machine for a while disturbs all of them. Every figure is
the median of several rounds. CPU time holds what the kernel does for the server's system
calls, which is most of it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from servers import OUT, ROOT, Server, Unavailable, all_servers, build

RESULTS = ROOT / "benches" / "results" / "echo.json"
LOADGEN = str(OUT / "loadgen")
START_SECONDS = 20
PEERS = ("uws", "tungstenite")  # the denominators of the ratios

# CPU time per message: ours, at (size, depth), is to be at most so many times the peer's.
TARGETS = [
    (20, 16, "uws", 1.15),
    (1024, 16, "uws", 1.15),
    (20, 16, "tungstenite", 0.10),
    (1024, 16, "tungstenite", 0.10),
    (20, 1, "uws", 1.05),
    (1024, 1, "uws", 1.05),
]

Sample = dict[str, float]
Case = tuple[int, int]  # size and depth


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# ---- running ----


class Running:
    """A server's process, pinned to its core, and the port it listens on."""

    def __init__(self, server: Server, cpu: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        log = OUT / "logs" / f"{server.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as output:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(cpu), *server.command, str(self.port)],
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
        self.idle: dict[str, float] = {}

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

    def measure_load(self) -> None:
        running: dict[str, Running] = {}
        try:
            for server in self.available():
                with self.excusing(server):
                    running[server.name] = Running(server, self.options.server_cpu)
            for number in range(self.options.rounds):
                self.round(number, running)
        finally:
            for process in running.values():
                process.stop()

    def round(self, number: int, running: dict[str, Running]) -> None:
        """Every second round is in reverse order, so that no server is always first."""
        step = -1 if number % 2 else 1
        for case in self.options.cases:
            size, depth = case
            progress(f"round {number + 1}/{self.options.rounds}: {size} B, depth {depth}")
            for server in self.available()[::step]:
                with self.excusing(server):
                    sample = self.sample(running[server.name], case)
                    self.samples.setdefault((server.name, case), []).append(sample)

    def sample(self, running: Running, case: Case) -> Sample:
        options = self.options
        report = generate(
            running,
            options.client_cpu,
            *("--connections", str(options.connections)),
            *("--size", str(case[0]), "--depth", str(case[1])),
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
        }

    def measure_idle(self) -> None:
        """Each in a fresh process, since a used heap would hide allocations."""
        for server in self.available() if self.options.idle else []:
            progress(f"{server.name}: {self.options.idle} idle connections")
            with self.excusing(server):
                running = Running(server, self.options.server_cpu)
                try:
                    count = str(self.options.idle)
                    report = generate(running, self.options.client_cpu, "--idle", count)
                    self.idle[server.name] = report["bytes_each"]
                finally:
                    running.stop()


# ---- the report ----


def medians(samples: list[Sample]) -> Sample:
    result = {key: statistics.median(s[key] for s in samples) for key in samples[0]}
    cpu = [sample["cpu_us"] for sample in samples]
    result["spread"] = (max(cpu) - min(cpu)) / result["cpu_us"]
    return result


def ratio(ours: list[float], theirs: list[float]) -> float | None:
    """The median of the ratios of all rounds: within a round, both had the same conditions."""
    pairs = list(zip(ours, theirs))
    return statistics.median(a / b for a, b in pairs) if pairs else None


def shown(number: float | None) -> str:
    if number is None:
        return "-"
    return f"{number:.3f}" if number < 10 else f"{number:.1f}"


class Report:
    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.results = {key: medians(samples) for key, samples in bench.samples.items()}

    def cpu_ratio(self, name: str, peer: str, case: Case) -> float | None:
        cpu = [
            [sample["cpu_us"] for sample in self.bench.samples.get((who, case), [])]
            for who in (name, peer)
        ]
        return ratio(*cpu)

    def idle_ratio(self, name: str, peer: str) -> float | None:
        idle = self.bench.idle
        return idle[name] / idle[peer] if name in idle and peer in idle else None

    def print(self) -> None:
        for case in self.bench.options.cases:
            self.print_case(case)
        if self.bench.idle:
            self.print_idle()
        for name, why in self.bench.failed.items():
            print(f"\nnot measured: {name}: {why}")
        print("\ntargets: CPU time per message")
        for target in self.targets():
            print("  {what:<46} {ratio:>6} <= {limit:<5} {verdict}".format(**target))

    def print_case(self, case: Case) -> None:
        size, depth = case
        print(f"\n{size} B, {depth} in flight on each of {self.bench.options.connections}")
        print(
            f"  {'CPU us per message':<30}{'all':>8}{'user':>8}{'spread':>8}{'busy':>6}"
            f"{'messages/s':>12}{'p50 us':>9}{'p99 us':>9}{'x uws':>8}{'x tung.':>8}"
        )
        for server in self.bench.servers:
            r = self.results.get((server.name, case))
            if r:
                ratios = [shown(self.cpu_ratio(server.name, peer, case)) for peer in PEERS]
                print(
                    f"  {server.title:<30}{r['cpu_us']:>8.3f}{r['user_us']:>8.3f}"
                    f"{r['spread']:>8.0%}{r['busy']:>6.0%}{r['messages_per_second']:>12.0f}"
                    f"{r['p50_us']:>9.0f}{r['p99_us']:>9.0f}{ratios[0]:>8}{ratios[1]:>8}"
                )

    def print_idle(self) -> None:
        idle = self.bench.idle
        print(f"\nbytes for each of {self.bench.options.idle} idle connections")
        for server in self.bench.servers:
            each = idle.get(server.name)
            if each is not None:
                ratios = [shown(self.idle_ratio(server.name, peer)) for peer in PEERS]
                print(f"  {server.title:<30}{each:>10.0f}{ratios[0]:>8}{ratios[1]:>8}")

    def targets(self) -> list[dict[str, Any]]:
        rows = []
        for size, depth, peer, limit in TARGETS:
            value = self.cpu_ratio("wscodec", peer, (size, depth))
            verdict = "not measured"
            if value is not None:
                verdict = "ok" if value <= limit else "SHORT"
            rows.append(
                {
                    "what": f"{size} B, depth {depth}, to {peer}",
                    "ratio": shown(value),
                    "limit": limit,
                    "verdict": verdict,
                }
            )
        return rows

    def as_json(self) -> dict[str, Any]:
        options = self.bench.options
        return {
            "date": date.today().isoformat(),
            "machine": machine(),
            "connections": options.connections,
            "seconds": options.seconds,
            "rounds": options.rounds,
            "idle_connections": options.idle,
            "servers": [self.server_as_json(server) for server in self.bench.servers],
            "targets": self.targets(),
        }

    def server_as_json(self, server: Server) -> dict[str, Any]:
        row: dict[str, Any] = {"name": server.name, "title": server.title}
        if server.name in self.bench.failed:
            return {**row, "not_measured": self.bench.failed[server.name]}
        row["version"] = server.version()
        if server.name in self.bench.idle:
            row["idle_bytes"] = self.bench.idle[server.name]
        row["load"] = [
            {"size": case[0], "depth": case[1], **rounded(result)}
            for (name, case), result in self.results.items()
            if name == server.name
        ]
        return row


def rounded(result: Sample) -> Sample:
    return {key: float(f"{value:.4g}") for key, value in result.items()}


def machine() -> dict[str, Any]:
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load_average": os.getloadavg()[0],
    }


# ---- the command line ----


def number_list(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def read_options(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--servers", default=",".join(names), help="names, with commas: %(default)s")
    add("--sizes", default="20,1024,65536", type=number_list, help="bytes (%(default)s)")
    add("--depths", default="1,16", type=number_list, help="messages in flight per connection (%(default)s)")
    add("--connections", default=64, type=int, help="busy connections (%(default)s)")
    add("--seconds", default=1.0, type=float, help="of each measurement (%(default)s)")
    add("--messages", default=10**9, type=int, help="ends a measurement earlier")
    add("--warmup", default=0.3, type=float, help="seconds before each measurement (%(default)s)")
    add("--rounds", default=5, type=int, help="over all servers (%(default)s)")
    add("--burst", action="store_true", help="send again when all echoes have arrived")
    add("--idle", default=10000, type=int, help="idle connections; 0: none (%(default)s)")
    add("--server-cpu", default=0, type=int, help="CPU of the server (%(default)s)")
    add("--client-cpu", default=1, type=int, help="CPU of the client (%(default)s)")
    add(
        "--json",
        nargs="?",
        const=RESULTS,
        type=Path,
        help="write to FILE, or else to " + str(RESULTS.relative_to(ROOT)),
        metavar="FILE",
    )
    options = parser.parse_args()
    options.servers = options.servers.split(",")
    unknown = set(options.servers) - set(names)
    if unknown:
        parser.error(f"no such server: {', '.join(sorted(unknown))}")
    options.cases = [(size, depth) for depth in options.depths for size in options.sizes]
    return options


def raise_descriptor_limit(connections: int) -> None:
    """Servers inherit the limit. Not the maximum, since some allocate a table of that length."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + 256
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def main() -> None:
    servers = all_servers()
    options = read_options([server.name for server in servers])
    raise_descriptor_limit(max(options.idle, options.connections))
    build("loadgen")
    bench = Bench(options, [server for server in servers if server.name in options.servers])
    bench.build()
    bench.measure_idle()
    bench.measure_load()
    report = Report(bench)
    report.print()
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report.as_json(), indent=1) + "\n")
        progress(f"wrote {options.json}")


if __name__ == "__main__":
    main()
