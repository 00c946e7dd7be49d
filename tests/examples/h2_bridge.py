#!/usr/bin/env python3
"""Lets clients that speak only HTTP/1.1 reach a server over HTTP/2.

    h2_bridge.py SERVER [OPTION...]

Starts SERVER with the options, connects to it over HTTP/2 with TLS, and prints "listening on
http://HOST:PORT". Each upgrade that arrives there becomes an extended CONNECT (RFC 8441), and
the bytes of the two connections are exchanged unchanged: the end of one is END_STREAM on the
other, a reset is RST_STREAM. So the Autobahn|Testsuite and the checks of echo_checks.py, which
are TCP clients, test WebSockets over HTTP/2. HTTP/2 is from the library h2.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import struct
import sys

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
from h2_client import trusting

CANCEL = h2.errors.ErrorCodes.CANCEL
MAX_HEAD = 65536
DROPPED = {b"host", b"upgrade", b"connection"}
"""Fields that HTTP/2 does not have."""


class Stream:
    """What arrives: the fields of the response, then its bytes, None at the end, or an
    exception after a reset."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.arrived: asyncio.Queue[list[tuple[bytes, bytes]] | bytes | None | Exception] = (
            asyncio.Queue()
        )


class Tunnel:
    """An HTTP/2 connection to the server."""

    def __init__(self) -> None:
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
        self.streams: dict[int, Stream] = {}
        self.window_opened = asyncio.Event()
        self.ready = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def connect(self, host: str, port: int) -> None:
        context = trusting()
        context.set_alpn_protocols(["h2"])
        self.reader, self.writer = await asyncio.open_connection(host, port, ssl=context)
        assert self.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(2**24)
        self.flush()
        self.task = asyncio.create_task(self.receive())
        await self.ready.wait()
        assert self.h2.remote_settings.enable_connect_protocol == 1

    def has_room(self) -> bool:
        return (
            self.task is not None
            and not self.task.done()
            and self.h2.open_outbound_streams < self.h2.remote_settings.max_concurrent_streams
        )

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    async def receive(self) -> None:
        try:
            while data := await self.reader.read(65536):
                for event in self.h2.receive_data(data):
                    self.on_event(event)
                self.flush()
        finally:
            for stream in self.streams.values():
                stream.arrived.put_nowait(ConnectionResetError())
            self.window_opened.set()

    def on_event(self, event: h2.events.Event) -> None:
        stream = self.streams.get(getattr(event, "stream_id", None) or 0)
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self.ready.set()
        if isinstance(event, h2.events.WindowUpdated | h2.events.RemoteSettingsChanged):
            self.window_opened.set()
        elif not stream:
            pass
        elif isinstance(event, h2.events.ResponseReceived):
            stream.arrived.put_nowait(list(event.headers))
        elif isinstance(event, h2.events.DataReceived):
            extra = event.flow_controlled_length - len(event.data)
            if extra:
                self.h2.acknowledge_received_data(extra, stream.number)
            stream.arrived.put_nowait(event.data)
        elif isinstance(event, h2.events.StreamEnded):
            stream.arrived.put_nowait(None)
        elif isinstance(event, h2.events.StreamReset):
            stream.arrived.put_nowait(ConnectionResetError())
            self.window_opened.set()

    def open(self, fields: list[tuple[bytes, bytes]]) -> Stream:
        stream = Stream(self.h2.get_next_available_stream_id())
        self.streams[stream.number] = stream
        self.h2.send_headers(stream.number, fields)
        self.flush()
        return stream

    async def send(self, stream: Stream, data: bytes) -> None:
        """As fast as the windows and the socket allow."""
        while data:
            self.window_opened.clear()
            size = min(
                self.h2.local_flow_control_window(stream.number),
                self.h2.max_outbound_frame_size,
                len(data),
            )
            if size <= 0:
                await self.window_opened.wait()
                continue
            self.h2.send_data(stream.number, data[:size])
            data = data[size:]
            self.flush()
            await self.writer.drain()

    def end(self, stream: Stream) -> None:
        with contextlib.suppress(h2.exceptions.ProtocolError):
            self.h2.end_stream(stream.number)
        self.flush()

    def reset(self, stream: Stream) -> None:
        with contextlib.suppress(h2.exceptions.ProtocolError):
            self.h2.reset_stream(stream.number, CANCEL)
        self.flush()

    def acknowledge(self, stream: Stream, size: int) -> None:
        with contextlib.suppress(h2.exceptions.ProtocolError):
            self.h2.acknowledge_received_data(size, stream.number)
        self.flush()


