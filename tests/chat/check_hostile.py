"""What clients must not send."""

from __future__ import annotations

import json
import random
import socket
from typing import Any

import pytest
import wire
from chat_client import Join, close_code, open_socket
from chat_server import PATIENCE, ChatServer

JOIN: dict[str, Any] = {
    "type": "join",
    "room": "lobby",
    "name": "Ann",
    "client": "client-Ann",
}
SAY: dict[str, Any] = {"type": "say", "seq": 1, "text": "hello"}

NOT_OBJECTS = [
    "",
    " ",
    "hello",
    "{",
    '{"type":"join"',
    '{"type":"join"} {}',
    "[]",
    '["join"]',
    "null",
    "1",
    '"join"',
    "{}",
    '{"Type":"join"}',
    "{'type':'join'}",
    '{"type":"join",}',
    "[" * 4000,
    '{"a":' * 1000,
    '{"type":"\\ud800"}',
]

INVALID_JOINS: list[dict[str, Any]] = [
    {"type": "Join"},
    {"type": "leave"},
    {"type": ""},
    {"type": "join\0"},
    {"type": 1},
    {"type": None},
    {"type": ["join"]},
    {"room": ""},
    {"room": "a" * 33},
    {"room": "Lobby"},
    {"room": "a b"},
    {"room": "a}:log"},
    {"room": "a\0"},
    {"room": 1},
    {"room": None},
    {"name": ""},
    {"name": "a" * 33},
    {"name": "a\nb"},
    {"name": "a\0b"},
    {"name": "a\x7fb"},
    {"name": "a\x9fb"},
    {"name": {}},
    {"client": "a" * 7},
    {"client": "a" * 65},
    {"client": "client Ann"},
    {"client": "client_Ann"},
    {"client": 12345678},
    {"after": ""},
    {"after": "1"},
    {"after": "1-"},
    {"after": "-1"},
    {"after": "1-1-1"},
    {"after": "+"},
    {"after": "$"},
    {"after": "1-1 "},
    {"after": "18446744073709551616-0"},
    {"after": "999-99999999999999999999"},
    {"after": "000000000000000000001-1"},
    {"after": 1},
]

INVALID_SAYS: list[dict[str, Any]] = [
    {"seq": 0},
    {"seq": -1},
    {"seq": 2**53},
    {"seq": 2**70},
    {"seq": 1.5},
    {"seq": "1"},
    {"seq": True},
    {"seq": None},
    {"text": ""},
    {"text": "a" * 2001},
    {"text": "😀" * 2001},
    {"text": 1},
    {"text": None},
    {"text": ["hello"]},
]

CODES = {1000, 1002, 1007, 1008, 1009}


def without(message: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name != member}


def random_value(source: random.Random, depth: int = 0) -> Any:
    """A value of JSON, often one that the protocol knows."""
    kind = source.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return source.choice([None, True, False, 0, 1, -1, 1.5, 2**53, 10**30, 1e300])
    if kind < 4:
        return source.choice(["join", "say", "lobby", "client-Eve", "", "1-1", "\0", "😀"])
    if kind < 6:
        return source.randrange(1, 100)
    if kind == 6:
        return [random_value(source, depth + 1) for _ in range(source.randrange(3))]
    names = ["type", "room", "name", "client", "after", "seq", "text", "x"]
    chosen = source.sample(names, source.randrange(len(names)))
    return {name: random_value(source, depth + 1) for name in chosen}


def random_message(source: random.Random) -> str | bytes:
    """A message that is nearly valid, or not at all."""
    kind = source.randrange(4)
    if kind == 0:
        return json.dumps(random_value(source))
    message = dict(source.choice([JOIN, SAY]))
    if kind == 1:
        message[source.choice(list(message))] = random_value(source)
        return json.dumps(message)
    if kind == 2:
        return json.dumps(message)
    text = list(json.dumps(message))
    text[source.randrange(len(text))] = chr(source.randrange(1, 300))
    return "".join(text) if source.randrange(8) else "".join(text).encode()


