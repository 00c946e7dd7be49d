"""wsdump with captures: of tcpdump, of wsdump itself, and packets that dpkt built from a real
exchange in every order that a network can produce."""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dpkt  # type: ignore[import-untyped]
import needs
import pytest
from recorded import MESSAGES, WSDUMP, Exchange, messages, objects, record, wsdump
from test_echo_client import serving
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection
from wire import BINARY, FIN, ROOT, TEXT, frame

pytestmark = needs.program(WSDUMP)

RSV1 = 0x40
SYN, ACK, FIN_FLAG, RST = dpkt.tcp.TH_SYN, dpkt.tcp.TH_ACK, dpkt.tcp.TH_FIN, dpkt.tcp.TH_RST


class Segment(NamedTuple):
    from_client: bool
    seq: int
    flags: int
    data: bytes


@pytest.fixture(scope="module", params=[None, "deflate"])
def exchange(request: pytest.FixtureRequest) -> Exchange:
    return record(request.param)


def segments(
    exchange: Exchange, rng: random.Random, first: int = 1000, size: int = 1460
) -> list[Segment]:
    """The segments of a connection, cut anywhere, in the order in which they were sent: the
    heads, then each direction."""
    found = [Segment(True, first, SYN, b""), Segment(False, first, SYN | ACK, b"")]
    heads = [stream.index(b"\r\n\r\n") + 4 for stream in exchange]
    ranges = [(side, 0, end) for side, end in enumerate(heads)]
    ranges += [(side, begin, len(exchange[side])) for side, begin in enumerate(heads)]
    for side, at, end in ranges:
        while at < end:
            data = exchange[side][at : min(end, at + rng.randint(1, size))]
            found.append(Segment(side == 0, first + 1 + at, ACK, data))
            at += len(data)
    for side, stream in enumerate(exchange):
        found.append(Segment(side == 0, first + 1 + len(stream), ACK | FIN_FLAG, b""))
    return [s._replace(seq=s.seq % 2**32) for s in found]


def packet(s: Segment, port: int = 50000, version: int = 4) -> bytes:
    """An IP packet."""
    ports = (port, 8080) if s.from_client else (8080, port)
    tcp = dpkt.tcp.TCP(sport=ports[0], dport=ports[1], seq=s.seq, flags=s.flags, data=s.data)
    if version == 6:
        address = socket.inet_pton(socket.AF_INET6, "::1")
        return bytes(
            dpkt.ip6.IP6(
                src=address, dst=address, nxt=dpkt.ip.IP_PROTO_TCP, plen=len(tcp), data=tcp
            )
        )
    address = b"\x7f\0\0\1"
    return bytes(dpkt.ip.IP(src=address, dst=address, p=dpkt.ip.IP_PROTO_TCP, data=tcp))


def ethernet(ip: bytes) -> bytes:
    kind = 0x0800 if ip[0] >> 4 == 4 else 0x86DD
    return bytes(dpkt.ethernet.Ethernet(src=b"\0" * 6, dst=b"\0" * 6, type=kind, data=ip))


def capture(packets: list[bytes], link: int = 1, cut: int = -1) -> bytes:
    """A pcap file. The last 10 bytes of packet number `cut` were not captured."""
    file = io.BytesIO()
    dpkt.pcap.Writer(file, linktype=link, snaplen=262144)
    for i, data in enumerate(packets):
        seconds, microseconds = 1_700_000_000 + i // 1000, i % 1000 * 1000
        captured = data[:-10] if i == cut else data
        file.write(struct.pack("=IIII", seconds, microseconds, len(captured), len(data)))
        file.write(captured)
    return file.getvalue()


def dump(packets: list[bytes], *options: str, **form: Any) -> list[dict[str, Any]]:
    done = wsdump("--json", *options, stdin=capture(packets, **form))
    assert done.returncode in (0, 1), done.stderr
    return objects(done)


