"""What is said: stored once, in order, for all."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from chat_client import Join, close_code, open_socket
from chat_server import ChatServer
from redis_server import RedisServer

Start = Callable[..., ChatServer]

TEXTS = [
    "x",
    'quotes " and \\ and /',
    "lines\r\n\tand \u0000 controls \u001b[31m",
    "ü € 😀 \u2028 \ufeff \u202e",
    "</script><!--",
    "x" * 2000,
    "😀" * 2000,
]


class SayChecks:
    def test_what_is_said_is_acknowledged_and_reaches_all(
        self, server: ChatServer, join: Join
    ) -> None:
        ann, bob = join(server, "Ann"), join(server, "Bob")
        id = ann.said(7, "hello")
        message = {
            "type": "message",
            "id": id,
            "client": "client-Ann",
            "seq": 7,
            "name": "Ann",
            "text": "hello",
        }
        assert ann.next("message") == message
        assert bob.next("message") == message

    def test_one_hears_oneself(self, server: ChatServer, join: Join) -> None:
        ann = join(server, "Ann")
        ann.say(1)
        assert ann.next("ack")["id"] == ann.next("message")["id"]

    def test_texts_arrive_as_they_were_said(self, server: ChatServer, join: Join) -> None:
        ann, bob = join(server, "Ann"), join(server, "Bob")
        for seq, text in enumerate(TEXTS, 1):
            ann.said(seq, text)
        assert bob.texts(len(TEXTS)) == TEXTS
        assert join(server, "Eve").texts(len(TEXTS)) == TEXTS

    def test_names_arrive_as_they_are(self, server: ChatServer, join: Join) -> None:
        name = '"\\ 😀 <b>' + "ü" * 24
        assert len(name) == 32
        ann = join(server, name, client="A-client")
        assert ann.joined["members"] == [{"client": "A-client", "name": name}]
        ann.said(1)
        assert join(server, "Bob").next("message")["name"] == name

    def test_what_is_said_again_is_stored_once(
        self, server: ChatServer, join: Join, redis: RedisServer
    ) -> None:
        ann = join(server, "Ann")
        first, second = ann.said(1, "a"), ann.said(2, "b")
        assert ann.said(2, "b") == second
        assert first != second
        again = join(server, "Ann")
        assert again.said(2, "b") == second
        again.said(3, "c")
        assert redis.run("XLEN", "chat:{lobby}:log") == "3"
        assert join(server, "Bob").texts(3) == ["a", "b", "c"]

    def test_what_is_said_at_once_keeps_its_order(self, server: ChatServer, join: Join) -> None:
        ann, bob = join(server, "Ann"), join(server, "Bob")
        for seq in range(1, 201):
            ann.say(seq, str(seq))
        assert [ann.next("ack")["seq"] for _ in range(200)] == list(range(1, 201))
        assert bob.texts(200) == [str(seq) for seq in range(1, 201)]

    def test_join_and_say_may_be_sent_without_waiting(
        self, server: ChatServer, join: Join
    ) -> None:
        with open_socket(server) as socket:
            client = {"room": "lobby", "name": "Ann", "client": "client-Ann"}
            socket.send(json.dumps({"type": "join", **client}))
            socket.send(json.dumps({"type": "say", "seq": 1, "text": "early"}))
            assert json.loads(socket.recv(timeout=10))["type"] == "joined"
            assert join(server, "Bob").texts(1) == ["early"]

    def test_the_largest_seq_is_stored(self, server: ChatServer, join: Join) -> None:
        ann = join(server, "Ann")
        ann.said(2**53 - 2)
        ann.said(2**53 - 1)
        assert join(server, "Bob").next("message")["seq"] == 2**53 - 2

    def test_who_says_too_much_is_refused(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address, "--burst", "5", "--rate", "1")
        ann = join(server, "Ann")
        for seq in range(1, 9):
            ann.say(seq, str(seq))
        assert [ann.next("ack")["seq"] for _ in range(5)] == [1, 2, 3, 4, 5]
        assert [
            (frame["seq"], frame["reason"]) for frame in (ann.next("refused") for _ in range(3))
        ] == [(6, "rate"), (7, "rate"), (8, "rate")]
        assert server.metric('chat_refused_total{reason="rate"}') == 3
        time.sleep(4)
        for seq in (6, 7, 8):
            ann.said(seq, str(seq))
        assert join(server, "Bob").texts(8) == [str(seq) for seq in range(1, 9)]

    def test_a_refused_message_is_not_overtaken(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address, "--burst", "2", "--rate", "1")
        ann = join(server, "Ann")
        for seq in (1, 2, 3):
            ann.say(seq)
        assert ann.next("refused")["seq"] == 3
        time.sleep(2.1)
        ann.say(4)
        assert ann.next("refused")["seq"] == 4
        ann.said(3)
        ann.said(4)

    def test_say_before_join_is_closed_with_1008(self, server: ChatServer) -> None:
        with open_socket(server) as socket:
            socket.send(json.dumps({"type": "say", "seq": 1, "text": "x"}))
            assert close_code(socket) == 1008

    def test_messages_are_compressed_if_that_was_agreed(
        self, server: ChatServer, join: Join
    ) -> None:
        ann, bob, eve = (
            join(server, name, compression=compression)
            for name, compression in (("Ann", "deflate"), ("Bob", "deflate"), ("Eve", None))
        )
        ann.said(1, "x" * 2000)
        for client in (ann, bob, eve):
            assert client.texts(1) == ["x" * 2000]
        metrics = server.metrics()
        before = metrics["chat_compression_input_bytes_total"]
        after = metrics["chat_compression_output_bytes_total"]
        assert before > 2000 > after > 0

    def test_compression_can_be_declined(
        self, start: Start, redis: RedisServer, join: Join
    ) -> None:
        server = start("--redis", redis.address, "--no-compression")
        ann = join(server, "Ann", compression="deflate")
        assert ann.socket.response is not None
        assert "Sec-WebSocket-Extensions" not in ann.socket.response.headers
        ann.said(1, "x" * 2000)
        assert server.metric("chat_compression_output_bytes_total") == 0
