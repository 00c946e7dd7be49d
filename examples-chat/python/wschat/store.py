"""What is in Redis: the keys, the scripts, the commands."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, Redis, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from .protocol import NONE, Id, Join, Say, client_of, id_from

__all__ = ["Address", "Entry", "RedisError", "ResponseError", "Store", "StoreError"]

SCRIPTS = Path(__file__).parents[2] / "redis"
KEPT = 10_000
"""How many messages a room keeps."""

PAGE = 200
"""How many messages are read at once."""

PATIENCE = 2
"""Seconds for a command."""

CONNECTIONS = 16

StoreError = (RedisError, OSError)
"""What the methods raise if Redis cannot be reached, or refuses."""

Entry = tuple[Id, bytes]
"""A message: its ID, and the JSON from the member "client" on; b"" for an entry of others."""


@dataclass(frozen=True)
class Address:
    """Where Redis is."""

    host: str = "127.0.0.1"
    port: int = 6379
    path: str | None = None
    """A Unix socket, instead of host and port."""
    password: str | None = None

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"

    def connection_class(self) -> type[Connection] | type[UnixDomainSocketConnection]:
        return UnixDomainSocketConnection if self.path else Connection

    def arguments(self) -> dict[str, Any]:
        """For a connection. The chat retries itself: it has to know when one was lost."""
        where = {"path": self.path} if self.path else {"host": self.host, "port": self.port}
        return {
            **where,
            "password": self.password,
            "protocol": 2,
            "socket_timeout": PATIENCE,
            "socket_connect_timeout": PATIENCE,
            "retry": Retry(NoBackoff(), 0),
        }

    def connection(self) -> Any:
        """A connection that is not connected yet."""
        return self.connection_class()(**self.arguments())


def channel_of(room: str) -> str:
    return f"chat:{{{room}}}"


def room_of(channel: bytes) -> str:
    return channel.decode()[len("chat:{") : -1]


def _key(room: str, *parts: str) -> str:
    return ":".join((channel_of(room), *parts))


class Store:
    """The commands. All raise what StoreError contains.

    expires  Seconds until a member whose process is silent is removed.
    """

    def __init__(self, address: Address, expires: float) -> None:
        self.expires = expires
        pool = BlockingConnectionPool(
            max_connections=CONNECTIONS,
            timeout=PATIENCE,
            connection_class=address.connection_class(),
            **address.arguments(),
        )
        self._redis: Any = Redis.from_pool(pool)
        self.on_readonly: Callable[[], object] | None = None
        """Called when Redis cannot write any more: another one may have taken over."""
        self._say = self._script("say")
        self._enter = self._script("enter")
        self._leave = self._script("leave")
        self._sweep = self._script("sweep")
        self._extend = self._script("extend")

    def _script(self, name: str) -> Callable[..., Awaitable[Any]]:
        script = self._redis.register_script((SCRIPTS / f"{name}.lua").read_text())

        async def run(keys: Collection[str], arguments: Collection[Any]) -> Any:
            try:
                return await script(keys, arguments)
            except ReadOnlyError:
                await self._redis.connection_pool.disconnect(inuse_connections=False)
                if self.on_readonly is not None:
                    self.on_readonly()
                raise

        return run

    async def close(self) -> None:
        await self._redis.aclose()

    # Messages

    async def say(self, join: Join, say: Say) -> str:
        """Stores and publishes a message, unless it is stored already. Returns its ID."""
        keys = (
            _key(join.room, "log"),
            _key(join.room, "said", join.client),
            _key(join.room),
        )
        id: bytes = await self._say(keys, (say.seq, say.message(join), KEPT))
        return id.decode()

    async def newest(self, room: str) -> Id:
        """The ID of the last message; NONE if there is none."""
        entries = await self._redis.xrevrange(_key(room, "log"), count=1)
        return id_from(entries[0][0].decode()) if entries else NONE

    async def last(self, room: str, count: int, until: Id) -> list[Entry]:
        """The last messages up to an ID."""
        entries = await self._redis.xrevrange(_key(room, "log"), str(until), "-", count)
        return _entries(reversed(entries))

    async def after(self, room: str, after: Id, until: Id | None) -> tuple[bool, list[Entry]]:
        """Some of the messages after an ID, up to another one. Also whether the first one is
        still stored: if not, there may be messages between it and what is returned."""
        last = "+" if until is None else str(until)
        found = await self._redis.xrange(_key(room, "log"), str(after), last, PAGE)
        entries = _entries(found)
        if entries and entries[0][0] == after:
            return True, entries[1:]
        return False, entries

    # Members

    async def enter(self, join: Join, connection: str, *, again: bool = False) -> None:
        """Adds a member.

        again  It has entered before, so another connection that it has by now is newer.
        """
        arguments = (
            join.client,
            connection,
            self._expiry(),
            join.member,
            "again" if again else "",
        )
        await self._enter(_presence(join.room), arguments)

    async def leave(self, join: Join, connection: str) -> None:
        """Removes a member, unless it has another connection by now."""
        await self._leave(_presence(join.room), (join.client, connection))

    async def sweep(self, room: str) -> None:
        """Removes the members that have expired."""
        await self._sweep(_presence(room), (int(time.time()),))

    async def extend(self, room: str, clients: list[str]) -> list[str]:
        """Extends the time of members. Returns those that Redis does not know any more."""
        who, here, _ = _presence(room)
        missing = await self._extend((who, here), (self._expiry(), *clients))
        return [client.decode() for client in missing]

    def _expiry(self) -> int:
        return int(time.time() + self.expires)

    async def members(self, room: str) -> dict[str, bytes]:
        """The members, as Join.member returns them, by client."""
        entries = await self._redis.hvals(_key(room, "who"))
        members = (member for _, brace, member in map(_split, entries) if brace)
        return {client_of(member): member for member in members}


def _presence(room: str) -> tuple[str, ...]:
    return _key(room, "who"), _key(room, "here"), _key(room)


def _split(entry: bytes) -> tuple[bytes, bytes, bytes]:
    """The connection, the brace, and Join.member; without a brace, it is of others."""
    return entry.partition(b" {")


def _entries(found: Iterable[Any]) -> list[Entry]:
    return [(id_from(id.decode()), fields.get(b"message", b"")) for id, fields in found]