class HostileChecks:
    @pytest.mark.parametrize("text", NOT_OBJECTS)
    def test_what_is_no_object_with_a_type_is_closed_with_1007(
        self, shared: ChatServer, text: str
    ) -> None:
        with open_socket(shared) as client:
            client.send(text)
            assert close_code(client) == 1007

    def test_a_binary_message_is_closed_with_1007(self, shared: ChatServer) -> None:
        with open_socket(shared) as client:
            client.send(json.dumps(JOIN).encode())
            assert close_code(client) == 1007

    def test_text_that_is_not_utf8_is_closed_with_1007(self, shared: ChatServer) -> None:
        with open_socket(shared) as client:
            client.send(b'{"type":"\xff"}', text=True)
            assert close_code(client) == 1007

    @pytest.mark.parametrize("change", INVALID_JOINS, ids=str)
    def test_an_invalid_join_is_closed_with_1008(
        self, shared: ChatServer, change: dict[str, Any]
    ) -> None:
        with open_socket(shared) as client:
            client.send(json.dumps({**JOIN, **change}))
            assert close_code(client) == 1008

    @pytest.mark.parametrize("member", ["room", "name", "client"])
    def test_a_join_without_a_member_is_closed_with_1008(
        self, shared: ChatServer, member: str
    ) -> None:
        with open_socket(shared) as client:
            client.send(json.dumps(without(JOIN, member)))
            assert close_code(client) == 1008

    @pytest.mark.parametrize("change", INVALID_SAYS, ids=lambda change: str(change)[:40])
    def test_an_invalid_say_is_closed_with_1008(
        self, shared: ChatServer, join: Join, change: dict[str, Any]
    ) -> None:
        ann = join(shared, "Ann")
        ann.send(**{**SAY, **change})
        assert ann.close_code() == 1008

    @pytest.mark.parametrize("member", ["seq", "text"])
    def test_a_say_without_a_member_is_closed_with_1008(
        self, shared: ChatServer, join: Join, member: str
    ) -> None:
        ann = join(shared, "Ann")
        ann.send(**without(SAY, member))
        assert ann.close_code() == 1008

    @pytest.mark.parametrize(
        "number", ["1" + "0" * 30, "-9223372036854775809", "9" * 5000, "1e999", "-1e999"]
    )
    def test_a_number_that_is_too_large_is_closed_with_1008(
        self, shared: ChatServer, join: Join, number: str
    ) -> None:
        ann = join(shared, "Ann")
        ann.socket.send(json.dumps(SAY)[:-1] + f',"x":{number}}}')
        assert ann.close_code() == 1008

    @pytest.mark.parametrize("number", ["-9223372036854775808", "1e-999", "0." + "9" * 5000])
    def test_other_numbers_are_numbers(
        self, shared: ChatServer, join: Join, number: str
    ) -> None:
        ann = join(shared, "Ann")
        ann.socket.send(json.dumps(SAY)[:-1] + f',"x":{number}}}')
        ann.next("ack", seq=1)

    def test_unknown_members_are_ignored(self, shared: ChatServer, join: Join) -> None:
        ann = join(shared, "Ann")
        ann.send(**SAY, color="red", more={"a": [1, None]})
        ann.next("ack", seq=1)

    def test_a_message_of_8_kib_is_the_longest(self, shared: ChatServer, join: Join) -> None:
        ann = join(shared, "Ann")
        text = json.dumps(SAY)
        ann.socket.send(text + " " * (8192 - len(text)))
        ann.next("ack", seq=1)
        ann.socket.send(text + " " * (8193 - len(text)))
        assert ann.close_code() == 1009

    def test_a_compressed_message_is_no_longer(self, shared: ChatServer, join: Join) -> None:
        ann = join(shared, "Ann", compression="deflate")
        ann.socket.send(json.dumps(SAY) + " " * 10_000_000)
        assert ann.close_code() == 1009

    def test_random_messages_harm_nobody(self, shared: ChatServer, join: Join) -> None:
        source = random.Random(7)
        ann = join(shared, "Ann", "safe")
        for _ in range(150):
            with open_socket(shared) as client:
                for _ in range(source.randrange(1, 12)):
                    try:
                        client.send(random_message(source))
                    except Exception:
                        break
                client.close()
                assert client.close_code in CODES, client.close_code
        ann.said(1, "safe")
        assert ann.texts(1) == ["safe"]

    def test_random_bytes_harm_nobody(self, shared: ChatServer, join: Join) -> None:
        source = random.Random(8)
        ann = join(shared, "Ann", "calm")
        request = (
            b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: wscodec-chat\r\n\r\n"
        )
        for _ in range(200):
            with socket.create_connection(("127.0.0.1", shared.port), PATIENCE) as tcp:
                head = bytearray(request)
                if source.randrange(2):
                    head[source.randrange(len(head))] = source.randrange(256)
                frames = [
                    wire.frame(source.randrange(256), source.randbytes(source.randrange(200)))
                    for _ in range(source.randrange(4))
                ]
                tcp.sendall(bytes(head) + b"".join(frames) + source.randbytes(20))
        ann.said(1, "calm")
        assert ann.texts(1) == ["calm"]
