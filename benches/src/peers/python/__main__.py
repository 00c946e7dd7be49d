"""Reads a measurement, e.g. "batch 20": its name, and the bytes of a payload. Prints the
nanoseconds of CPU time that each side needs for a frame, as JSON.

All sides must return the same for a read of some masked binary frames. They are timed in turns.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "python"))

import decode
import echo
import wscodec

ROUNDS = 31
SAMPLE = 3_000_000  # nanoseconds

Side = Callable[[bytes], Any]


class Measurement(NamedTuple):
    frames: int  # in a read
    sides: Mapping[str, Callable[[], Side]]
    floor: Callable[[], Side]


MEASUREMENTS = {
    "batch": Measurement(64, decode.BATCH, decode.slices),
    "single": Measurement(64, decode.SINGLE, decode.slices),
    "echo": Measurement(1, echo.ECHO, echo.slices),
    "echo-16": Measurement(16, echo.ECHO, echo.slices),
}


def read_of(frames: int, size: int) -> bytes:
    payload = bytes(i * 7 & 255 for i in range(size))
    key = bytes.fromhex("37fa213d")
    return frames * wscodec.frame_encode(wscodec.Opcode.BINARY, payload, mask_key=key)


def timed(side: Side, data: bytes, calls: int) -> int:
    start = time.process_time_ns()
    for _ in range(calls):
        side(data)
    return time.process_time_ns() - start


def calls_for(side: Side, data: bytes) -> int:
    calls = 1
    while timed(side, data, calls) < SAMPLE / 2:
        calls *= 2
    return calls


def check(sides: Mapping[str, Side], data: bytes) -> None:
    """A side that does nothing, or something else, must not win."""
    outputs = {name: side(data) for name, side in sides.items()}
    expected = next(iter(outputs.values()))
    for name, output in outputs.items():
        if not output or output != expected:
            raise SystemExit(f"Error: {name} returns something else")


def main() -> None:
    name, size = sys.stdin.read().split()
    frames, makers, floor = MEASUREMENTS[name]
    data = read_of(frames, int(size))
    sides, missing = {}, {}
    for side_name, make in makers.items():
        try:
            sides[side_name] = make()
        except ImportError as error:
            missing[side_name] = str(error)
    check(sides, data)
    sides["slices"] = floor()
    calls = {side_name: calls_for(side, data) for side_name, side in sides.items()}
    times: dict[str, list[float]] = {side_name: [] for side_name in sides}
    for at in range(ROUNDS):
        order = list(sides)
        for side_name in order[at % len(order) :] + order[: at % len(order)]:
            count = calls[side_name]
            spent = timed(sides[side_name], data, count)
            times[side_name].append(spent / count / frames)
    print(json.dumps({"times": times, "missing": missing}))


main()
