"""The snippets of docs/moving.md compile without a warning, and do what the page promises.

Each section with C code has a harness of the same name in the folder moving. All but one are
the server of the guide, with the functions of the snippet."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import guide
import pytest
from echo_checks import PATIENCE, Server
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import CLIENT, Protocol
from websockets.sync.client import ClientConnection, connect
from wire import ROOT

PAGE = ROOT / "docs" / "moving.md"
TEXT = PAGE.read_text()
PROSE = re.sub(r"^```.*?^```$", "", TEXT, flags=re.M | re.S)
HEADER = (ROOT / "include" / "wscodec.h").read_text()
HARNESSES = guide.HARNESSES / "moving"
FRAMING = "from-hand-written-framing"
SNIPPETS = guide.sections_with("c", PAGE)

with_compiler = pytest.mark.skipif(not guide.COMPILERS, reason="no C compiler")


@cache
def build(section: str, compiler: str = "cc") -> Path:
    guide.write_snippets("c", PAGE)
    guide.write_snippets("c before", PAGE, "-before")
    return guide.compile_harness(HARNESSES / f"{section}.c", compiler)


@contextlib.contextmanager
def serving(section: str) -> Iterator[Server]:
    server = Server((str(build(section)),))
    yield server
    assert server.stop() == -signal.SIGTERM


def client(server: Server, **options: Any) -> ClientConnection:
    url = f"ws://127.0.0.1:{server.port}/"
    connection: ClientConnection = connect(url, compression=None, proxy=None, **options)
    return connection


# The page as a text


def test_every_section_with_code_has_a_harness() -> None:
    assert {path.stem for path in HARNESSES.glob("*.c")} == set(SNIPPETS)
    for section in SNIPPETS:
        assert f'#include "{section}.inc"' in (HARNESSES / f"{section}.c").read_text()
        assert re.findall(r"^```(?:c|cpp) before$", guide.sections(PAGE)[section], re.M)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PROSE):
        path, _, anchor = target.partition("#")
        page = PAGE.parent / path if path else PAGE
        assert page.exists(), target
        assert not anchor or anchor in guide.sections(page), target


def test_a_test_that_is_named_exists() -> None:
    named = re.findall(r"\[`(\w+)`\]\((\.\./tests/\S+?)\)", TEXT)
    assert len(named) >= 7
    for name, path in named:
        assert f"fn {name}(" in (PAGE.parent / path).read_text(), name


def test_every_name_of_the_c_api_is_in_the_header() -> None:
    for name in set(re.findall(r"\b(?:WS|ws)_\w+", TEXT)):
        assert re.search(rf"\b{name}\b", HEADER), name


@with_compiler
@pytest.mark.parametrize("compiler", guide.COMPILERS)
@pytest.mark.parametrize("section", SNIPPETS)
def test_snippets_compile_without_a_warning(section: str, compiler: str) -> None:
    assert build(section, compiler).exists()


# From wslay


@with_compiler
def test_messages_are_sent_back() -> None:
    with serving("from-wslay") as server, client(server, max_size=None) as peer:
        for message in ("", "Hello", "é" * 1000, b"\0" * 65_536, b"x" * 1_000_000):
            peer.send(message)
            assert peer.recv(PATIENCE) == message
        assert peer.ping().wait(PATIENCE)
        peer.close(4000, "bye")
        assert peer.close_code == 4000


@with_compiler
@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 300_000])
def test_a_file_is_sent_in_pieces(size: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * (size // 256) + b"." * (size % 256)
    (tmp_path / "file").write_bytes(content)
    with serving("from-wslay") as server, client(server, max_size=None) as peer:
        peer.send(f"file {tmp_path / 'file'}")
        pieces = list(peer.recv_streaming())
        assert b"".join(p for p in pieces if isinstance(p, bytes)) == content
        assert len(pieces) == size // 4096 + 1


# From libwebsockets


@with_compiler
def test_pieces_are_sent_back_before_their_message_is_complete() -> None:
    returned = threading.Event()

    def pieces() -> Iterator[str]:
        yield "first"
        assert returned.wait(PATIENCE)
        yield "second"

    with serving("from-libwebsockets") as server, client(server) as peer:
        sender = threading.Thread(target=peer.send, args=(pieces(),))
        sender.start()
        received = peer.recv_streaming()
        assert next(received) == "first"
        returned.set()
        assert "".join(map(str, received)) == "second"
        sender.join()
        peer.close(4001, "enough")
        assert server.process.stdout
        assert server.process.stdout.readline() == "closed with 4001: enough\n"


# From uWebSockets


@with_compiler
def test_a_message_is_published_to_all_members() -> None:
    with serving("from-uwebsockets") as server, contextlib.ExitStack() as stack:
        peers = [stack.enter_context(client(server)) for _ in range(5)]
        for message in ("Hello", b"\1\2\3", "x" * 16_384):
            peers[0].send(message)
            assert [peer.recv(PATIENCE) for peer in peers] == [message] * 5
        peers.pop().close()
        peers[1].send("still here?")
        assert [peer.recv(PATIENCE) for peer in peers] == ["still here?"] * 4
        peers[2].send("x" * 16_385)
        with pytest.raises(ConnectionClosed):
            peers[2].recv(PATIENCE)
        assert peers[2].close_code == CloseCode.MESSAGE_TOO_BIG


# From hand-written framing


@with_compiler
def test_the_code_before_has_the_four_bugs_and_the_code_after_has_not() -> None:
    done = subprocess.run([build(FRAMING), "bugs"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def a_client() -> Protocol:
    return Protocol(CLIENT, max_size=None)


@with_compiler
def test_a_stream_is_decoded_and_encoded() -> None:
    peer = a_client()
    payloads = [b"a", b"b" * 125, b"c" * 126, b"d" * 65_535]
    for payload in payloads:
        peer.send_binary(payload)
    peer.send_ping(b"there?")
    peer.send_close(CloseCode.NORMAL_CLOSURE)
    sent = b"".join(peer.data_to_send())
    done = subprocess.run([build(FRAMING)], input=sent, capture_output=True)
    assert done.returncode == 0
    peer.receive_data(done.stdout)
    received = [event for event in peer.events_received() if isinstance(event, Frame)]
    data = [bytes(frame.data) for frame in received if frame.opcode is Opcode.BINARY]
    assert b"".join(data) == b"".join(payloads)
    assert [bytes(f.data) for f in received if f.opcode is Opcode.PONG] == [b"there?"]
    assert peer.close_rcvd and peer.close_rcvd.code == CloseCode.NORMAL_CLOSURE
