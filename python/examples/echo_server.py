#!/usr/bin/env python3
"""A WebSocket echo server on asyncio, which also says hello to a plain GET.

The package turns bytes into messages and messages into bytes; this file decides when to read,
how to reply and when to give up.
"""

from __future__ import annotations

import argparse
import asyncio
import signal

import wscodec
from wscodec import CloseCode, Deflate, Message, State

PROTOCOLS = "chat, superchat"
MAX_MESSAGE = 16 * 1024 * 1024
TEXT_PLAIN = ("Content-Type", "text/plain")
HELLO = b"Hello, World!\n"
WRITE_FROM = 65536  # bytes of replies from which they are written
GOODBYE_SECONDS = 2  # for the peers to close after a signal to stop


class EchoServer:
    """The state that all connections share."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.handshake_timeout = options.handshake_timeout
        plain = options.no_compression or not wscodec.library_can_deflate()
        self.deflate = None if plain else Deflate()
        self.compress_from = options.compress_from
        self.connections: set[Peer] = set()
        self.empty = asyncio.Event()

    async def run(self, host: str, port: int) -> None:
        """Serves until SIGINT or SIGTERM, then closes all connections."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        server = await loop.create_server(lambda: Peer(self), host, port, backlog=1024)
        for socket in server.sockets:
            name, number = socket.getsockname()[:2]
            name = f"[{name}]" if ":" in name else name
            print(f"listening on http://{name}:{number}", flush=True)
        await stop.wait()
        server.close()
        await self.say_goodbye()

    async def say_goodbye(self) -> None:
        for connection in list(self.connections):
            connection.go_away()
        self.empty.clear()
        if self.connections:
            try:
                await asyncio.wait_for(self.empty.wait(), GOODBYE_SECONDS)
            except asyncio.TimeoutError:
                pass
        for connection in list(self.connections):
            connection.transport.abort()


class Peer(asyncio.Protocol):
    """One peer: first its head, then its frames, then the wait until it closes.

    `receive` is the method that handles bytes in the current phase. The replies to one read are
    sent in one write, unless they are long.
    """

    transport: asyncio.Transport
    timer: asyncio.TimerHandle
    connection: wscodec.Connection

    def __init__(self, server: EchoServer) -> None:
        self.server = server
        self.receive = self.on_head
        self.head = bytearray()
        self.scanned = 0  # bytes of the head
        self.is_slow = False  # it does not read our replies

    # Callbacks of asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.connections.add(self)
        self.start_timer()

    def data_received(self, data: bytes) -> None:
        self.receive(data)

    def pause_writing(self) -> None:
        """The peer does not read our replies: stop reading and replying."""
        self.is_slow = True
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.is_slow = False
        if self.receive == self.on_frames:
            self.answer()
        if not self.is_slow:
            self.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.timer.cancel()
        self.server.connections.discard(self)
        if not self.server.connections:
            self.server.empty.set()

    # The opening handshake

    def on_head(self, data: bytes) -> None:
        self.head += data
        try:
            length, self.scanned = wscodec.head_length(self.head, self.scanned)
        except wscodec.WsError as error:
            self.refuse(error.http_status, f"{error}\n".encode())
        else:
            if length:
                self.on_whole_head()

    def on_whole_head(self) -> None:
        accepted = wscodec.Connection.accept(
            self.head,
            protocols=PROTOCOLS,
            deflate=self.server.deflate,
            compress_from=self.server.compress_from,
            max_message=MAX_MESSAGE,
        )
        if accepted.connection:
            self.connection = accepted.connection
            self.timer.cancel()
            first_frames = bytes(self.head[accepted.head_len :])
            self.head.clear()
            self.receive = self.on_frames
            self.transport.write(accepted.reply)
            self.on_frames(first_frames)
        elif isinstance(accepted.error, wscodec.NotUpgrade):
            self.on_request(accepted.error.request)
        else:
            self.hang_up(accepted.reply)

    def on_request(self, request: wscodec.Handshake) -> None:
        """Plain HTTP."""
        if request.method == "GET":
            self.refuse(200, HELLO)
        elif request.method == "HEAD":
            length = ("Content-Length", str(len(HELLO)))
            self.hang_up(wscodec.build_reply(200, [TEXT_PLAIN, length]))
        else:
            self.refuse(405, b"", ("Allow", "GET, HEAD"))

    def refuse(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.hang_up(wscodec.build_reply(status, [TEXT_PLAIN, *headers], body))

    # Messages

    def on_frames(self, data: bytes) -> None:
        self.connection.receive_data(data)
        self.answer()

    def answer(self) -> None:
        """Echoes the messages received. Those of a slow peer wait until it reads again."""
        size = 0
        try:
            for event in self.connection.events():
                if isinstance(event, Message):
                    self.connection.send(event.opcode, event.data)
                    size += len(event.data)
                if size >= WRITE_FROM:
                    size = 0
                    self.transport.write(self.connection.data_to_send())
                    if self.is_slow:
                        return
        except wscodec.WsError:
            pass  # data_to_send() has the close frame that reports it
        replies = self.connection.data_to_send()
        if self.connection.state >= State.CLOSED:
            self.hang_up(replies)
        elif replies:
            self.transport.write(replies)

    # The end

    def go_away(self) -> None:
        """Closes the connection, since the server stops."""
        if self.receive == self.on_head:
            self.transport.abort()
        elif self.receive == self.on_frames:
            self.connection.close(CloseCode.GOING_AWAY)
            self.hang_up(self.connection.data_to_send())

    def hang_up(self, last_words: bytes) -> None:
        """Sends the last bytes, then reads and discards until the peer closes: to close the
        socket at once can destroy bytes in transit (RFC 6455, 7.1.1)."""
        self.transport.write(last_words)
        self.transport.write_eof()
        self.receive = self.on_rest
        self.timer.cancel()
        self.start_timer()

    def on_rest(self, data: bytes) -> None:
        pass

    def start_timer(self) -> None:
        loop = asyncio.get_running_loop()
        self.timer = loop.call_later(self.server.handshake_timeout, self.transport.abort)


async def serve(options: argparse.Namespace) -> None:
    await EchoServer(options).run(options.host, options.port)


def size(text: str) -> int:
    if int(text) not in range(2**64):
        raise ValueError
    return int(text)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Echoes WebSocket messages of up to 16 MiB; says hello to a plain GET.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="name or address to listen on")
    parser.add_argument("--port", default=8081, type=int, help="0 for a free one")
    parser.add_argument(
        "--handshake-timeout",
        default=10.0,
        type=float,
        metavar="SECONDS",
        help="for opening and closing handshakes",
    )
    parser.add_argument(
        "--no-compression", action="store_true", help="agree to none, whatever is offered"
    )
    parser.add_argument(
        "--compress-from",
        default=wscodec.COMPRESS_FROM,
        type=size,
        metavar="BYTES",
        help="shorter messages are sent uncompressed",
    )
    options = parser.parse_args()
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
