"""The log on stderr: lines for people, or JSON for programs."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import Any


def note(log: logging.Logger, event: str, level: int = logging.INFO, **fields: object) -> None:
    """Logs an event, with what is known about it."""
    log.log(level, event, extra={"fields": fields})


def set_up(*, verbose: bool, as_json: bool) -> None:
    """verbose  Log what each client does, not only faults."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if as_json else _Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("chat").setLevel(logging.INFO if verbose else logging.WARNING)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    at = datetime.fromtimestamp(record.created, timezone.utc)
    facts = {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "event": record.getMessage(),
        **getattr(record, "fields", {}),
    }
    if record.exc_info:
        facts["exception"] = logging.Formatter().formatException(record.exc_info)
    return facts


class _Json(logging.Formatter):
    """An object in each line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_facts(record), ensure_ascii=False, default=str)


class _Lines(logging.Formatter):
    """The time, the level, the event, and what is known about it."""

    def format(self, record: logging.LogRecord) -> str:
        facts = _facts(record)
        first = [facts.pop(name) for name in ("time", "level", "event")]
        exception = facts.pop("exception", "")
        rest = [f"{name}={_escaped(str(value))}" for name, value in facts.items()]
        return " ".join(first + rest) + (f"\n{exception}" if exception else "")


def _escaped(text: str) -> str:
    """What drives a terminal is escaped: names and reasons are from clients."""
    return "".join(each if each.isprintable() else _hex(each) for each in text)


def _hex(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "replace"))