class Bridge:
    def __init__(self, host: str, port: int) -> None:
        self.server = (host, port)
        self.tunnels: list[Tunnel] = []
        self.lock = asyncio.Lock()

    async def open(self, fields: list[tuple[bytes, bytes]]) -> tuple[Tunnel, Stream]:
        async with self.lock:
            for tunnel in self.tunnels:
                if tunnel.has_room():
                    return tunnel, tunnel.open(fields)
            tunnel = Tunnel()
            await tunnel.connect(*self.server)
            self.tunnels.append(tunnel)
            return tunnel, tunnel.open(fields)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            tunnel, stream = await self.open(translate(head))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            return
        up = asyncio.create_task(send_up(tunnel, stream, reader))
        try:
            await send_down(tunnel, stream, writer)
            await up
        except ConnectionError:
            abort(writer)
        finally:
            up.cancel()
            tunnel.reset(stream)
            del tunnel.streams[stream.number]
            writer.close()


def translate(head: bytes) -> list[tuple[bytes, bytes]]:
    """The fields of an extended CONNECT for an upgrade."""
    start, *lines = head[:-4].split(b"\r\n")
    fields = [
        (name.lower(), value.strip()) for name, value in (line.split(b":", 1) for line in lines)
    ]
    host = b", ".join(value for name, value in fields if name == b"host")
    return [
        (b":method", b"CONNECT"),
        (b":protocol", b"websocket"),
        (b":scheme", b"https"),
        (b":path", start.split(b" ")[1]),
        (b":authority", host),
        *[(name, value) for name, value in fields if name not in DROPPED],
    ]


def response_head(fields: list[tuple[bytes, bytes]]) -> bytes:
    """The 101 for a 200, in the order of the server's over HTTP/1.1; else the same status."""
    values = dict(fields)
    status = values.pop(b":status")
    if status != b"200":
        lines = [b"HTTP/1.1 " + status + b" Refused", b"Connection: close"]
        lines += [name + b": " + value for name, value in values.items()]
        return b"\r\n".join([*lines, b"", b""])
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + values.pop(b"sec-websocket-accept"),
    ]
    for name in (b"Sec-WebSocket-Protocol", b"Sec-WebSocket-Extensions"):
        if name.lower() in values:
            lines.append(name + b": " + values.pop(name.lower()))
    assert not values, values
    return b"\r\n".join([*lines, b"", b""])


async def send_up(tunnel: Tunnel, stream: Stream, reader: asyncio.StreamReader) -> None:
    try:
        while data := await reader.read(65536):
            await tunnel.send(stream, data)
        tunnel.end(stream)
    except (ConnectionError, h2.exceptions.ProtocolError):
        tunnel.reset(stream)


async def send_down(tunnel: Tunnel, stream: Stream, writer: asyncio.StreamWriter) -> None:
    while (item := await stream.arrived.get()) is not None:
        if isinstance(item, Exception):
            raise item
        writer.write(item if isinstance(item, bytes) else response_head(item))
        await writer.drain()
        if isinstance(item, bytes):
            tunnel.acknowledge(stream, len(item))
    writer.write_eof()


def abort(writer: asyncio.StreamWriter) -> None:
    """Resets the TCP connection."""
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def main(command: list[str]) -> int:
    server = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert server.stdout
    line = (await server.stdout.readline()).decode().strip()
    host, port = line.removeprefix("listening on https://").rsplit(":", 1)
    bridge = Bridge(host, int(port))
    listener = await asyncio.start_server(bridge.serve, "127.0.0.1", 0, limit=MAX_HEAD)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    print(f"listening on http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", flush=True)
    ended = asyncio.create_task(server.wait())
    stop = asyncio.create_task(stopped.wait())
    await asyncio.wait([ended, stop], return_when=asyncio.FIRST_COMPLETED)
    if not ended.done():
        server.terminate()
    stop.cancel()
    return await ended


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
