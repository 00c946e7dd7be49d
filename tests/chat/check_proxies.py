"""What a proxy says about the client: the PROXY protocol, with the examples of its
specification, and X-Forwarded-For."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chat_client import open_socket
from chat_server import PATIENCE, ChatServer
from check_http import refused_with
from check_limits import REQUEST, rest
from redis_server import RedisServer

Start = Callable[..., ChatServer]

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
HEALTH = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"

V6 = "ffff:f...f:ffff".replace("f...f", ":".join(["ffff"] * 6))
V6_PACKED = socket.inet_pton(socket.AF_INET6, "2001:db8::7")


def v2(command: int, family: int, body: bytes, version: int = 2) -> bytes:
    head = struct.pack("!BBH", version << 4 | command, family, len(body))
    return SIGNATURE + head + body


def tcp4(source: str = "192.0.2.7", port: int = 4711) -> bytes:
    hosts = socket.inet_aton(source) + socket.inet_aton("192.0.2.1")
    return hosts + struct.pack("!HH", port, 443)


TLVS = b"\x01\x00\x02h2" + b"\x04\x00\x03\0\0\0" + b"\x20\x00\x05\x01\0\0\0\0"

# The header, and the client's address; None: that of the connection.
VALID = {
    "v1 of the specification": (
        b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n",
        "192.168.0.1:56324",
    ),
    "v1 the longest for IPv4": (
        b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
        "255.255.255.255:65535",
    ),
    "v1 the longest for IPv6": (
        f"PROXY TCP6 {V6} {V6} 65535 65535\r\n".encode(),
        f"[{V6}]:65535",
    ),
    "v1 unknown": (b"PROXY UNKNOWN\r\n", None),
    "v1 the longest": (f"PROXY UNKNOWN {V6} {V6} 65535 65535\r\n".encode(), None),
    "v1 short IPv6": (b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n", "[2001:db8::7]:1"),
    "v2 IPv4": (v2(1, 0x11, tcp4()), "192.0.2.7:4711"),
    "v2 IPv6": (
        v2(1, 0x21, V6_PACKED * 2 + struct.pack("!HH", 4711, 443)),
        "[2001:db8::7]:4711",
    ),
    "v2 with additions": (v2(1, 0x11, tcp4() + TLVS), "192.0.2.7:4711"),
    "v2 local": (v2(0, 0, b""), None),
    "v2 local with an address": (v2(0, 0x11, tcp4()), None),
    "v2 local with additions": (v2(0, 0, TLVS), None),
    "v2 unspecified": (v2(1, 0, b"x" * 30), None),
    "v2 UDP": (v2(1, 0x12, tcp4()), None),
    "v2 unix socket": (v2(1, 0x31, b"/".ljust(216, b"\0")), None),
    "v2 unknown family": (v2(1, 0xF1, b"x" * 50), None),
    "v2 the longest": (v2(1, 0x11, tcp4() + b"\x04\x0f\xe1" + bytes(0xFE1)), "192.0.2.7:4711"),
}

INVALID = {
    "a request": HEALTH,
    "another word": b"PROXI TCP4 192.0.2.7 192.0.2.1 1 2\r\n",
    "lower case": b"proxy TCP4 192.0.2.7 192.0.2.1 1 2\r\n",
    "v1 no addresses": b"PROXY TCP4\r\n",
    "v1 one port": b"PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n",
    "v1 more words": b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n",
    "v1 two spaces": b"PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n",
    "v1 wrong family": b"PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n",
    "v1 another protocol": b"PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n",
    "v1 no address": b"PROXY TCP4 192.0.2.256 192.0.2.1 1 2\r\n",
    "v1 a name": b"PROXY TCP4 localhost 192.0.2.1 1 2\r\n",
    "v1 a large port": b"PROXY TCP4 192.0.2.7 192.0.2.1 65536 2\r\n",
    "v1 a negative port": b"PROXY TCP4 192.0.2.7 192.0.2.1 -1 2\r\n",
    "v1 a leading zero": b"PROXY TCP4 192.0.2.7 192.0.2.1 01 2\r\n",
    "v1 a bare line feed": b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\n",
    "v1 a NUL": b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\0\r\n",
    "v1 too long": b"PROXY UNKNOWN " + b"x" * 100 + b"\r\n",
    "v1 endless": b"PROXY UNKNOWN " + b"x" * 93,
    "v2 version 1": v2(1, 0x11, tcp4(), version=1),
    "v2 version 3": v2(1, 0x11, tcp4(), version=3),
    "v2 unknown command": v2(2, 0x11, tcp4()),
    "v2 short IPv4": v2(1, 0x11, tcp4()[:-1]),
    "v2 short IPv6": v2(1, 0x21, b"x" * 35),
    "v2 too long": v2(1, 0x11, bytes(60000)),
    "v2 another signature": b"\r\n\r\n\x00\r\nQUIT\r",
}


def forwarded(*values: str) -> dict[str, object]:
    """Options of a client behind a proxy that adds these header fields."""
    return {"additional_headers": [("X-Forwarded-For", value) for value in values]}


class ProxyChecks:
    command: tuple[str, ...]

    @pytest.fixture(scope="class")
    @classmethod
    def log_of_behind(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("behind") / "log"

    @pytest.fixture(scope="class")
    @classmethod
    def server_behind(
        cls,
        shared_redis: RedisServer,
        log_of_behind: Path,
    ) -> Iterator[ChatServer]:
        options = ("--proxy-protocol", "--verbose", "--json", "--handshake-timeout", "3")
        where = ("--redis", shared_redis.address, "--max-per-address", "1")
        with log_of_behind.open("w") as file:
            server = ChatServer(cls.command, *where, *options, log=file)
            yield server
            server.end()

    @pytest.fixture
    def behind(self, server_behind: ChatServer, log_of_behind: Path) -> ChatServer:
        self.log = log_of_behind
        return server_behind

    def connect(self, server: ChatServer) -> socket.socket:
        return socket.create_connection(("127.0.0.1", server.port), PATIENCE)

    def address(self) -> str:
        """The address of the last request."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return str([line for line in lines if line["event"] == "request"][-1]["address"])

    @pytest.mark.parametrize("name", VALID)
    def test_the_address_of_the_client_is_known(self, behind: ChatServer, name: str) -> None:
        header, address = VALID[name]
        with self.connect(behind) as tcp:
            own = "{}:{}".format(*tcp.getsockname())
            tcp.sendall(header + HEALTH)
            assert rest(tcp).startswith(b"HTTP/1.1 200 ")
        assert self.address() == (address or own)

    @pytest.mark.parametrize("name", ["v1 of the specification", "v2 with additions"])
    def test_a_header_may_arrive_in_any_pieces(self, behind: ChatServer, name: str) -> None:
        header, address = VALID[name]
        with self.connect(behind) as tcp:
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in header + HEALTH:
                tcp.sendall(bytes([byte]))
                time.sleep(0.001)
            assert rest(tcp).startswith(b"HTTP/1.1 200 ")
        assert self.address() == address

    @pytest.mark.parametrize("name", INVALID)
    def test_an_invalid_header_ends_the_connection_at_once(
        self, behind: ChatServer, name: str
    ) -> None:
        with self.connect(behind) as tcp:
            started = time.monotonic()
            tcp.sendall(INVALID[name])
            try:
                assert rest(tcp) == b""
            except ConnectionResetError:
                pass
            assert time.monotonic() - started < 2.5

    def test_a_header_that_does_not_end_has_a_time_limit(self, behind: ChatServer) -> None:
        connections = [self.connect(behind) for _ in range(3)]
        starts = (b"", b"PROXY TCP4 ", SIGNATURE + b"\x21\x11\x00\x0c")
        for tcp, start in zip(connections, starts):
            tcp.sendall(start)
        for tcp in connections:
            assert rest(tcp) == b""
            tcp.close()

    def test_the_limit_is_for_the_address_of_the_client(self, behind: ChatServer) -> None:
        def status(source: str) -> bytes:
            tcp = self.connect(behind)
            sockets.append(tcp)
            tcp.sendall(v2(1, 0x11, tcp4(source)) + REQUEST)
            return tcp.recv(12)

        sockets: list[socket.socket] = []
        assert status("192.0.2.7") == b"HTTP/1.1 101"
        assert status("192.0.2.7") == b"HTTP/1.1 429"
        assert status("192.0.2.8") == b"HTTP/1.1 101"
        for tcp in sockets:
            tcp.close()

    @pytest.mark.parametrize("trusts", [True, False])
    def test_the_last_forwarded_address_counts_if_the_proxy_is_trusted(
        self, start: Start, redis: RedisServer, trusts: bool
    ) -> None:
        options = ["--redis", redis.address, "--max-per-address", "1"]
        server = start(*options, *(["--trust-forwarded"] if trusts else []))
        with open_socket(server, **forwarded("192.0.2.1, 192.0.2.7")):
            assert refused_with(server, **forwarded("192.0.2.2", "192.0.2.7")) == 429
            if trusts:
                open_socket(server, **forwarded("192.0.2.7, 192.0.2.1")).close()
                open_socket(server, **forwarded("192.0.2.7", "2001:db8::7")).close()
            else:
                assert refused_with(server, **forwarded("192.0.2.7, 192.0.2.1")) == 429

    def test_the_forwarded_address_is_logged(
        self, start: Start, redis: RedisServer, tmp_path: Path
    ) -> None:
        self.log = tmp_path / "log"
        options = ("--trust-forwarded", "--verbose", "--json")
        with self.log.open("w") as file:
            server = start("--redis", redis.address, *options, log=file)
        for value, address in (
            ("192.0.2.7", "192.0.2.7:0"),
            ("192.0.2.7,\t2001:db8::7", "[2001:db8::7]:0"),
        ):
            open_socket(server, **forwarded(value)).close()
            assert self.address() == address

    @pytest.mark.parametrize("value", ["unknown", "192.0.2.7, ", "192.0.2.256", "1" * 200, ""])
    def test_a_forwarded_value_that_is_no_address_is_ignored(
        self, start: Start, redis: RedisServer, value: str
    ) -> None:
        server = start("--redis", redis.address, "--max-per-address", "1", "--trust-forwarded")
        with open_socket(server):
            assert refused_with(server, **forwarded(value)) == 429
