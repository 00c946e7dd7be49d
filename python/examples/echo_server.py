#!/usr/bin/env python3
"""A WebSocket echo server on asyncio, and a plain GET's hello.

The package turns bytes into frames and frames into bytes; everything here is what a server
adds: when to read, what to answer, when to give up.
"""

from __future__ import annotations

import argparse
import asyncio
import signal

import wscodec
from wscodec import CloseCode, Frame, Opcode

PROTOCOLS = "chat, superchat"
MAX_MESSAGE = 16 * 1024 * 1024
TEXT_PLAIN = ("Content-Type", "text/plain")
HELLO = b"Hello, World!\n"
GOODBYE_SECONDS = 2  # for the peers to close, once we were told to stop


class EchoServer:
    """What all connections share."""

    def __init__(self, handshake_timeout: float) -> None:
        self.handshake_timeout = handshake_timeout
        self.connections: set[Connection] = set()
        self.empty = asyncio.Event()

    async def run(self, host: str, port: int) -> None:
        """Serves until SIGINT or SIGTERM, then says goodbye to everybody."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        server = await loop.create_server(lambda: Connection(self), host, port, backlog=1024)
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


class Connection(asyncio.Protocol):
    """One connection: a head, then frames, then waiting for the peer to hang up.

    `receive` is the method for the bytes of the present phase. All replies to the bytes of
    one read are collected, and leave in one write.
    """

    transport: asyncio.Transport
    timer: asyncio.TimerHandle

    def __init__(self, server: EchoServer) -> None:
        self.server = server
        self.receive = self.on_head
        self.head = bytearray()
        self.replies: list[bytes] = []
        self.decoder = wscodec.Decoder(max_payload=MAX_MESSAGE)
        self.message = bytearray()  # of a message that is not complete
        self.opcode = Opcode.BINARY  # of the message
        self.text = wscodec.Utf8Validator()  # of the message
        self.control = bytearray()  # of a control frame that is not complete

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.connections.add(self)
        self.start_timer()

    def data_received(self, data: bytes) -> None:
        self.receive(data)
        self.flush()

    def pause_writing(self) -> None:
        """The peer does not read what we send: we do not read what it sends."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
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
            request = wscodec.parse_handshake(self.head)
        except wscodec.NotUpgrade as error:
            self.on_request(error.request)
        except wscodec.WsError as error:
            self.refuse(error.http_status, f"{error}\n".encode())
        else:
            if request:
                self.on_upgrade(request)

    def on_request(self, request: wscodec.Handshake) -> None:
        """Plain HTTP."""
        if request.method == "GET":
            self.refuse(200, HELLO)
        elif request.method == "HEAD":
            self.refuse(200, HELLO)
            self.replies[-1] = self.replies[-1][: -len(HELLO)]
        else:
            self.refuse(405, b"", ("Allow", "GET, HEAD"))

    def refuse(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.replies.append(wscodec.build_reply(status, [TEXT_PLAIN, *headers], body))
        self.hang_up()

    def on_upgrade(self, request: wscodec.Handshake) -> None:
        protocol = wscodec.select_protocol(request.head, PROTOCOLS)
        self.replies.append(wscodec.build_response(request.key, protocol=protocol))
        self.timer.cancel()
        first_frames = bytes(self.head[len(request.head) :])
        self.head.clear()
        self.receive = self.on_frames
        self.on_frames(first_frames)

    # Frames

    def on_frames(self, data: bytes) -> None:
        try:
            for frame in self.decoder.feed(data):
                if frame.opcode.is_control:
                    self.on_control_chunk(frame)
                else:
                    self.on_data_chunk(frame)
                if self.receive != self.on_frames:
                    return  # what comes after a close does not matter
        except wscodec.WsError as error:
            self.close(error.close_code)

    def on_data_chunk(self, frame: Frame) -> None:
        last = frame.fin and frame.end
        if frame.opcode != Opcode.CONTINUATION and frame.begin:
            self.opcode = frame.opcode
            self.text = wscodec.Utf8Validator()
        if len(self.message) + frame.payload_len - frame.chunk_pos > MAX_MESSAGE:
            self.close(CloseCode.TOO_BIG)
            return
        if self.opcode == Opcode.TEXT:
            self.text.push(frame.payload)
            if last and not self.text.complete:
                self.close(CloseCode.INVALID_DATA)
                return
        if last and not self.message:  # it came in one piece
            self.send(self.opcode, frame.payload)
            return
        self.message += frame.payload
        if last:
            self.send(self.opcode, self.message)
            self.message = bytearray()

    def on_control_chunk(self, frame: Frame) -> None:
        """A control frame may be cut in two by the end of a read, like any other."""
        self.control += frame.payload
        if frame.end:
            payload, self.control = self.control, bytearray()
            if frame.opcode == Opcode.PING:
                self.send(Opcode.PONG, payload)
            elif frame.opcode == Opcode.CLOSE:
                self.close(wscodec.close_parse(payload).code)

    def send(self, opcode: Opcode, payload: bytes | bytearray) -> None:
        self.replies.append(wscodec.frame_encode(opcode, payload))

    # The end

    def close(self, code: int) -> None:
        """Sends a close frame, the answer to the peer's or the first of the two."""
        self.send(Opcode.CLOSE, wscodec.close_build(code))
        self.hang_up()

    def go_away(self) -> None:
        """The server stops."""
        if self.receive == self.on_head:
            self.transport.abort()
        elif self.receive == self.on_frames:
            self.close(CloseCode.GOING_AWAY)
            self.flush()

    def hang_up(self) -> None:
        """All was said. From now on read and discard until the peer hangs up too: closing
        the socket at once can destroy what is on its way (RFC 6455, 7.1.1)."""
        self.receive = self.on_rest
        self.timer.cancel()
        self.start_timer()

    def on_rest(self, data: bytes) -> None:
        pass

    def flush(self) -> None:
        if self.replies:
            self.transport.write(b"".join(self.replies))
            self.replies.clear()
            if self.receive == self.on_rest:
                self.transport.write_eof()

    def start_timer(self) -> None:
        loop = asyncio.get_running_loop()
        self.timer = loop.call_later(self.server.handshake_timeout, self.transport.abort)


async def serve(host: str, port: int, handshake_timeout: float) -> None:
    await EchoServer(handshake_timeout).run(host, port)


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
    options = parser.parse_args()
    asyncio.run(serve(options.host, options.port, options.handshake_timeout))


if __name__ == "__main__":
    main()
