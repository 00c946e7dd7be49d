"""A room, and who gets what happens there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from . import protocol
from .connection import ChatConnection
from .protocol import NONE, Enter, Id, Join, Leave, Message


class Room:
    """The connections of this process in a room.

    A connection first holds the room. It is present from `joined` on, and then gets who comes
    and goes. Once it has the messages up to `last` it is live, and gets those that follow.
    """

    def __init__(
        self, name: str, send: Callable[[Collection[ChatConnection], bytes], None]
    ) -> None:
        self.name, self._send = name, send
        self.last = NONE
        """The last message that was passed on: all live connections have it."""
        self.members: dict[str, bytes] = {}
        """Who is in the room, in all processes: what Join.member returns, by client."""
        self.ready = asyncio.Event()
        """Set while nothing that is published can be missed."""
        self.is_new = True
        """Whether it was never ready."""
        self.holders: set[ChatConnection] = set()
        self.present: dict[ChatConnection, Join] = {}
        self._live: set[ChatConnection] = set()
        self._ahead: dict[ChatConnection, Id] = {}

    # Connections

    def add_present(self, connection: ChatConnection, join: Join) -> None:
        self.present[connection] = join

    def add_live(self, connection: ChatConnection, last: Id) -> None:
        """The connection has the messages up to `last`: that of the room, or a later one."""
        if last > self.last:
            self._ahead[connection] = last
        else:
            self._live.add(connection)

    def remove(self, connection: ChatConnection) -> None:
        self.holders.discard(connection)
        self.present.pop(connection, None)
        self._live.discard(connection)
        self._ahead.pop(connection, None)

    # What happens

    def published(self, data: bytes) -> None:
        """This was published. Raises ValueError if it is invalid."""
        event = protocol.event_from(data)
        if isinstance(event, Message):
            self.pass_on(event.id, data)
            return
        if isinstance(event, Enter):
            self.members[event.client] = event.member
        elif isinstance(event, Leave):
            self.members.pop(event.client, None)
        self._send(self.present, data)

    def pass_on(self, id: Id, message: bytes) -> None:
        """Sends a message to those that do not have it yet."""
        if id <= self.last:
            return
        self.last = id
        self._send(self._live, message)
        for connection, has in list(self._ahead.items()):
            if has <= id:
                del self._ahead[connection]
                self._live.add(connection)
            if has < id:
                self._send((connection,), message)

    def set_members(self, members: dict[str, bytes]) -> None:
        """Replaces the members, after events may have been missed."""
        self.members = members
        if self.present:
            self._send(self.present, protocol.members(members.values()))
