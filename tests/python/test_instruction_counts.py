"""The gates of benches/instructions: what they cover, and that they fail when they should."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from wire import ROOT

sys.path.insert(0, str(ROOT / "benches" / "instructions"))

import callgrind  # noqa: E402
import counts  # noqa: E402
import dearest  # noqa: E402
import gate  # noqa: E402
from counts import Row, Table  # noqa: E402

CALLS = counts.read(gate.HERE / "calls.md")
WORST = counts.read(gate.HERE / "worst.md")

FUNCTIONS = {
    each["name"]
    for each in json.loads((ROOT / "include" / "wscodec.json").read_text("utf-8"))["functions"]
}

READ_A_PEERS_BYTES = """
    ws_parse_handshake ws_head_length ws_next_header ws_find_header ws_select_protocol
    ws_select_protocol_value ws_origin_allowed ws_parse_response ws_check_request
    ws_check_response ws_frame_decode ws_mask ws_decoder_feed ws_utf8_validate ws_close_parse
    ws_control_feed ws_pmd_accept ws_pmd_accept_value ws_pmd_confirm ws_pmd_confirm_value
    ws_conn_recv ws_conn_output ws_conn_accept ws_conn_confirm ws_pmd_decompress
""".split()


def named(table: Table) -> set[str]:
    return {name for row in table.rows for name in row.functions.split()}


# ---- the recorded tables ----


def test_every_exported_function_is_counted() -> None:
    assert named(CALLS) == FUNCTIONS


def test_every_function_that_reads_a_peers_bytes_has_a_worst_case() -> None:
    assert named(WORST) == set(READ_A_PEERS_BYTES)


@pytest.mark.parametrize("table", [CALLS, WORST], ids=["calls", "worst"])
def test_every_row_has_a_date_and_a_reason(table: Table) -> None:
    assert [row.name for row in table.rows if not (row.since and row.reason)] == []
    assert len({row.key for row in table.rows}) == len(table.rows) > 0


def test_every_row_above_20_times_plain_input_has_an_argument() -> None:
    facts = [(row.name, float(row.facts[0]), row.facts[3]) for row in WORST.rows]
    assert [name for name, times, why in facts if times > dearest.PLAIN and not why] == []


# ---- recording ----

BEFORE = Table("cc 1", (Row("ws_a", "x", 1000, "2026-01-02", "it began"),))


def after(count: float, input_: str = "x") -> Table:
    return Table("cc 1", (Row("ws_a", input_, count),))


@pytest.mark.parametrize("count", [979, 1021, 1e9])
def test_a_change_of_more_than_2_percent_is_recorded_only_with_a_reason(count: float) -> None:
    for reason in ["", "  ", "a | b", "a\nb"]:
        with pytest.raises(ValueError, match="needs a reason"):
            counts.record(BEFORE, after(count), reason, "2026-03-04")
    table = counts.record(BEFORE, after(count), "it is new", "2026-03-04")
    assert table.rows == (Row("ws_a", "x", count, "2026-03-04", "it is new"),)


@pytest.mark.parametrize("count", [981, 1000, 1020])
def test_a_smaller_change_leaves_the_row_as_it_is(count: float) -> None:
    assert counts.record(BEFORE, after(count), "unused", "2026-03-04") == BEFORE


def test_a_reason_is_stored_only_in_rows_that_changed() -> None:
    now = Table("cc 2", (*after(1000).rows, Row("ws_b", "", 5)))
    table = counts.record(BEFORE, now, "ws_b is new", "2026-03-04")
    assert [row.reason for row in table.rows] == ["it began", "ws_b is new"]
    assert table.tools == "cc 2"


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows = (
        Row("ws_a ws_b", "", 12, "2026-01-02", "why", ("1.0", "")),
        Row("ws_a", '"a,a"', 0.0741, "2026-01-02", "why", ("20.1", "so")),
    )
    counts.write(tmp_path / "t.md", Table("cc 1.0 (x)", rows), "Title", ["times", "argument"])
    assert counts.read(tmp_path / "t.md") == Table("cc 1.0 (x)", rows)


# ---- comparing ----


def test_more_than_5_percent_above_the_recorded_count_fails() -> None:
    assert counts.failures(BEFORE, after(1050)) == []
    assert counts.failures(BEFORE, after(500)) == []
    assert counts.failures(BEFORE, after(1051)) == ["ws_a: x: 1051, recorded 1000"]


def test_a_case_without_a_row_and_a_row_without_a_case_fail() -> None:
    assert counts.failures(BEFORE, after(1000, "y")) == [
        "ws_a: x: recorded, but there is no such case",
        "ws_a: y: not recorded",
    ]


def test_counts_of_other_tools_are_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert gate.judge(BEFORE, after(2000), []) == 1
    assert gate.judge(BEFORE, replace(after(2000), tools="cc 2"), []) == 0
    assert "counts not compared" in capsys.readouterr().out
    assert gate.judge(BEFORE, replace(after(1000), tools="cc 2"), ["a limit"]) == 1


# ---- the limits of the dearest inputs ----


def case(
    cost: float, growth: float = 1, argument: str = "", quadratic: int = 0
) -> dearest.Case:
    runs = [
        dearest.Run.of(["ws_a", "x", "p", argument, str(quadratic), str(size), "9", "0"])
        for size in (1000, 4000)
    ]
    return dearest.Case(runs[0], runs[1], (cost / growth, cost), frozenset({"ws_a"}))


PLAIN = dearest.Run.of(["ws_a", "p", "", "", "0", "4000", "9", "0"])


def limits(each: dearest.Case) -> list[str]:
    plain = dearest.Case(PLAIN, PLAIN, (1.0, 1.0), frozenset({"ws_a"}))
    return dearest.limits(each, [plain, each])


def test_more_than_20_times_plain_input_needs_an_argument() -> None:
    assert limits(case(20)) == []
    assert limits(case(20.1)) == ["ws_a: x: 20.1 times plain input, without an argument"]
    assert limits(case(20.1, argument="it is rare")) == []


def test_a_cost_that_is_not_linear_fails_unless_argued_as_quadratic() -> None:
    grown = "ws_a: x: a byte costs 1.11 times as much in a longer input"
    assert limits(case(2, 1.1)) == []
    assert limits(case(2, 1.11)) == [grown]
    assert limits(case(2, 1.11, argument="it is rare")) == [grown]
    assert limits(case(2, 1.11, quadratic=1)) == [grown]
    assert limits(case(2, 1.11, "it is rare", 1)) == []


def test_a_time_that_is_not_linear_fails() -> None:
    def timed(size: int, time: int) -> list[str]:
        return ["ws_a", "x", "p", "", "0", str(size), str(time), "0"]

    assert dearest.endless([timed(1, 10), timed(16, 640)]) == []
    assert dearest.endless([timed(1, 10), timed(16, 641)]) == [
        "ws_a: x: a byte takes 4.0 times as long in 16 MiB"
    ]


# ---- callgrind ----

PROFILE = """desc: Trigger: Client Request: one
summary: 385
fn=main
cob=libwscodec.so
cfn=ws_conn_recv
calls=1 0
cfn=ws_conn_free
calls=0 0
desc: Trigger: Client Request: two
summary: 0
desc: Trigger: Program termination
summary: 7
"""


def test_only_the_parts_that_the_program_asked_for_count() -> None:
    assert callgrind.parts(PROFILE) == [
        callgrind.Count(385, frozenset({"ws_conn_recv"})),
        callgrind.Count(0, frozenset()),
    ]


def test_a_case_must_name_exactly_the_functions_that_it_calls() -> None:
    row = Row("ws_a ws_b", "x", 1)
    assert counts.wrong_calls(row, frozenset({"ws_a", "ws_b"})) == []
    for called in [{"ws_a"}, {"ws_a", "ws_b", "ws_c"}]:
        assert counts.wrong_calls(row, frozenset(called)) != []


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind")
def test_the_gate_fails_at_a_planted_growth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gate, "HERE", tmp_path)
    monkeypatch.setattr(callgrind, "TARGET", tmp_path)
    assert gate.main(["calls", "--record", "--reason", "a test"]) == 0
    table = counts.read(tmp_path / "calls.md")
    assert gate.main(["calls"]) == 0
    fewer = [replace(table.rows[0], count=table.rows[0].count / 1.5), *table.rows[1:]]
    counts.write(tmp_path / "calls.md", replace(table, rows=tuple(fewer)), "Planted", [])
    capfd.readouterr()
    assert gate.main(["calls"]) == 1
    assert "1 failures" in capfd.readouterr().out
