"""The conversation that clients have with echo servers, whoever wrote either."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple

MIB = 1024 * 1024
PATIENCE = 10

OFFERED = ("superchat", "chat")
"""The subprotocols that clients offer. Servers that choose prefer chat."""

MESSAGES: tuple[str | bytes, ...] = (
    "Hellö, Wörld 🎉",
    "",
    b"",
    b"\x00\xff",
    "x" * 1023,
    "ä" * 5000,
    bytes(range(256)) * 300,
    bytes(MIB),
)
FRAGMENTS = ("Hel", "lo ", "Wörld 🎉" * 500)
"""Of one message, which is sent after the others; then comes a ping, whose pong is awaited."""

EXPECTED = [*MESSAGES, "".join(FRAGMENTS)]

CLOSE_CODE, CLOSE_REASON = 4321, "bye"
"""With these the client closes."""


class Certificate(NamedTuple):
    """Its files."""

    cert: str
    key: str
    ca: str
    """The certificate that clients trust."""


@dataclass(frozen=True)
class Visit:
    """What a client is to connect to, and how."""

    url: str
    cafile: str | None = None
    """The certificate to trust, for wss."""
    compression: bool = False
    """Whether the client offers it."""

    def context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.cafile) if self.cafile else None

    def options(self) -> dict[str, Any]:
        """For connect() of websockets, and of wscodec."""
        return {
            "ssl": self.context(),
            "subprotocols": OFFERED,
            "compression": "deflate" if self.compression else None,
            "max_size": None,
            "proxy": None,
        }


@dataclass
class Seen:
    """What a client has seen."""

    subprotocol: str | None = None
    compression: bool = False
    """Whether it was agreed."""
    echoes: list[str | bytes] = field(default_factory=list)
    close_code: int | None = None


Client = Callable[[Visit], Seen]
"""Has the conversation."""


# With the methods that the clients of websockets have, and those of wscodec


async def talk(client: Any, compression: bool) -> Seen:
    seen = Seen(client.subprotocol, compression)
    for message in (*MESSAGES, FRAGMENTS):
        await client.send(message)
        seen.echoes.append(await client.recv())
    await (await client.ping("payload"))
    await client.close(CLOSE_CODE, CLOSE_REASON)
    seen.close_code = client.close_code
    return seen


def talk_in_thread(client: Any, compression: bool) -> Seen:
    seen = Seen(client.subprotocol, compression)
    for message in (*MESSAGES, FRAGMENTS):
        client.send(message)
        seen.echoes.append(client.recv(PATIENCE))
    assert client.ping("payload").wait(PATIENCE)
    client.close(CLOSE_CODE, CLOSE_REASON)
    seen.close_code = client.close_code
    return seen
