"""The messages of the chat, without I/O. See ../../PROTOCOL.md."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn, Union

SUBPROTOCOL = "wscodec-chat"
MAX_MESSAGE = 8 * 1024
HISTORY = 50
"""How many messages a new client gets."""

INVALID_MESSAGE = 1007
INVALID_MEMBER = 1008

_ROOM = re.compile("[a-z0-9-]{1,32}")
_CLIENT = re.compile("[A-Za-z0-9-]{8,64}")
_ID = re.compile("([0-9]{1,20})-([0-9]{1,20})")
_MAX_SEQ = 2**53 - 1
_MAX_ID_PART = 2**64 - 1


class Violation(Exception):
    """The client violates the protocol. The connection is closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Id(NamedTuple):
    """The ID of an entry in a stream; greater means later."""

    milliseconds: int
    number: int

    def __str__(self) -> str:
        return f"{self.milliseconds}-{self.number}"


NONE = Id(0, 0)
"""Before the first entry."""


def id_from(text: str) -> Id:
    """Reads an ID; raises ValueError if it is none."""
    found = _ID.fullmatch(text)
    if found is None or max(parts := Id(int(found[1]), int(found[2]))) > _MAX_ID_PART:
        raise ValueError(f"{text!r} is not the ID of a message")
    return parts


# From the client


@dataclass(frozen=True)
class Join:
    room: str
    name: str
    client: str
    after: Id | None

    @property
    def member(self) -> bytes:
        """Who joins, as JSON after the opening brace."""
        return _rest({"client": self.client, "name": self.name})


@dataclass(frozen=True)
class Say:
    seq: int
    text: str

    def message(self, join: Join) -> bytes:
        """The message of somebody who has joined, as JSON from the member "client" on."""
        return _rest(
            {"client": join.client, "seq": self.seq, "name": join.name, "text": self.text}
        )


def parse(message: str | bytes) -> Join | Say:
    """Reads a message of a client; raises Violation."""
    members = _object(message)
    kind = members["type"]
    if kind == "join":
        return Join(
            room=_member(members, "room", _is_room),
            name=_member(members, "name", _is_name),
            client=_member(members, "client", _is_client),
            after=_after(members),
        )
    if kind == "say":
        return Say(
            seq=_member(members, "seq", _is_seq), text=_member(members, "text", _is_text)
        )
    raise Violation(INVALID_MEMBER, "unknown type")


def _object(message: str | bytes) -> dict[str, Any]:
    try:
        if isinstance(message, bytes):
            raise ValueError("a binary message")
        members = json.loads(
            message, parse_constant=_no_constant, parse_int=_integer, parse_float=_real
        )
        if not isinstance(members, dict) or "type" not in members:
            raise ValueError("no object with a type")
        if "\\u" in message:
            json.dumps(members, ensure_ascii=False).encode()  # no halves of characters
    except (ValueError, RecursionError):
        raise Violation(INVALID_MESSAGE, "a message is a JSON object with a type") from None
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
        raise Violation(INVALID_MEMBER, "a number is too large")
    return int(digits)


def _real(text: str) -> float:
    if math.isinf(number := float(text)):
        raise Violation(INVALID_MEMBER, "a number is too large")
    return number


def _member(members: dict[str, Any], name: str, is_valid: Callable[[Any], bool]) -> Any:
    value = members.get(name)
    if not is_valid(value):
        raise Violation(INVALID_MEMBER, f"invalid {name}")
    return value


def _is_room(value: object) -> bool:
    return isinstance(value, str) and bool(_ROOM.fullmatch(value))


def _is_client(value: object) -> bool:
    return isinstance(value, str) and bool(_CLIENT.fullmatch(value))


def _is_name(value: object) -> bool:
    return _is_characters(value, 32) and not any(
        unicodedata.category(character) == "Cc" for character in str(value)
    )


def _is_text(value: object) -> bool:
    return _is_characters(value, 2000)


def _is_characters(value: object, most: int) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= most


def _is_seq(value: object) -> bool:
    return type(value) is int and 1 <= value <= _MAX_SEQ


def _after(members: dict[str, Any]) -> Id | None:
    if "after" not in members:
        return None
    try:
        return id_from(members["after"])
    except (TypeError, ValueError):
        raise Violation(INVALID_MEMBER, "invalid after") from None


# From the server


def joined(room: str, members: Iterable[bytes], server: str, gap: bool) -> bytes:
    """The answer to a join. The members are as in Join.member."""
    head = _json({"type": "joined", "room": room})[:-1]
    tail = _rest({"server": server, "gap": gap})
    return b'%b,"members":%b,%b' % (head, _array(members), tail)


def members(members: Iterable[bytes]) -> bytes:
    """Who is in a room, after an outage."""
    return b'{"type":"members","members":%b}' % _array(members)


def _array(members: Iterable[bytes]) -> bytes:
    return b"[%b]" % b",".join(b"{" + each for each in members)


def stored(id: Id, message: bytes) -> bytes:
    """A message from the stream, as it was published."""
    return b'{"type":"message","id":"%b",%b' % (str(id).encode(), message)


def ack(seq: int, id: str) -> bytes:
    return _json({"type": "ack", "seq": seq, "id": id})


def refused(seq: int, reason: str) -> bytes:
    return _json({"type": "refused", "seq": seq, "reason": reason})


# What is published


class Message(NamedTuple):
    id: Id


class Enter(NamedTuple):
    client: str
    member: bytes


class Leave(NamedTuple):
    client: str


Event = Union[Message, Enter, Leave]

_ENTER = b'{"type":"enter",'
_LEAVE = b'{"type":"leave",'
_MESSAGE = re.compile(rb'\{"type":"message","id":"([0-9-]+)",')


def event_from(published: bytes) -> Event:
    """What has happened. Raises ValueError if it is nothing that a server publishes."""
    found = _MESSAGE.match(published)
    if found:
        return Message(id_from(found[1].decode()))
    if published.startswith(_ENTER):
        member = published[len(_ENTER) :]
        return Enter(client_of(member), member)
    if published.startswith(_LEAVE):
        return Leave(client_of(published[len(_LEAVE) :]))
    raise ValueError("an unknown event")


def client_of(member: bytes) -> str:
    """The client, in what Join.member returns. Raises ValueError if there is none."""
    try:
        return str(json.loads(b"{" + member)["client"])
    except KeyError:
        raise ValueError("a member without a client") from None


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _rest(value: dict[str, Any]) -> bytes:
    """The JSON without the opening brace."""
    return _json(value)[1:]
