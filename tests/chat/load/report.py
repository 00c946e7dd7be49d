"""The figures of a load, as JSON and as a table."""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from pathlib import Path
from typing import Any

from faults import Fault

BEFORE, AFTER = 0.5, 3.0
"""Seconds around a fault that count as part of it: what was on its way, and who comes back."""


def machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if "model name" in line), "?")
    return {
        "load_average": os.getloadavg()[1],
        "date": time.strftime("%Y-%m-%d"),
        "processor": model,
        "processors": os.cpu_count(),
        "kernel": platform.release().partition("-")[0],
        "python": platform.python_version(),
    }


def total(results: list[dict[str, Any]], name: str) -> dict[str, int]:
    counter: Counter[str] = Counter()
    for result in results:
        counter.update(result[name])
    return dict(sorted(counter.items()))


def latencies(results: list[dict[str, Any]], faults: list[Fault]) -> dict[str, Any]:
    """In ms: of what was said while nothing was wrong, and during each fault."""
    values: dict[str, list[float]] = {name: [] for name in ("quiet", *(f.what for f in faults))}
    for result in results:
        for said_at, latency in zip(result["said_at"], result["latencies"]):
            values[_fault_at(said_at, faults)].append(1000 * latency)
    return {name: _summary(all) for name, all in values.items() if all}


def _fault_at(time: float, faults: list[Fault]) -> str:
    during = [f.what for f in faults if f.start - BEFORE <= time <= f.end + AFTER]
    return during[-1] if during else "quiet"


def _summary(values: list[float]) -> dict[str, float]:
    values.sort()

    def at(share: float) -> float:
        return round(values[min(len(values) - 1, int(share * len(values)))], 1)

    return {"deliveries": len(values), "p50": at(0.5), "p99": at(0.99), "max": at(1)}


def table(report: dict[str, Any]) -> str:
    verdict, plan = report["verdict"], report["plan"]
    rows = [
        ("clients, rooms", f"{plan['clients']:,}, {plan['rooms']}"),
        ("messages said", f"{verdict['said']:,}"),
        ("deliveries", f"{verdict['delivered']:,} of {verdict['expected']:,}"),
        ("missing", verdict["missing"]),
        ("duplicates", verdict["duplicates"]),
        ("out of order", verdict["out_of_order"]),
        ("reconnects", f"{report['reconnects']:,}"),
        ("close codes seen", _counts(report["closed"])),
        ("failed to connect", _counts(report["failed"])),
        ("refused", _counts(report["refused"])),
    ]
    for name, summary in report["latency_ms"].items():
        text = f"{summary['p50']:,} ms, {summary['p99']:,} ms"
        rows.append((f"latency p50, p99: {name}", text))
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(["| | |", "|---|---|", *lines])


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in counts.items()) or "none"
