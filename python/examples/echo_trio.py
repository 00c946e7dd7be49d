#!/usr/bin/env python3
"""A WebSocket echo server on trio, which also says hello to a plain GET.

wscodec has servers for asyncio and for threads; for any other event loop there is its layer
without input and output, wscodec.Connection. It turns bytes into messages and messages into
bytes; this file decides when to read, how to reply and when to give up.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import math
import signal

import echo_options
import trio
import wscodec
from wscodec import CloseCode, Message, State

PROTOCOLS = "chat, superchat"
MAX_MESSAGE = 16 * 1024 * 1024
TEXT_PLAIN = ("Content-Type", "text/plain")
HELLO = b"Hello, World!\n"
PIECE = 65536  # most bytes to read or write at a time
GOODBYE_SECONDS = 2  # for the peers to close after a signal to stop
QUIET_SECONDS = 0.001


class Ended(Exception):
    """The peer has ended its stream."""


class Gone(Exception):
    """The peer does not answer."""


class Stopping(Exception):
    """The server stops."""


class EchoServer:
    """The state that all connections share."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.deflate = echo_options.compression(options)
        self.tls = echo_options.tls(options)
        self.peers: set[Peer] = set()
        self.is_stopping = False

    async def run(self) -> None:
        """Serves until SIGINT or SIGTERM, then closes all connections."""
        listeners = await self.listen()
        accept = functools.partial(trio.serve_listeners, self.serve, listeners)
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async with trio.open_nursery() as serving:
                async with trio.open_nursery() as accepting:
                    accepting.start_soon(functools.partial(accept, handler_nursery=serving))
                    await signals.__anext__()
                    accepting.cancel_scope.cancel()
                self.is_stopping = True
                for peer in self.peers:
                    peer.reading.cancel()
                serving.cancel_scope.deadline = trio.current_time() + GOODBYE_SECONDS

    async def listen(self) -> list[trio.SocketListener]:
        options = self.options
        listeners = await trio.open_tcp_listeners(options.port, host=options.host, backlog=1024)
        scheme = "https" if self.tls else "http"
        for listener in listeners:
            host, port = listener.socket.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host
            print(f"listening on {scheme}://{host}:{port}", flush=True)
        return listeners

    async def serve(self, tcp: trio.SocketStream) -> None:
        peer = Peer(self, tcp)
        self.peers.add(peer)
        try:
            with contextlib.suppress(Ended):
                if await peer.shake_hands():
                    await peer.echo()
            await peer.hang_up()
        except (Gone, Stopping, OSError, trio.BrokenResourceError, trio.TooSlowError):
            pass
        finally:
            self.peers.discard(peer)
            await trio.aclose_forcefully(tcp)


