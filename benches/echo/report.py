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
from cases import IDLE_KINDS, PLAIN, Case
from server import Group, Server
from targets import IDLE, RATIOS, IdleTarget, Target, verdict


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

    def idle_ratio(self, name: str, peer: str, kind: str) -> float | None:
        ours, theirs = (self.bench.idle.get((who, kind)) for who in (name, peer))
        return ours / theirs if ours and theirs else None

    def value_of(self, target: Target) -> float | None:
        if isinstance(target, IdleTarget):
            return self.bench.idle.get((target.server, PLAIN))
        return self.cpu_ratio(target.server, target.peer, target.case)

    # ---- the tables ----

    def print(self) -> None:
        for case in self.bench.options.cases:
            print(f"\n{case.title}")
            for group in self.groups:
                self.print_load(group, case)
        for kind, meaning in IDLE_KINDS.items():
            if any(measured == kind for _, measured in self.bench.idle):
                print(f"\nidle connections {meaning}")
                for group in self.groups:
                    self.print_idle(group, kind)
        for name, why in self.bench.failed.items():
            print(f"\nnot measured: {name}: {why}")
        print("\ntargets: CPU time per message, divided by the peer's; bytes")
        print("(size x messages in flight x connections)")
        for target in self.targets():
            print("  {what:<62}{ratio:>8} <= {limit:<6}{verdict}".format(**target))

    def print_load(self, group: Group, case: Case) -> None:
        rows = [
            (server, self.results[server.name, case])
            for server in self.servers_of(group)
            if (server.name, case) in self.results
        ]
        if not rows:
            return
        print(
            f"  {group.title + ': CPU us per message':<44}{'user':>7}{'spread':>8}{'busy':>6}"
            f"{'messages/s':>12}{'p50 us':>9}{'p99 us':>9}{'p99.9 us':>9}{columns(group)}"
        )
        for server, r in rows:
            ratios = [shown(self.cpu_ratio(server.name, p, case)) for p in group.peers]
            print(
                f"    {server.title:<30}{r['cpu_us']:>12.3f}{r['user_us']:>7.3f}"
                f"{r['spread']:>8.0%}{r['busy']:>6.0%}{r['messages_per_second']:>12.0f}"
                f"{r['p50_us']:>9.0f}{r['p99_us']:>9.0f}{r['p999_us']:>9.0f}"
                f"{columns(group, ratios)}"
            )

    def print_idle(self, group: Group, kind: str) -> None:
        idle = self.bench.idle
        rows = [s for s in self.servers_of(group) if (s.name, kind) in idle]
        if not rows:
            return
        count = self.bench.idle_connections(group, kind)
        print(f"  {f'{group.title}: bytes, {count:,} open':<44}{columns(group)}")
        for server in rows:
            ratios = [shown(self.idle_ratio(server.name, p, kind)) for p in group.peers]
            each = idle[server.name, kind]
            print(f"    {server.title:<30}{each:>12,.0f}{columns(group, ratios)}")

    def targets(self) -> list[dict[str, Any]]:
        measured = {server.name for server in self.bench.servers}
        ratios = [target for target in RATIOS if target.case in self.bench.options.cases]
        targets: list[Target] = [*ratios, *(IDLE if self.bench.options.idle else [])]
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
        row["idle"] = {
            kind: {"connections": self.bench.idle_connections(group, kind), "bytes": each}
            for (name, kind), each in self.bench.idle.items()
            if name == server.name
        }
        row["load"] = [
            {
                **case._asdict(),
                "active": case.active,
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
        "kernel": platform.release().partition("-")[0],
        "load_average": os.getloadavg()[0],
    }
