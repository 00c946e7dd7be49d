"""The gate of the ABI: additions pass, everything else that a program can notice fails."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
from wire import ROOT

sys.path.insert(0, str(ROOT / "tests" / "abi"))

import abi_facts as facts  # noqa: E402
import abi_record as record  # noqa: E402
from abi_facts import Abi  # noqa: E402

Description = dict[str, Any]
Change = Callable[[Description], None]
DESCRIPTION: Description = json.loads((ROOT / "include" / "wscodec.json").read_text("utf-8"))


def abi(description: Description) -> Abi:
    return Abi(facts.of(description))


def changed(change: Callable[[Description], object]) -> Description:
    description = copy.deepcopy(DESCRIPTION)
    change(description)
    return description


def named(description: Description, kind: str, name: str) -> Any:
    return next(each for each in description[kind] if each["name"] == name)


def grow(description: Description, name: str, field: str = "more") -> None:
    """Adds a member of eight bytes at the end."""
    struct = named(description, "structs", name)
    offset = dict(struct["size"])
    struct["fields"].append({"name": field, "type": "uint64_t", "offset": offset})
    struct["size"] = {width: size + 8 for width, size in offset.items()}


def insert(description: Description, name: str, offset: dict[str, int]) -> None:
    field = {"name": "more", "type": "uint8_t", "offset": offset}
    named(description, "structs", name)["fields"].append(field)


# ---- what fails ----


def rename_constant(d: Description) -> None:
    named(d, "constants", "WS_ERR_UTF8")["name"] = "WS_ERR_TEXT"


def renumber_constant(d: Description) -> None:
    named(d, "constants", "WS_OPT_STREAM")["value"] = 20


def remove_type(d: Description) -> None:
    d["types"].remove(named(d, "types", "ws_pmd"))


def thaw_struct(d: Description) -> None:
    struct = named(d, "structs", "ws_event")
    struct["doc"] = struct["doc"].replace("Frozen", "Extensible")


def grow_frozen_struct(d: Description) -> None:
    grow(d, "ws_event")


def shrink_extensible_struct(d: Description) -> None:
    struct = named(d, "structs", "ws_accepted")
    struct["fields"].pop()
    struct["size"] = {"64": 24, "32": 20}


def grow_only_on_32_bits(d: Description) -> None:
    named(d, "structs", "ws_accepted")["size"]["32"] += 8


def align_differently(d: Description) -> None:
    named(d, "structs", "ws_span")["align"]["64"] = 8


def swap_fields(d: Description) -> None:
    fields = named(d, "structs", "ws_frame")["fields"]
    fields[1]["name"], fields[2]["name"] = fields[2]["name"], fields[1]["name"]


def retype_field(d: Description) -> None:
    named(d, "structs", "ws_event")["fields"][2]["type"] = "int16_t"


def move_field_on_32_bits(d: Description) -> None:
    named(d, "structs", "ws_accept_spec")["fields"][-1]["offset"]["32"] += 4


def name_padding_of_frozen_struct(d: Description) -> None:
    insert(d, "ws_pmd_params", {"64": 6, "32": 6})


def insert_into_extensible_struct(d: Description) -> None:
    grow(d, "ws_response")
    insert(d, "ws_response", {"64": 20, "32": 20})


def nest_extensible_struct(d: Description) -> None:
    grow(d, "ws_accepted")
    named(d, "structs", "ws_accepted")["fields"][-1]["type"] = "ws_response"


def remove_function(d: Description) -> None:
    d["functions"].remove(named(d, "functions", "ws_mask"))


def change_result(d: Description) -> None:
    named(d, "functions", "ws_features")["result"] = "uint64_t"


def widen_parameter(d: Description) -> None:
    named(d, "functions", "ws_frame_decode")["parameters"][2]["type"] = "uint64_t"


def add_parameter(d: Description) -> None:
    named(d, "functions", "ws_version")["parameters"].append({"name": "x", "type": "int"})


FAIL: dict[Change, str] = {
    rename_constant: "removed or renamed: constant WS_ERR_UTF8 = -47, int",
    renumber_constant: "changed: constant WS_OPT_STREAM = 2, int; now 20, int",
    remove_type: "removed or renamed: type ws_pmd = opaque",
    thaw_struct: "changed: struct ws_event = frozen, aligned to 8/8; now extensible,",
    grow_frozen_struct: "changed: size ws_event = 24/24; now 32/32",
    shrink_extensible_struct: "changed: size ws_accepted = 32/24; now 24/20",
    grow_only_on_32_bits: "changed: size ws_accepted = 32/24; now 32/32",
    align_differently: "changed: struct ws_span = frozen, aligned to 4/4; now",
    swap_fields: "changed: field ws_frame.chunk_pos = uint64_t at 8/8; now uint64_t at 16/16",
    retype_field: "changed: field ws_event.opcode = uint16_t at 16/16; now int16_t at 16/16",
    move_field_on_32_bits: "changed: field ws_accept_spec.reserved = uint32_t at 68/36; now",
    name_padding_of_frozen_struct: "inserted into an existing struct: field ws_pmd_params.more",
    insert_into_extensible_struct: "inserted into an existing struct: field ws_response.more",
    nest_extensible_struct: "holds an extensible struct: field ws_accepted.more = ws_response",
    remove_function: "removed or renamed: function ws_mask = void (",
    change_result: "changed: function ws_features = uint32_t (void); now uint64_t (void)",
    widen_parameter: "changed: function ws_frame_decode = ws_result (void *, size_t, uint32_t,",
    add_parameter: "changed: function ws_version = uint32_t (void); now uint32_t (int)",
}


@pytest.mark.parametrize("change", FAIL, ids=lambda change: change.__name__)
def test_a_change_that_programs_notice_fails(change: Change) -> None:
    problems = facts.broken(abi(DESCRIPTION), abi(changed(change)))
    assert any(problem.startswith(FAIL[change]) for problem in problems), problems


# ---- what passes ----


def add_constant(d: Description) -> None:
    d["constants"].insert(3, {"name": "WS_NEW", "value": 7, "type": "int"})


def add_function(d: Description) -> None:
    d["functions"].append({"name": "ws_new", "result": "int", "parameters": []})


def add_struct(d: Description) -> None:
    struct = copy.deepcopy(named(d, "structs", "ws_span"))
    struct["name"] = "ws_new"
    d["structs"].append(struct)


def grow_extensible_struct(d: Description) -> None:
    grow(d, "ws_accept_spec")


def change_texts_and_names_of_parameters(d: Description) -> None:
    function = named(d, "functions", "ws_mask")
    function["doc"] = "Other words."
    function["parameters"][0]["name"] = "bytes"


def change_version(d: Description) -> None:
    named(d, "constants", "WS_VERSION_MINOR")["value"] = 2


ADDITIONS: dict[Change, list[str]] = {
    add_constant: ["constant WS_NEW = 7, int"],
    add_function: ["function ws_new = int (void)"],
    add_struct: [
        "struct ws_new = frozen, aligned to 4/4",
        "size ws_new = 8/8",
        "field ws_new.off = uint32_t at 0/0",
        "field ws_new.len = uint32_t at 4/4",
    ],
    grow_extensible_struct: [
        "size ws_accept_spec = 80/48",
        "field ws_accept_spec.more = uint64_t at 72/40",
    ],
    change_texts_and_names_of_parameters: [],
    change_version: [],
}


@pytest.mark.parametrize("change", ADDITIONS, ids=lambda change: change.__name__)
def test_an_addition_passes(change: Change) -> None:
    recorded, current = abi(DESCRIPTION), abi(changed(change))
    assert facts.broken(recorded, current) == []
    assert [str(fact) for fact in facts.added(recorded, current)] == ADDITIONS[change]


# ---- the record ----


def test_an_addition_must_be_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "0" / "facts.txt"
    assert record.compare(Abi([]), abi(DESCRIPTION), path, add=True) == 0
    before = record.read(path)
    current = abi(changed(add_function))
    assert record.compare(before, current, path, add=False) == 1
    assert "not recorded: function ws_new = int (void)" in capsys.readouterr().err
    assert record.compare(before, current, path, add=True) == 0
    assert record.compare(record.read(path), current, path, add=False) == 0


def test_a_change_is_never_recorded(tmp_path: Path) -> None:
    path = tmp_path / "0" / "facts.txt"
    assert record.compare(Abi([]), abi(DESCRIPTION), path, add=True) == 0
    before = path.read_text("utf-8")
    current = abi(changed(renumber_constant))
    assert record.compare(record.read(path), current, path, add=True) == 1
    assert path.read_text("utf-8") == before


def test_all_sizes_of_a_struct_that_grows_stay_recorded() -> None:
    first = abi(DESCRIPTION)
    second_description = changed(grow_extensible_struct)
    second = Abi(facts.merged(first, abi(second_description)))
    grow(second_description, "ws_accept_spec", "even_more")
    third = Abi(facts.merged(second, abi(second_description)))
    assert third.sizes["ws_accept_spec"] == [(72, 40), (80, 48), (88, 56)]
    assert facts.broken(third, abi(second_description)) == []
    assert facts.broken(third, abi(changed(grow_extensible_struct))) != []
    assert "{(sizeof(void *) == 8 ? 72 : 40), (" in record.sizes(third)


def test_a_struct_must_say_whether_it_may_grow() -> None:
    with pytest.raises(ValueError, match="must say Frozen or Extensible"):
        abi(changed(lambda d: named(d, "structs", "ws_span").update(doc="A range.")))


def test_extensible_structs_are_passed_with_their_sizes() -> None:
    current = abi(DESCRIPTION)
    for function in DESCRIPTION["functions"]:
        for parameter in function["parameters"]:
            words = parameter["type"].replace("*", " ").split()
            if any(current.extensible(word) for word in words):
                assert parameter["length"] == f"{parameter['name']}_size", function["name"]


def test_a_line_that_is_no_fact_is_an_error() -> None:
    with pytest.raises(ValueError, match="no fact: constant WS_OK 0"):
        facts.parsed("constant WS_OK 0")