class Peer:
    """One peer: first its head, then its frames, then the wait until it closes."""

    connection: wscodec.Connection

    def __init__(self, server: EchoServer, tcp: trio.SocketStream) -> None:
        self.server = server
        self.tcp = tcp
        self.tls = trio.SSLStream(tcp, server.tls, server_side=True) if server.tls else None
        self.stream = self.tls or tcp
        self.reading = trio.CancelScope()
        self.handshake_timeout: float = server.options.handshake_timeout
        self.ping_interval: float = server.options.ping_interval or math.inf

    async def read(self, seconds: float = math.inf) -> bytes | None:
        """What came; None if nothing came in time. Raises Ended and Stopping."""
        data = None
        if not self.server.is_stopping:
            with trio.move_on_after(seconds) as self.reading:
                data = bytes(await self.stream.receive_some(PIECE))
        if data is None and self.server.is_stopping:
            raise Stopping
        if data == b"":
            raise Ended
        return data

    async def write(self, data: bytes) -> None:
        """Raises TooSlowError if the peer does not read."""
        for start in range(0, len(data), PIECE):
            with trio.fail_after(self.ping_interval):
                await self.stream.send_all(data[start : start + PIECE])

    # The opening handshake

    async def shake_hands(self) -> bool:
        """Whether the peer is now to send frames: else it got the response that it asked for
        or deserves."""
        head = bytearray()
        with trio.fail_after(self.handshake_timeout):
            error = await self.read_head(head)
        if error:
            await self.write(response(error.http_status, f"{error}\n".encode()))
            return False
        accepted = wscodec.Connection.accept(
            head,
            protocols=PROTOCOLS,
            deflate=self.server.deflate,
            compress_from=self.server.options.compress_from,
            max_message=MAX_MESSAGE,
        )
        if isinstance(accepted.error, wscodec.NotUpgrade):
            await self.write(response_to(accepted.error.request))
        else:
            await self.write(accepted.reply)
        if accepted.connection:
            self.connection = accepted.connection
            self.connection.receive_data(head[accepted.head_len :])  # the first frames
        return accepted.connection is not None

    async def read_head(self, head: bytearray) -> wscodec.WsError | None:
        """Reads until the head is complete, or returns what is wrong with it."""
        length, scanned = 0, 0
        while not length:
            head += await self.read() or b""
            try:
                length, scanned = wscodec.head_length(head, scanned)
            except wscodec.WsError as error:
                return error
        return None

    # Messages

    async def echo(self) -> None:
        """Sends every message back, until the connection is closed."""
        is_silent = False
        try:
            while await self.answer():
                data = await self.read(self.ping_interval)
                if data:
                    self.connection.receive_data(data)
                elif is_silent:
                    raise Gone
                else:
                    self.connection.ping()
                is_silent = data is None
        except Stopping:
            self.connection.close(CloseCode.GOING_AWAY)
            await self.write(self.connection.data_to_send())
            await self.wait_for_close()

    async def answer(self) -> bool:
        """Echoes the messages received: together, unless they are long. Returns whether more
        may come."""
        size = 0
        try:
            for event in self.connection.events():
                if isinstance(event, Message):
                    self.connection.send(event.opcode, event.data)
                    size += len(event.data)
                if size >= PIECE:
                    size = 0
                    await self.write(self.connection.data_to_send())
        except wscodec.WsError:
            pass  # data_to_send() has the close frame that reports it
        await self.write(self.connection.data_to_send())
        return self.connection.state < State.CLOSED

    # The end

    async def wait_for_close(self) -> None:
        """Reads until the peer has closed, too. The messages that it still sends are too
        late."""
        with contextlib.suppress(wscodec.WsError):
            while self.connection.state < State.CLOSED:
                data = bytes(await self.stream.receive_some(PIECE))
                if not data:
                    raise Ended
                self.connection.receive_data(data)
                for _ in self.connection.events():
                    pass

    async def hang_up(self) -> None:
        """Ends our side, then reads and discards until the peer closes: to close the socket at
        once can destroy bytes in transit (RFC 6455, 7.1.1)."""
        with trio.move_on_after(self.handshake_timeout):
            if self.tls:
                with trio.move_on_after(QUIET_SECONDS) as quiet:
                    while await self.tls.receive_some(PIECE):
                        quiet.deadline = trio.current_time() + QUIET_SECONDS
                with contextlib.suppress(trio.BrokenResourceError):  # the peer sends more
                    await self.tls.unwrap()  # sends a close_notify, if no input is left
            await self.tcp.send_eof()
            while await self.tcp.receive_some(PIECE):
                pass


def response_to(request: wscodec.Handshake) -> bytes:
    """The response to plain HTTP."""
    if request.method == "GET":
        return response(200, HELLO)
    if request.method == "HEAD":
        return wscodec.build_reply(200, [TEXT_PLAIN, ("Content-Length", str(len(HELLO)))])
    return response(405, b"", ("Allow", "GET, HEAD"))


def response(status: int, body: bytes, *headers: tuple[str, str]) -> bytes:
    return wscodec.build_reply(status, [TEXT_PLAIN, *headers], body)


def main() -> None:
    trio.run(EchoServer(echo_options.parse()).run)


if __name__ == "__main__":
    main()
