"""The results: tables, verdicts on the targets, JSON."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bench import Bench, Sample
from server import Group, Server
from targets import IDLE, RATIOS, Case, IdleTarget, Target, verdict


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


def columns(group: Group, cells: Sequence[str] | None = None) -> str:
    """A column of ratios for each peer of a group: the heads, or these cells."""
    heads = [f"   x {peer.removesuffix('-uvloop')}" for peer in group.peers]
    return "".join(f"{cell:>{len(head)}}" for cell, head in zip(cells or heads, heads))


class Report:
    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.results = {key: medians(samples) for key, samples in bench.samples.items()}
        self.groups = list(dict.fromkeys(server.group for server in bench.servers))

    def servers_of(self, group: Group) -> list[Server]:
        return [server for server in self.bench.servers if server.group == group]

    def cpu_ratio(self, name: str, peer: str, case: Case) -> float | None:
        cpu = [
            [sample["cpu_us"] for sample in self.bench.samples.get((who, case), [])]
            for who in (name, peer)
        ]
        return ratio(*cpu)

    def idle_ratio(self, name: str, peer: str) -> float | None:
        idle = self.bench.idle
        return idle[name] / idle[peer] if name in idle and peer in idle else None

    def value_of(self, target: Target) -> float | None:
        if isinstance(target, IdleTarget):
            return self.bench.idle.get(target.server)
        return self.cpu_ratio(target.server, target.peer, target.case)

    # ---- the tables ----

    def print(self) -> None:
        for case in self.bench.options.cases:
            size, depth = case
            print(f"\n{size} B, {depth} in flight on each of {self.bench.options.connections}")
            for group in self.groups:
                self.print_load(group, case)
        if self.bench.idle:
            print("\nidle connections")
            for group in self.groups:
                self.print_idle(group)
        for name, why in self.bench.failed.items():
            print(f"\nnot measured: {name}: {why}")
        print("\ntargets: CPU time per message, divided by the peer's; bytes")
        for target in self.targets():
            print("  {what:<62}{ratio:>8} <= {limit:<6}{verdict}".format(**target))

    def print_load(self, group: Group, case: Case) -> None:
        print(
            f"  {group.title + ': CPU us per message':<40}{'all':>8}{'user':>8}{'spread':>8}"
            f"{'busy':>6}{'messages/s':>12}{'p50 us':>9}{'p99 us':>9}{columns(group)}"
        )
        for server in self.servers_of(group):
            r = self.results.get((server.name, case))
            if r:
                ratios = [shown(self.cpu_ratio(server.name, p, case)) for p in group.peers]
                print(
                    f"    {server.title:<38}{r['cpu_us']:>8.3f}{r['user_us']:>8.3f}"
                    f"{r['spread']:>8.0%}{r['busy']:>6.0%}{r['messages_per_second']:>12.0f}"
                    f"{r['p50_us']:>9.0f}{r['p99_us']:>9.0f}{columns(group, ratios)}"
                )

    def print_idle(self, group: Group) -> None:
        count = self.bench.idle_connections(group)
        print(f"  {f'{group.title}: bytes for each of {count}':<46}{'':>8}{columns(group)}")
        for server in self.servers_of(group):
            each = self.bench.idle.get(server.name)
            if each is not None:
                ratios = [shown(self.idle_ratio(server.name, p)) for p in group.peers]
                print(f"    {server.title:<44}{each:>10.0f}{columns(group, ratios)}")

    def targets(self) -> list[dict[str, Any]]:
        measured = {server.name for server in self.bench.servers}
        targets: list[Target] = [*RATIOS, *IDLE]
        return [
            {
                "what": target.what,
                "ratio": shown(self.value_of(target)),
                "limit": target.must,
                "stretch": target.stretch,
                "verdict": verdict(target, self.value_of(target)),
            }
            for target in targets
            if target.server in measured
        ]

    # ---- JSON ----

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
        group = server.group
        row: dict[str, Any] = {
            "name": server.name,
            "title": server.title,
            "group": group.name,
            "peers": list(group.peers),
        }
        if server.name in self.bench.failed:
            return {**row, "not_measured": self.bench.failed[server.name]}
        row["version"] = server.version()
        if server.name in self.bench.idle:
            row["idle_bytes"] = self.bench.idle[server.name]
            row["idle_connections"] = self.bench.idle_connections(group)
        row["load"] = [
            {
                "size": case[0],
                "depth": case[1],
                **rounded(result),
                "ratios": self.ratios_of(server, case),
            }
            for (name, case), result in self.results.items()
            if name == server.name
        ]
        return row

    def ratios_of(self, server: Server, case: Case) -> dict[str, float]:
        """Of CPU time per message to each peer that was measured too."""
        found = {peer: self.cpu_ratio(server.name, peer, case) for peer in server.group.peers}
        return rounded({peer: value for peer, value in found.items() if value is not None})


def rounded(result: dict[str, float]) -> dict[str, float]:
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
