#!/usr/bin/env python3
"""Writes the vectors of tests/vectors as tables in C, which vectors.h declares.

tests/c/tables.py > FILE
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "vectors"))

import vectors  # noqa: E402

OPTIONS = {"deflate": "WS_DEFLATE", "any_mask": "WS_ANY_MASK", "any_rsv": "WS_ANY_RSV",
           "keep_masked": "WS_KEEP_MASKED"}  # fmt: skip
FLAGS = {"fin": "WS_FIN", "rsv1": "WS_RSV1", "rsv2": "WS_RSV2", "rsv3": "WS_RSV3",
         "mask_key": "WS_MASKED"}  # fmt: skip

arrays: list[str] = []
"""Definitions of what the tables point to."""


def array(kind: str, items: list[str]) -> str:
    """Defines an array; returns its name and its length, for two members."""
    if not items:
        return "NULL, 0"
    name = f"array_{len(arrays)}"
    arrays.append(f"static const {kind} {name}[] = {{{', '.join(items)}}};")
    return f"{name}, {len(items)}"


def quoted(data: bytes) -> str:
    """A string literal."""
    plain = set(range(0x20, 0x7F)) - set(b'"\\?')
    return '"' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in data) + '"'


def text(value: str | None) -> str:
    return "NULL" if value is None else quoted(value.encode())


def runs(data: bytes) -> list[tuple[bytes, int]]:
    """The data in short parts, of which long ones are repeated."""
    for size in range(1, 33):
        unit = data[100 : 100 + size]
        start = data.find(unit * (300 // size))
        if len(data) > 1000 and start >= 0:
            times, end = 0, start
            while data[end : end + size] == unit:
                times, end = times + 1, end + size
            return [(data[:start], 1), (unit, times), *runs(data[end:])]
    return [(data[at : at + 1000], 1) for at in range(0, len(data), 1000)]


def bytes_(data: bytes | None) -> str:
    if not data:
        return "{0, NULL, 0}"
    parts = [f"{{{quoted(unit)}, {len(unit)}, {times}}}" for unit, times in runs(data) if unit]
    return f"{{{len(data)}, {array('struct part', parts)}}}"


def optional(members: dict[str, Any], name: str) -> str:
    if name not in members:
        return "{UNSPECIFIED, {0, NULL, 0}}"
    presence = "ABSENT" if members[name] is None else "PRESENT"
    return f"{{{presence}, {bytes_(members[name])}}}"


def any_of(members: dict[str, Any], names: dict[str, str]) -> str:
    return " | ".join([flag for name, flag in names.items() if members.get(name)] or ["0"])


def side(vector: vectors.Vector) -> str:
    return "WS_SERVER" if vector["role"] == "server" else "WS_CLIENT"


def flags(vector: vectors.Vector) -> str:
    return f"{side(vector)} | {any_of(vector.get('options', {}), OPTIONS)}"


def error(vector: vectors.Vector) -> str:
    return str(vector.get("error", "0"))


def end(vector: vectors.Vector) -> str:
    return str(vector.get("end", error(vector)))


def error_at(vector: vectors.Vector) -> str:
    return str(vector.get("error_at", "LAST_BYTE"))


def frame(members: dict[str, Any] | None) -> str:
    if members is None:
        return "{0, 0, 0, {0}, 0, {0, NULL, 0}}"
    opcode, payload = members["opcode"], members.get("payload", b"")
    size = members.get("payload_length", str(len(payload)))
    key = ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(members.get("mask_key", "00")))
    end_flag = "0" if "payload_length" in members else "WS_END"
    flags = f"{any_of(members, FLAGS)} | {end_flag}"
    size_and_payload = f"UINT64_C({size}), {bytes_(payload)}"
    message_opcode = members.get("message_opcode", opcode)
    return f"{{{opcode}, {message_opcode}, {flags}, {{{key}}}, {size_and_payload}}}"


def parameters(members: dict[str, Any] | None) -> str:
    given = members or {}
    switches = [given.get(f"{who}_no_context_takeover", False) for who in ("server", "client")]
    windows = [given.get(f"{who}_max_window_bits", 15) for who in ("server", "client")]
    numbers = [*map(int, switches), *windows]
    return f"{{{', '.join(map(str, numbers))}, 0, 0, {{0, 0}}}}"


def event(members: dict[str, Any]) -> str:
    last = "" if "last" in members else " | WS_EVENT_LAST"
    bits = any_of(members, FLAGS)
    code = members.get("close_code", 0)
    return (
        f"{{{members['opcode']}, WS_EVENT_FIRST{last} | {bits}, {code}, "
        f"{bytes_(members['payload'])}}}"
    )


def compressed(members: dict[str, Any]) -> str:
    payloads = array("struct bytes", [bytes_(payload) for payload in members["payloads"]])
    return f"{{{payloads}, {bytes_(members.get('message'))}, {error(members)}}}"


def accept_key(v: vectors.Vector) -> list[str]:
    return [bytes_(v["key"]), bytes_(v.get("accept")), error(v)]


def close_payload(v: vectors.Vector) -> list[str]:
    payload, code = optional(v, "payload"), str(v.get("code", -1))
    return [payload, code, bytes_(v.get("reason")), error(v)]


def utf8(v: vectors.Vector) -> list[str]:
    return [bytes_(v["text"]), str(int("incomplete" in v)), error(v), error_at(v)]


def whole_frame(v: vectors.Vector) -> list[str]:
    return [flags(v), bytes_(v["wire"]), frame(v.get("frame")), error(v), error_at(v)]


def frame_header(v: vectors.Vector) -> list[str]:
    return [side(v), bytes_(v["header"]), frame(v)]


def request(v: vectors.Vector) -> list[str]:
    fields = v.get("fields", {})
    spans = [optional(fields, name) for name in ("method", "target", "host", "origin", "key")]
    version = str(fields.get("http_version", 0))
    return [bytes_(v["request"]), *spans, version, error(v), error_at(v)]


def response(v: vectors.Vector) -> list[str]:
    fields = v.get("fields", {})
    spans = [optional(fields, name) for name in ("protocol", "extensions", "reason")]
    numbers = [str(fields.get(name, 0)) for name in ("http_version", "status")]
    heads = [bytes_(v["request"]), bytes_(v["response"])]
    return [*heads, *spans, *numbers, error(v), error_at(v)]


def policy(v: vectors.Vector) -> list[str]:
    rules = v.get("policy", {})
    lists = [text(rules.get("origins")), text(rules.get("protocols"))]
    needs = any_of(rules, {"need_protocol": "WS_ACCEPT_NEED_PROTOCOL"})
    status = str(v.get("status", 101))
    return [bytes_(v["request"]), *lists, needs, text(v.get("protocol")), error(v), status]


def decoder_stream(v: vectors.Vector) -> list[str]:
    limit = str(v.get("options", {}).get("max_payload", 0))
    found = array("struct vector_frame", [frame(members) for members in v["frames"]])
    return [flags(v), limit, bytes_(v["input"]), found, error(v), error_at(v), end(v)]


def connection_stream(v: vectors.Vector) -> list[str]:
    options = v.get("options", {}).items()
    set_ = [f"{{WS_OPT_{name.upper()}, {value}}}" for name, value in options]
    pmd = "NULL"
    if "parameters" in v:
        pmd = array("ws_pmd_params", [parameters(v["parameters"])]).split(",")[0]
    events, output = ([event(members) for members in v[name]] for name in ("events", "output"))
    return [side(v), array("struct vector_option", set_), pmd, bytes_(v["input"]),
            array("struct vector_event", events), array("struct vector_event", output),
            error(v), error_at(v), end(v)]  # fmt: skip


def deflate_accept(v: vectors.Vector) -> list[str]:
    offers = array("struct bytes", [bytes_(offer) for offer in v["offers"]])
    agreed = parameters(v.get("agreed"))
    return [parameters(v.get("willing")), offers, text(v.get("response")), agreed, error(v)]


def deflate_offer(v: vectors.Vector) -> list[str]:
    return [parameters(v["offered"]), text(v["offer"])]


def deflate_confirm(v: vectors.Vector) -> list[str]:
    values = array("struct bytes", [bytes_(value) for value in v["responses"]])
    agreed = v.get("agreed")
    on = str(int(agreed is not None))
    return [parameters(v.get("offered")), values, on, parameters(agreed), error(v)]


def deflate_message(v: vectors.Vector) -> list[str]:
    messages = array("struct compressed", [compressed(members) for members in v["messages"]])
    return [side(v), parameters(v.get("parameters")), messages]


TABLES = {
    "accept_keys": ("accept_key", accept_key),
    "close_payloads": ("close_payload", close_payload),
    "utf8": ("utf8", utf8),
    "frames": ("frame", whole_frame),
    "frame_headers": ("frame_header", frame_header),
    "requests": ("request", request),
    "responses": ("response", response),
    "policies": ("policy", policy),
    "decoder_streams": ("decoder_stream", decoder_stream),
    "connection_streams": ("connection_stream", connection_stream),
    "deflate_accept": ("deflate_accept", deflate_accept),
    "deflate_offer": ("deflate_offer", deflate_offer),
    "deflate_confirm": ("deflate_confirm", deflate_confirm),
    "deflate_messages": ("deflate_message", deflate_message),
}


def main() -> None:
    tables = []
    for kind, (struct, members) in TABLES.items():
        loaded = vectors.load(kind)
        rows = [f"    {{{', '.join([text(v['name']), *members(v)])}}},\n" for v in loaded]
        name = f"{struct}_vectors"
        tables.append(f"const struct {struct} {name}[] = {{\n{''.join(rows)}}};\n")
        tables.append(f"const size_t {name}_len = {len(rows)};\n")
    print('#include "vectors.h"\n', *arrays, *tables, sep="\n")


if __name__ == "__main__":
    main()
