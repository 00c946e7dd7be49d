"""All clients, in several processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from stack.stack import environment

WORKER = Path(__file__).with_name("worker.py")


class Crowd:
    def __init__(
        self,
        clients: int,
        rooms: int,
        urls: list[str],
        certificate: Path | None,
        processes: int,
    ) -> None:
        self._workers = []
        for index in range(processes):
            numbers = list(range(index, clients, processes))
            plan = {"numbers": numbers, "rooms": rooms, "urls": urls}
            plan["certificate"] = str(certificate) if certificate else None
            worker = subprocess.Popen(
                [sys.executable, str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment(),
            )
            self._workers.append(worker)
            self._order(worker, plan)

    def do(self, phase: str, **arguments: Any) -> None:
        """Lets all processes go through a phase, and waits for them."""
        start = time.monotonic()
        for worker in self._workers:
            self._order(worker, {phase: arguments})
        self._finish(phase)
        print(f"{phase}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)

    def _finish(self, phase: str) -> None:
        for worker in self._workers:
            assert worker.stdout is not None
            line = worker.stdout.readline().strip()
            if line != phase:
                raise RuntimeError(f"a process of clients says {line!r}, not {phase!r}")

    def results(self, folder: Path) -> list[dict[str, Any]]:
        """Ends the clients. Returns what each process has met."""
        paths = [folder / f"worker-{index}.json" for index in range(len(self._workers))]
        for worker, path in zip(self._workers, paths):
            self._order(worker, {"write": {"path": str(path)}})
        self._finish("write")
        return [json.loads(path.read_text()) for path in paths]

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait()

    def _order(self, worker: subprocess.Popen[str], order: dict[str, Any]) -> None:
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(order) + "\n")
        worker.stdin.flush()
