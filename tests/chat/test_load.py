"""A small load with all faults, and the judgement of it."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chat_server import ROOT

sys.path[:0] = [str(ROOT / "examples-chat"), str(ROOT / "tests" / "chat" / "load")]

from stack.programs import missing  # noqa: E402
from verdict import Verdict, judge  # noqa: E402

LOAD = "--clients 200 --rooms 5 --rate 20 --seconds 18".split()
FAST = "--outage 0.5 --drain-delay 1 --drain-seconds 0.5".split()

ROOMS = {"a": [("1-0", "Ann", 1), ("1-1", "Bob", 1), ("2-0", "Ann", 2)]}
CLIENTS: dict[str, dict[str, Any]] = {
    "Ann": {"room": "a", "seen": ROOMS["a"], "acknowledged": {"1": "1-0", "2": "2-0"}},
    "Bob": {"room": "a", "seen": ROOMS["a"], "acknowledged": {"1": "1-1"}},
}


@pytest.mark.skipif(bool(missing()), reason="; ".join(missing()))
def test_nothing_is_lost_repeated_or_reordered_while_parts_fail(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "tests/chat/load/run.py", *LOAD, *FAST, "--log", str(log)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr + log.read_text()[-5000:]
    assert "| deliveries | 0 " not in done.stdout
    assert "status 50" not in done.stdout, (
        "a proxy has found no server, but one is always there"
    )


def judged(**changes: Any) -> Verdict:
    """The verdict after changes to what Bob has met."""
    clients = copy.deepcopy(CLIENTS)
    clients["Bob"].update(changes)
    return judge(ROOMS, clients)


def test_all_is_well_if_each_client_has_all_messages_once_and_in_order() -> None:
    verdict = judged()
    assert verdict.is_good
    assert (verdict.said, verdict.delivered, verdict.expected) == (3, 6, 6)


def test_nothing_delivered_is_not_good() -> None:
    assert not judge({"a": []}, {}).is_good


@pytest.mark.parametrize(
    ("what", "seen"),
    [
        ("missing", [0, 1]),
        ("missing", [1, 2]),
        ("duplicates", [0, 1, 1, 2]),
        ("duplicates", [0, 1, 2, 0]),
        ("out_of_order", [0, 2, 1]),
        ("out_of_order", [2, 0, 1]),
    ],
)
def test_a_delivery_that_is_wrong_is_counted(what: str, seen: list[int]) -> None:
    verdict = judged(seen=[ROOMS["a"][index] for index in seen])
    assert getattr(verdict, what) > 0
    assert not verdict.is_good


def test_a_message_that_is_not_stored_is_counted() -> None:
    assert judged(seen=[*ROOMS["a"], ("3-0", "Eve", 1)]).unknown == 1


@pytest.mark.parametrize("acknowledged", [{}, {"1": "1-0"}, {"1": "1-1", "2": "3-0"}])
def test_what_was_said_must_be_stored_once_as_acknowledged(
    acknowledged: dict[str, str],
) -> None:
    verdict = judged(acknowledged=acknowledged)
    assert verdict.not_stored_once > 0
    assert not verdict.is_good


@pytest.mark.parametrize("seqs", [(1, 1), (2, 1), (1, 3)])
def test_the_messages_of_a_client_must_be_stored_in_its_order(seqs: tuple[int, int]) -> None:
    messages = [(f"{number}-0", "Ann", seq) for number, seq in enumerate(seqs, 1)]
    acknowledged = {str(seq): id for id, _, seq in messages}
    ann = {"room": "a", "seen": messages, "acknowledged": acknowledged}
    assert judge({"a": messages}, {"Ann": ann}).not_stored_once > 0
