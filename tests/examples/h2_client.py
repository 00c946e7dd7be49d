"""A client for HTTP/2 that sends exactly what it is told to. HTTP/2 is from the library h2."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.settings

PATIENCE = 10
MIB = 1024 * 1024
UPGRADE = {
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "https",
    ":path": "/chat",
    ":authority": "server.example.com",
    "sec-websocket-version": "13",
    "origin": "http://www.example.com",
}


def trusting() -> ssl.SSLContext:
    """For a certificate that nobody has signed."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Connection(h2.connection.H2Connection):
    """After a GOAWAY, streams continue (RFC 9113, 6.8), which h2 4.4 does not allow."""

    def _receive_goaway_frame(self, frame: Any) -> tuple[list[Any], list[h2.events.Event]]:
        event = h2.events.ConnectionTerminated()
        event.error_code = frame.error_code
        return [], [event]


class Stream:
    """What has arrived on a stream."""

    def __init__(self) -> None:
        self.fields: dict[str, str] | None = None
        self.data = bytearray()
        self.ended = False
        self.error: int | None = None
        """Of RST_STREAM."""

    @property
    def status(self) -> int:
        assert self.fields
        return int(self.fields[":status"])


class Client:
    """One connection. With `reads` False, it acknowledges no data, so its windows get used up.
    With `checks` False, h2 sends requests that violate HTTP/2, too."""

    def __init__(
        self, port: int, tls: bool = True, reads: bool = True, checks: bool = True
    ) -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = trusting()
            context.set_alpn_protocols(["h2", "http/1.1"])
            wrapped = context.wrap_socket(self.socket)
            assert wrapped.selected_alpn_protocol() == "h2"
            self.socket = wrapped
        self.h2 = Connection(
            h2.config.H2Configuration(
                header_encoding="utf-8",
                validate_outbound_headers=checks,
                normalize_outbound_headers=checks,
            )
        )
        self.reads = reads
        self.streams: dict[int, Stream] = {}
        self.closed = False
        self.goaway: int | None = None
        self.settings_arrived = False
        self.h2.initiate_connection()
        self.flush()
        self.wait(lambda: self.settings_arrived)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def receive(self, seconds: float = PATIENCE) -> bool:
        """Does one read. Returns False if nothing came."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return False
        except ConnectionResetError:
            data = b""
        finally:
            self.socket.settimeout(PATIENCE)
        if not data:
            self.closed = True
            return False
        for event in self.h2.receive_data(data):
            self.on_event(event)
        self.flush()
        return True

    def on_event(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self.settings_arrived = True
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = int(event.error_code or 0)
        elif isinstance(event, h2.events.ResponseReceived):
            self.streams[event.stream_id].fields = {
                str(name): str(value) for name, value in event.headers
            }
        elif isinstance(event, h2.events.DataReceived):
            self.streams[event.stream_id].data += event.data
            if self.reads:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.streams[event.stream_id].ended = True
        elif isinstance(event, h2.events.StreamReset):
            self.streams[event.stream_id].error = int(event.error_code)

    def wait(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            assert not self.closed, "the server closed the connection"
            assert left > 0, "the server sent too little"
            self.receive(left)

    # Streams

    def request(self, fields: dict[str, str] | list[tuple[str, str]], end: bool = False) -> int:
        number = self.h2.get_next_available_stream_id()
        self.streams[number] = Stream()
        pairs = list(fields.items()) if isinstance(fields, dict) else fields
        self.h2.send_headers(number, pairs, end_stream=end)
        self.flush()
        return number

    def response(self, number: int) -> Stream:
        """The stream, once its response is complete."""
        stream = self.streams[number]
        self.wait(lambda: stream.ended or stream.error is not None)
        return stream

    def get(self, path: str = "/", method: str = "GET") -> Stream:
        fields = {":method": method, ":scheme": "https", ":path": path, ":authority": "a"}
        return self.response(self.request(fields, end=True))

    def open(self, **fields: str) -> int:
        """A WebSocket; `sec_websocket_protocol` stands for the field with dashes."""
        more = {name.replace("_", "-"): value for name, value in fields.items()}
        number = self.request({**UPGRADE, **more})
        stream = self.streams[number]
        self.wait(lambda: stream.fields is not None or stream.error is not None)
        assert stream.status == 200
        return number

    def send(self, number: int, *pieces: bytes, end: bool = False) -> None:
        """Waits while the windows are used up."""
        data = memoryview(b"".join(pieces))
        while len(data) > 0:
            size = min(
                self.h2.local_flow_control_window(number),
                self.h2.max_outbound_frame_size,
                len(data),
            )
            if size <= 0:
                assert self.receive(), "the server returns no window"
                continue
            self.h2.send_data(number, bytes(data[:size]))
            data = data[size:]
            self.flush()
        if end:
            self.h2.end_stream(number)
            self.flush()

    def read(self, number: int, size: int) -> bytes:
        """The next bytes of the stream."""
        stream = self.streams[number]
        self.wait(lambda: len(stream.data) >= size or stream.ended or stream.error is not None)
        data = bytes(stream.data[:size])
        del stream.data[:size]
        return data

    def rest(self, number: int) -> bytes:
        """All that arrives until the stream ends."""
        return bytes(self.response(number).data)

    def is_silent(self, seconds: float = 0.2) -> bool:
        """Whether nothing arrives."""
        return not self.receive(seconds) and not self.closed