def check(found: list[dict[str, Any]], count: int = 1) -> None:
    """All messages of all connections are there, and no error or note."""
    assert [e for e in found if e["type"] in ("error", "note")] == []
    assert {event["type"] for event in found} == {"request", "response", "frame"}
    assert {event["connection"] for event in found} == set(range(1, count + 1))
    texts = [message for message in MESSAGES if isinstance(message, str)]
    for number in range(1, count + 1):
        mine = [event for event in found if event["connection"] == number]
        sent, echoed = messages(mine, "client"), messages(mine, "server")
        assert [sent[i] for i, m in enumerate(MESSAGES) if isinstance(m, str)] == texts
        assert [echoed[i] for i, m in enumerate(MESSAGES) if isinstance(m, str)] == texts
        closes = [event["code"] for event in mine if event.get("opcode") == "close"]
        assert closes == [4000, 4000]


# ---- order ----


@pytest.mark.parametrize("seed", range(5))
def test_segments_in_order(exchange: Exchange, seed: int) -> None:
    size = 1460 if seed else 60
    check(
        dump([ethernet(packet(s)) for s in segments(exchange, random.Random(seed), size=size)])
    )


def disordered(found: list[Segment], rng: random.Random) -> list[Segment]:
    """Late segments, segments sent twice, and some that overlap with their successors."""
    result = []
    for i, s in enumerate(found):
        if s.data and rng.random() < 0.3 and i + 1 < len(found):
            following = found[i + 1]
            if following.from_client == s.from_client and following.data:
                s = s._replace(data=s.data + following.data[: rng.randint(0, 500)])
        result.append(s)
        if s.data and rng.random() < 0.3:
            result.append(s)
        if s.data and rng.random() < 0.1:  # a keep-alive probe
            result.append(s._replace(seq=(s.seq - 1) % 2**32, data=b"?"))
    handshake = next(i for i, s in enumerate(found) if not s.from_client and s.data) + 1
    tail = result[handshake:]
    keyed = [(i + rng.random() * 8, s) for i, s in enumerate(tail)]
    return result[:handshake] + [s for _, s in sorted(keyed, key=lambda pair: pair[0])]


@pytest.mark.parametrize("seed", range(20))
def test_late_and_repeated_segments(exchange: Exchange, seed: int) -> None:
    rng = random.Random(seed)
    found = segments(exchange, rng, first=2**32 - rng.randint(1, 3000))  # wraps around
    check(dump([ethernet(packet(s)) for s in disordered(found, rng)]))


def test_connections_at_the_same_time(exchange: Exchange) -> None:
    rng = random.Random(1)
    flows = [iter([(port, s) for s in segments(exchange, rng)]) for port in range(5000, 5020)]
    packets = []
    while flows:
        flow = rng.choice(flows)
        for port, s in flow:
            packets.append(ethernet(packet(s, port)))
            break
        else:
            flows.remove(flow)
    check(dump(packets), count=20)


def test_ports_that_are_used_again(exchange: Exchange) -> None:
    rng = random.Random(1)
    unfinished = segments(exchange, rng)[:-2]
    again = segments(exchange, rng, first=77_000_000)
    found = dump([ethernet(packet(s)) for s in unfinished + again])
    check([event for event in found if event["type"] != "note"], count=2)


