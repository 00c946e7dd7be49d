"""A TCP proxy that does to connections what networks, and other proxies, do to them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import socket
import struct
from collections import Counter

ENDS = ("none", "cuts", "resets", "half-closes", "silences")
"""What may happen to a connection. One that is silent stays open, but passes nothing on."""
CORRUPTION = "corruptions"

SILENCE = 6.0
"""Seconds, within which both ends should have noticed by their pings."""

HEAD_END = b"\r\n\r\n"


def reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection with an RST, which may overtake data."""
    with contextlib.suppress(OSError):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Link:
    """A client's connection and the one to the server."""

    def __init__(
        self,
        ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        fate: str,
        dice: random.Random,
        faults: Counter[str],
    ) -> None:
        self.ends, self.fate, self.dice, self.faults = ends, fate, dice, faults
        most = 3000 if fate == CORRUPTION else dice.choice((3_000, 200_000, 5_000_000))
        self.left = dice.randrange(most)
        """Bytes until its fate."""
        self.ended: set[asyncio.StreamWriter] = set()
        """Ends to which nothing more is passed on."""
        self.flows = asyncio.Event()
        self.flows.set()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes on what one end sends, and its end."""
        head, opened = b"", False
        with contextlib.suppress(OSError):
            while data := await reader.read(self.dice.choice((100, 65536))):
                if opened:
                    data = self.corrupted(data)
                else:
                    head += data
                    opened = HEAD_END in head
                await self.delay()
                await self.pass_on(data, writer)
                self.left -= len(data)
                if self.left <= 0 and self.fate in ENDS[1:]:
                    await self.strike()
            self.end(writer)

    async def delay(self) -> None:
        await self.flows.wait()
        if self.dice.random() < 0.02:
            self.faults["delays"] += 1
            await asyncio.sleep(self.dice.random() / 10)

    async def pass_on(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        """In one piece, or in many short ones."""
        size = len(data)
        if size <= 2000 and self.dice.random() < 0.3:
            self.faults["splits"] += 1
            size = self.dice.choice((1, 2, 3, 10, 100))
        for i in range(0, len(data), size):
            if writer in self.ended or writer.transport.is_closing():
                return
            writer.write(data[i : i + size])
            await writer.drain()
            await asyncio.sleep(0)

    async def strike(self) -> None:
        fate, self.fate = self.fate, "none"
        self.faults[fate] += 1
        if fate == "cuts":
            for end in self.ends:
                end.close()
        elif fate == "half-closes":
            self.end(self.dice.choice(self.ends))
        else:
            if fate == "silences":
                self.flows.clear()
                await asyncio.sleep(SILENCE)
                self.flows.set()
            for end in self.ends:
                reset(end)

    def end(self, writer: asyncio.StreamWriter) -> None:
        if writer not in self.ended:
            self.ended.add(writer)
            writer.write_eof()

    def corrupted(self, data: bytes) -> bytes:
        """Inverts the highest bit of a byte, once."""
        if self.fate != CORRUPTION or self.left > 0:
            return data
        self.fate = "none"
        self.faults[CORRUPTION] += 1
        at = self.dice.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :]


class Proxy:
    """Listens for clients of a server."""

    def __init__(self, server: int, fates: tuple[str, ...], dice: random.Random) -> None:
        self.server, self.dice = server, dice
        self.fates = itertools.cycle(fates)
        """In turn, so that none is rare."""
        self.faults: Counter[str] = Counter()
        self.links: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Returns the port for clients."""
        self.listener = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        port: int = self.listener.sockets[0].getsockname()[1]
        return port

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self.serve(reader, writer))
        self.links.add(task)
        task.add_done_callback(self.links.discard)

    async def serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_connection("127.0.0.1", self.server)
        link = Link((client, server), next(self.fates), self.dice, self.faults)
        try:
            await asyncio.gather(link.pump(reader, server), link.pump(answers, client))
        finally:
            client.close()
            server.close()

    async def stop(self) -> None:
        self.listener.close()
        for task in set(self.links):
            task.cancel()
        await asyncio.gather(*self.links, return_exceptions=True)
