"""A process: its log, and whether it is ready."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from .hosts import LOOPBACK, Host

PATIENCE = 15
"""Seconds within which a process is ready."""


class Log:
    """Lines of many processes, each with the name of its process before it."""

    def __init__(self, to: TextIO = sys.stdout) -> None:
        self._to, self._lock = to, threading.Lock()

    def write(self, name: str, line: str) -> None:
        with self._lock:
            self._to.write(f"{name:<8} | {line.rstrip()}\n")
            self._to.flush()


class Service:
    """A program that can be started again and again."""

    def __init__(
        self,
        name: str,
        command: list[str],
        is_ready: Callable[[], bool],
        log: Log,
        *,
        host: Host = LOOPBACK,
        folder: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self._command, self._is_ready, self._log = name, command, is_ready, log
        self._host, self._folder, self._env = host, folder, env
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        # In a session of its own, so that Ctrl-C in a terminal reaches only the caller.
        self._process = subprocess.Popen(
            self._host.command(self._command),
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        threading.Thread(target=self._copy_log, args=(self._process,), daemon=True).start()

    def _copy_log(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._log.write(self.name, line)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self.returncode is not None:
                raise RuntimeError(f"{self.name} has ended with {self.returncode}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} is not ready after {PATIENCE} s")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return self._is_ready()
        except OSError:
            return False

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs, and before it was started."""
        return None if self._process is None else self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> int:
        assert self._process is not None
        return self._process.wait(seconds)

    def stop(self) -> None:
        self.signal(signal.SIGTERM)
        self.wait_or_kill()

    def wait_or_kill(self, seconds: float = PATIENCE) -> None:
        """Waits for the end of what was told to end; kills it after so long."""
        if self._process is None:
            return
        try:
            self.wait(seconds)
        except subprocess.TimeoutExpired:
            self._log.write(self.name, f"does not end within {seconds} s: killed")
            self.kill()

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait(PATIENCE)