def test_missing_segments_are_noted(exchange: Exchange) -> None:
    found = segments(exchange, random.Random(3), size=100)
    data = [i for i, s in enumerate(found) if s.from_client and s.data]
    lost = data[len(data) // 2]
    events = dump([ethernet(packet(s)) for i, s in enumerate(found) if i != lost])
    (note,) = (event for event in events if event["type"] == "note")
    assert note["message"] == f"{len(found[lost].data)} bytes are missing in the capture"
    assert note["from"] == "client" and note["offset"] == found[lost].seq - 1001
    assert len(messages(events, "server")) == len(MESSAGES)


def test_packets_that_were_cut_are_noted(exchange: Exchange) -> None:
    found = segments(exchange, random.Random(3), size=100)
    cut = [i for i, s in enumerate(found) if s.from_client and len(s.data) > 10][-2]
    events = dump([ethernet(packet(s)) for s in found], cut=cut)
    (note,) = (event for event in events if event["type"] == "note")
    assert note["message"] == "the rest of a packet was not captured"
    assert note["offset"] == found[cut].seq - 1001 + len(found[cut].data) - 10


def test_the_end_of_a_capture_is_no_error(exchange: Exchange) -> None:
    found = segments(exchange, random.Random(3))
    for end in range(4, len(found) - 2, 9):
        done = wsdump("--json", stdin=capture([ethernet(packet(s)) for s in found[:end]]))
        assert done.returncode == 0, done.stdout
        assert "error" not in {event["type"] for event in objects(done)}


@pytest.mark.parametrize("flag", [FIN_FLAG, RST])
def test_a_disconnection_inside_a_frame_is_an_error(exchange: Exchange, flag: int) -> None:
    found = segments(exchange, random.Random(3), size=100)
    data = [s for s in found if s.from_client and s.data]
    at = found.index(data[len(data) // 2])
    cut = found[at]
    end = Segment(True, cut.seq + len(cut.data), ACK | flag, b"")
    events = dump([ethernet(packet(s)) for s in [*found[: at + 1], end]])
    errors = [event for event in events if event["type"] == "error"]
    assert [(event["error"], event["from"]) for event in errors] == [("WS_ERR_EOF", "client")]
    assert errors[0]["offset"] == end.seq - 1001


def test_a_disconnection_without_a_close_is_noted() -> None:
    exchange = Exchange(REQUEST + frame(FIN | TEXT, b"Hello"), RESPONSE)
    done = wsdump(
        stdin=capture([ethernet(packet(s)) for s in segments(exchange, random.Random(1))])
    )
    assert done.returncode == 0
    assert done.stdout.count("note         disconnected without a close frame\n") == 2


# ---- links ----


REQUEST = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def vlan(ip: bytes) -> bytes:
    whole = ethernet(ip)
    return whole[:12] + b"\x81\x00\x00\x05" + whole[12:]


def cooked(ip: bytes) -> bytes:
    return bytes(dpkt.sll.SLL(type=0, hrd=772, hlen=6, ethtype=0x0800, data=ip))


def cooked2(ip: bytes) -> bytes:
    return bytes(dpkt.sll2.SLL2(ethtype=0x0800, interface_index=1, hrd=772, data=ip))


LINKS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "ethernet": (1, ethernet),
    "vlan": (1, vlan),
    "null": (0, lambda ip: b"\x02\0\0\0" + ip),
    "loop": (108, lambda ip: b"\0\0\0\x02" + ip),
    "raw": (101, lambda ip: ip),
    "ipv4": (228, lambda ip: ip),
    "cooked": (113, cooked),
    "cooked2": (276, cooked2),
}


@pytest.mark.parametrize("link", LINKS)
def test_every_link(exchange: Exchange, link: str) -> None:
    number, wrap = LINKS[link]
    found = segments(exchange, random.Random(3))
    check(dump([wrap(packet(s)) for s in found], link=number))


def test_ipv6_with_extension_headers(exchange: Exchange) -> None:
    def extended(ip: bytes) -> bytes:
        options = bytes([60, 0, 1, 4, 0, 0, 0, 0]) + bytes([6, 1]) + bytes(14)
        length = int.from_bytes(ip[4:6], "big") + len(options)
        return ip[:4] + length.to_bytes(2, "big") + b"\0" + ip[7:40] + options + ip[40:]

    found = [packet(s, version=6) for s in segments(exchange, random.Random(3))]
    check(dump([ethernet(ip) for ip in found]))
    check(dump([extended(ip) for ip in found], link=229))


def test_another_link_is_refused() -> None:
    done = wsdump(stdin=capture([], link=105))
    assert done.returncode == 2
    assert "links of type IEEE802_11 (105) are not supported" in done.stderr


def test_pcapng(exchange: Exchange, tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    with path.open("wb") as file:
        writer = dpkt.pcapng.Writer(file, snaplen=262144)
        for s in segments(exchange, random.Random(3)):
            writer.writepkt(ethernet(packet(s)), 1_700_000_000.5)
    done = wsdump("--json", str(path))
    check(objects(done))
    assert objects(done)[0]["time"] == 1_700_000_000.5


# ---- other traffic ----


def plain_http() -> Exchange:
    return Exchange(
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    )


def test_other_connections_are_ignored(exchange: Exchange) -> None:
    rng = random.Random(3)
    others = [
        plain_http(),
        Exchange(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), bytes(500)),
        Exchange(b"SSH-2.0-x\r\n" + bytes(100), b"SSH-2.0-y\r\n" + bytes(100)),
        Exchange(b"x" * 200_000, b"y" * 200_000),
    ]
    packets = [
        ethernet(packet(s, 6000 + i))
        for i, other in enumerate(others)
        for s in segments_of(other)
    ]
    packets.insert(0, b"\xff" * 6 + b"\0" * 6 + b"\x08\x06\0\1" + bytes(30))  # ARP
    check(dump(packets + [ethernet(packet(s)) for s in segments(exchange, rng)]))
    done = wsdump(stdin=capture(packets))
    assert (done.returncode, done.stdout) == (0, "")
    none = "wsdump: -: no WebSocket connection"
    assert done.stderr == f"{none}; 4 other TCP connections (see --frames)\n"
    one = wsdump(stdin=capture(packets[:5]))
    assert one.stderr == f"{none}; 1 other TCP connection (see --frames)\n"
    assert wsdump(stdin=capture([])).stderr == f"{none}\n"


def segments_of(exchange: Exchange) -> list[Segment]:
    """As segments(), for a protocol without heads."""
    found = [Segment(True, 0, SYN, b""), Segment(False, 0, SYN | ACK, b"")]
    for side, stream in enumerate(exchange):
        for at in range(0, len(stream), 1460):
            found.append(Segment(side == 0, 1 + at, ACK, stream[at : at + 1460]))
    return found


def test_a_capture_that_starts_later(exchange: Exchange) -> None:
    frames = Exchange(*exchange.frames())
    options = ["--frames"]
    if b"permessage-deflate" in exchange.server:
        options = ["--deflate"]
    found = dump([ethernet(packet(s)) for s in segments_of(frames)[2:]], *options)
    assert len(messages(found, "client")) == len(messages(found, "server")) == len(MESSAGES)


def test_a_filter_selects_packets(exchange: Exchange) -> None:
    rng = random.Random(3)
    packets = [
        ethernet(packet(s, port)) for port in (6000, 6001) for s in segments(exchange, rng)
    ]
    check(dump(packets, "--filter", "port 6001"))
    done = wsdump("--filter", "nonsense here", stdin=capture(packets))
    assert done.returncode == 2 and "--filter" in done.stderr


# ---- hostile captures ----


def test_memory_is_bounded() -> None:
    """Segments after a gap, and connections that never end."""
    gap = Segment(True, 1 + len(REQUEST) + 1, ACK, b"x" * 30_000)
    packets = []
    for port in range(1024, 1024 + 250):
        for s in segments_of(Exchange(REQUEST, RESPONSE)):
            packets.append(ethernet(packet(s, port)))
        for i in range(1, 30):
            packets.append(ethernet(packet(gap._replace(seq=gap.seq + 30_000 * i), port)))
    packets += [ethernet(packet(Segment(True, i, SYN, b""), i % 60_000)) for i in range(6_000)]
    path = ROOT / "target" / "hostile.pcap"
    path.write_bytes(capture(packets))
    done = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -v 150000; ./{WSDUMP} {path}"],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    path.unlink()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"bytes are missing in the capture") == 250


def test_the_memory_of_a_long_payload_is_freed() -> None:
    deflate = zlib.compressobj(wbits=-15)
    payload = deflate.compress(bytes(16 << 20)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    message = frame(FIN | BINARY | RSV1, payload[:-4], None)
    packets = [
        ethernet(packet(s, port))
        for port in range(1024, 1024 + 20)
        for s in segments_of(Exchange(b"", message))
    ]
    command = f"ulimit -v 200000; ./{WSDUMP} --json --deflate | tr -d A | wc -l"
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=ROOT,
        input=capture(packets),
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert int(done.stdout) == 20 * 3  # a frame and a note for each direction


def test_damaged_captures_are_refused() -> None:
    whole = capture([ethernet(packet(s)) for s in segments_of(plain_http())])
    done = wsdump(stdin=whole[:-3])
    assert done.returncode == 2 and "truncated" in done.stderr
    done = wsdump(stdin=whole[:10])
    assert done.returncode == 2


# ---- real captures ----

root = pytest.mark.skipif(os.geteuid() != 0, reason="captures need root")


def talk(url: str) -> None:
    with connect(url, max_size=None, proxy=None) as client:
        for message in MESSAGES:
            client.send(message)
            assert client.recv() == message
        client.ping().wait(10)
        client.close(4000, "done")


def wait_for_closes(count: int, read: Callable[[], str]) -> None:
    """Waits until so many close frames were captured."""
    deadline = time.monotonic() + 20
    while read().count('"code":4000') < count and time.monotonic() < deadline:
        time.sleep(0.2)


@pytest.fixture
def server() -> Iterator[str]:
    def echo(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                connection.send(connection.recv())

    with serving(echo) as url:
        yield url


@root
@pytest.mark.parametrize("interface", ["lo", "any"])
def test_a_capture_of_tcpdump(server: str, tmp_path: Path, interface: str) -> None:
    if not shutil.which("tcpdump"):
        pytest.fail("tcpdump is missing: tests/tools/install.sh installs it")
    path = tmp_path / "x.pcap"
    port = server.rsplit(":", 1)[1]
    command = ["tcpdump", "-i", interface, "-U", "-Z", "root", "-w", str(path), f"port {port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tcpdump:
        assert tcpdump.stderr
        while b"listening" not in tcpdump.stderr.readline():
            assert tcpdump.poll() is None
        for _ in range(3):
            talk(server)
        wait_for_closes(6, lambda: wsdump("--json", str(path)).stdout)
        tcpdump.send_signal(signal.SIGINT)
    check(objects(wsdump("--json", str(path))), count=3)


@root
def test_a_live_capture(server: str, tmp_path: Path) -> None:
    port = server.rsplit(":", 1)[1]
    command = [f"./{WSDUMP}", "--json", "-i", "lo", "-f", f"port {port}"]
    output = tmp_path / "output"
    with (
        output.open("w") as file,
        subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.PIPE) as process,
    ):
        assert process.stderr and b"capturing from lo" in process.stderr.readline()
        talk(server)
        wait_for_closes(2, output.read_text)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    check(objects(subprocess.CompletedProcess(command, 0, output.read_text(), "")))


def test_an_interface_that_does_not_exist() -> None:
    done = wsdump("-i", "does-not-exist")
    assert done.returncode == 2 and done.stderr.count("No such device") == 1


def test_times_that_are_no_times(exchange: Exchange) -> None:
    """More than 999999 microseconds, of which 32 bits may be set."""
    data = bytearray(capture([ethernet(packet(s)) for s in segments_of(exchange)]))
    at = 24
    while at < len(data):
        data[at + 4 : at + 8] = b"\xff\xff\xff\xff"
        at += 16 + int.from_bytes(data[at + 8 : at + 12], "little")
    found = objects(wsdump("--json", stdin=bytes(data)))
    assert found and all(0 <= o["time"] < 2**33 for o in found)
    first = wsdump(stdin=bytes(data)).stdout.split()[0]
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{6}", first)
