"""Whether each client got each message of its room exactly once, and in order."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Protocol

Message = tuple[str, str, int]
"""Its id, the client who has said it, and the client's seq."""


@dataclass
class Verdict:
    said: int = 0
    """Messages that are stored."""
    delivered: int = 0
    expected: int = 0
    """Deliveries: of each message to each client of its room."""
    missing: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    """Deliveries with an id, or with a seq of their sender, not above the one before."""
    unknown: int = 0
    """Deliveries of what is not stored."""
    not_stored_once: int = 0
    """What a client has said that is not stored exactly once, in order, as acknowledged."""

    @property
    def is_good(self) -> bool:
        return self.delivered == self.expected > 0 and not any(
            (
                self.missing,
                self.duplicates,
                self.out_of_order,
                self.unknown,
                self.not_stored_once,
            )
        )

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class Streams(Protocol):
    def xrange(self, key: str) -> Any: ...


def stored(redis: Streams, rooms: list[str]) -> dict[str, list[Message]]:
    """The messages of each room, as Redis has them."""
    return {
        room: [_message(*e) for e in redis.xrange(f"chat:{{{room}}}:log")] for room in rooms
    }


def _message(id: str, fields: dict[str, str]) -> Message:
    message = json.loads("{" + fields["message"])
    return id, message["client"], message["seq"]


def judge(rooms: dict[str, list[Message]], clients: dict[str, dict[str, Any]]) -> Verdict:
    """`clients`: for each its room, what it has seen, and what was acknowledged."""
    verdict = Verdict(said=sum(len(messages) for messages in rooms.values()))
    for client, met in clients.items():
        messages = rooms[met["room"]]
        seen = [(id, sender, seq) for id, sender, seq in met["seen"]]
        verdict.delivered += len(seen)
        verdict.expected += len(messages)
        verdict.missing += len(set(messages) - set(seen))
        verdict.unknown += len(set(seen) - set(messages))
        verdict.duplicates += len(seen) - len(set(seen))
        verdict.out_of_order += _out_of_order(seen)
        own = {seq: id for id, sender, seq in messages if sender == client}
        verdict.not_stored_once += _not_stored_once(
            [seq for _, sender, seq in messages if sender == client],
            {int(seq): id for seq, id in met["acknowledged"].items()},
            own,
        )
    return verdict


def _out_of_order(seen: list[Message]) -> int:
    wrong = sum(_order(a[0]) >= _order(b[0]) for a, b in zip(seen, seen[1:]))
    last: dict[str, int] = {}
    for _, sender, seq in seen:
        wrong += seq <= last.get(sender, 0)
        last[sender] = seq
    return wrong


def _not_stored_once(
    stored_seqs: list[int], acknowledged: dict[int, str], own: dict[int, str]
) -> int:
    in_order = list(range(1, len(acknowledged) + 1))
    wrong = sum(a != b for a, b in zip(stored_seqs, in_order))
    wrong += abs(len(stored_seqs) - len(in_order))
    return wrong + sum(own.get(seq) != id for seq, id in acknowledged.items())


def _order(id: str) -> tuple[int, int]:
    ms, _, number = id.partition("-")
    return int(ms), int(number)
