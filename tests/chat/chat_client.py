"""A client of the chat."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
from chat_server import PATIENCE, ChatServer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

Frame = dict[str, Any]


def open_socket(server: ChatServer, **options: Any) -> ClientConnection:
    """A WebSocket that has not joined a room."""
    options.setdefault("subprotocols", [Subprotocol("wscodec-chat")])
    options.setdefault("max_queue", None)  # else close() waits for messages to be taken
    return connect(server.url, proxy=None, legacy=True, open_timeout=PATIENCE, **options)


class ChatClient:
    """Joins a room; `client` is made of the name if it is absent."""

    def __init__(
        self,
        server: ChatServer,
        name: str,
        room: str = "lobby",
        client: str | None = None,
        after: str | None = None,
        **options: Any,
    ) -> None:
        self.name, self.client = name, client or f"client-{name}"
        self.passed_over: list[Frame] = []
        self.socket = open_socket(server, **options)
        self.send_join(room, after)
        self.joined = self.receive()
        assert self.joined["type"] == "joined", self.joined

    def join(self, room: str, after: str | None = None) -> None:
        """Joins another room, or the same again."""
        self.send_join(room, after)
        self.joined = self.next("joined")
        self.passed_over.clear()

    def send_join(self, room: str, after: str | None = None) -> None:
        message = {"type": "join", "room": room, "name": self.name, "client": self.client}
        self.send(**message, **({"after": after} if after else {}))

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message, ensure_ascii=False))

    def say(self, seq: int, text: str = "hello") -> None:
        self.send(type="say", seq=seq, text=text)

    def said(self, seq: int, text: str = "hello") -> str:
        """Says it, and waits until it is acknowledged. Returns its ID."""
        self.say(seq, text)
        return cast(str, self.next("ack", seq=seq)["id"])

    def receive(self, seconds: float = PATIENCE) -> Frame:
        return cast(Frame, json.loads(self.socket.recv(timeout=seconds)))

    def next(self, kind: str, seconds: float = PATIENCE, **members: Any) -> Frame:
        """The next one of this type with these members. Others are kept for later."""

        def fits(frame: Frame) -> bool:
            return frame["type"] == kind and members.items() <= frame.items()

        for index, frame in enumerate(self.passed_over):
            if fits(frame):
                return self.passed_over.pop(index)
        deadline = time.monotonic() + seconds
        while not fits(frame := self.receive(max(0, deadline - time.monotonic()))):
            self.passed_over.append(frame)
        return frame

    def texts(self, count: int, seconds: float = PATIENCE) -> list[str]:
        """The texts of the next messages. Their IDs must grow."""
        frames = [self.next("message", seconds) for _ in range(count)]
        ids = [order(frame["id"]) for frame in frames]
        assert ids == sorted(set(ids)), ids
        return [frame["text"] for frame in frames]

    def is_silent(self, kind: str = "message", seconds: float = 0.3) -> bool:
        """Whether nothing of this type comes."""
        try:
            self.next(kind, seconds)
        except TimeoutError:
            return True
        return False

    def members(self) -> set[str]:
        return {member["client"] for member in self.joined["members"]}

    def close(self) -> None:
        self.socket.close()

    def close_code(self, seconds: float = PATIENCE) -> int:
        """The code with which the server closes; what comes before is lost."""
        return close_code(self.socket, seconds)


def close_code(socket: ClientConnection, seconds: float = PATIENCE) -> int:
    deadline = time.monotonic() + seconds
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(timeout=max(0, deadline - time.monotonic()))
    return closed.value.rcvd.code if closed.value.rcvd else 1006


def order(id: str) -> tuple[int, int]:
    ms, number = id.split("-")
    return int(ms), int(number)


Join = Callable[..., ChatClient]
