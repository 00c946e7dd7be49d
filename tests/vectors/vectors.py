"""Reads the vectors. See README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
KINDS = sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != "schema")

Vector = dict[str, Any]


def read(kind: str) -> dict[str, Any]:
    """A file as it is."""
    file: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    return file


def data(value: Any, parts: dict[str, Any]) -> bytes:
    """The bytes that a value stands for."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return b"".join(data(part, parts) for part in value)
    if "hex" in value:
        return bytes.fromhex(value["hex"])
    if "repeat" in value:
        return data(value["repeat"], parts) * int(value["times"])
    return data(parts[value["part"]], parts)


# The members whose values stand for bytes, wherever they are.
BYTES = frozenset(
    "accept extensions header host input key message method offers origin payload payloads"
    " protocol reason request response responses target text wire".split()
)
# Plain strings with the name of a member that stands for bytes elsewhere.
TEXT = {"policies": {"protocol"}, "deflate_accept": {"response"}}


def load(kind: str) -> list[Vector]:
    """The vectors of a file, with bytes instead of what stands for them."""
    file = read(kind)
    names = BYTES - TEXT.get(kind, set())
    parts = file.get("parts", {})

    def resolve(name: str, value: Any) -> Any:
        if name in names and value is not None:
            many = name in ("offers", "responses", "payloads")
            return [data(v, parts) for v in value] if many else data(value, parts)
        if isinstance(value, dict):
            return {key: resolve(key, member) for key, member in value.items()}
        if isinstance(value, list):
            return [resolve("", member) for member in value]
        return value

    return [resolve("", vector) for vector in file["vectors"]]
