"""wsdump, with streams of bytes: of the RFCs' examples, of websockets, and invalid ones."""

from __future__ import annotations

import base64
import os
import pty
import select
import subprocess
import zlib
from pathlib import Path

import needs
import pytest
import wire
import wscodec
from echo_checks import PATIENCE, PLAIN_REQUEST, RFC_ANSWER, RFC_REQUEST
from recorded import MESSAGES, WSDUMP, Exchange, messages, objects, record, wsdump
from wire import BINARY, CONTINUATION, FIN, PING, ROOT, TEXT, frame

pytestmark = needs.program(WSDUMP)

RSV1 = 0x40
HEX = bytes.fromhex


def dump_client(stream: bytes, *options: str) -> subprocess.CompletedProcess[str]:
    return wsdump(*options, "--client", "-", stdin=stream)


def dump_server(stream: bytes, *options: str) -> subprocess.CompletedProcess[str]:
    return wsdump(*options, "--server", "-", stdin=stream)


def unmasked(first: int, payload: bytes = b"") -> bytes:
    return frame(first, payload, None)


# ---- the examples of the RFCs ----

SERVER_EXAMPLES = (  # RFC 6455, 5.7
    HEX("810548656c6c6f")
    + HEX("010348656c")
    + HEX("80026c6f")
    + HEX("890548656c6c6f")
    + HEX("827e0100")
    + bytes(range(256))
    + HEX("827f0000000000010000")
    + b"\x01" * 65536
)


def test_the_examples_of_rfc_6455() -> None:
    done = dump_server(SERVER_EXAMPLES)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        '1 <- @0       text         FIN 5 bytes: "Hello"',
        '1 <- @7       text         3 bytes: "Hel"',
        '1 <- @12      continuation FIN 2 bytes: "lo"',
        '1 <- @16      ping         FIN 5 bytes: "Hello"',
        "1 <- @23      binary       FIN 256 bytes: " + bytes(range(26)).hex(" ") + "...",
        "1 <- @283     binary       FIN 65536 bytes: " + b"\x01".hex() + " 01" * 25 + "...",
    ]
    done = dump_client(HEX("818537fa213d7f9f4d5158") + HEX("8a8537fa213d7f9f4d5158"))
    assert done.stdout.splitlines() == [
        '1 -> @0       text         FIN masked 5 bytes: "Hello"',
        '1 -> @11      pong         FIN masked 5 bytes: "Hello"',
    ]


@needs.compression
def test_the_examples_of_rfc_7692() -> None:
    """7.2.3.1 to 7.2.3.5; the fourth refers to the message before it."""
    stream = HEX("c107f248cdc9c90700") + HEX("4103f248cd") + HEX("8004c9c90700")
    stream += HEX("c105f200110000") + HEX("c10b000500faff48656c6c6f00")
    stream += HEX("c108f348cdc9c9070000") + HEX("c10df24805000000ffffcac9c90700")
    done = dump_server(stream, "--deflate")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        '1 <- @0       text         FIN RSV1 7 bytes, inflated to 5: "Hello"',
        '1 <- @9       text         RSV1 3 bytes, inflated to 2: "He"',
        '1 <- @14      continuation FIN 4 bytes, inflated to 3: "llo"',
        '1 <- @20      text         FIN RSV1 5 bytes, inflated to 5: "Hello"',
        '1 <- @27      text         FIN RSV1 11 bytes, inflated to 5: "Hello"',
        '1 <- @40      text         FIN RSV1 8 bytes, inflated to 5: "Hello"',
        '1 <- @50      text         FIN RSV1 13 bytes, inflated to 5: "Hello"',
    ]


def test_the_opening_handshake_of_rfc_6455() -> None:
    done = dump_client(RFC_REQUEST)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == (
        "1 -> @0       request      GET /chat HTTP/1.1"
        ', host "server.example.com", origin "http://example.com"'
        ', subprotocol "chat, superchat"'
    )
    done = dump_server(RFC_ANSWER)
    assert done.stdout == (
        '1 <- @0       response     HTTP/1.1 101 Switching Protocols, subprotocol "chat"\n'
    )


# ---- a real exchange ----


@pytest.fixture(scope="module", params=[None, "deflate"])
def exchange(request: pytest.FixtureRequest) -> Exchange:
    if request.param and not wscodec.library_can_deflate():
        pytest.skip("the library cannot compress")
    return record(request.param)


def expected() -> list[str]:
    """The messages as messages() finds them: bytes in base64, of each fragment."""
    return [
        message if isinstance(message, str) else base64.b64encode(message).decode()
        for message in MESSAGES
    ]


def test_both_directions_of_an_exchange(exchange: Exchange, tmp_path: Path) -> None:
    client, server = tmp_path / "client", tmp_path / "server"
    client.write_bytes(exchange.client)
    server.write_bytes(exchange.server)
    done = wsdump("--json", "--client", str(client), "--server", str(server))
    assert (done.returncode, done.stderr) == (0, "")
    found = objects(done)
    assert {event["connection"] for event in found} == {1}
    assert [event["type"] for event in found if event["type"] != "frame"] == [
        "request",
        "response",
    ]
    assert found[0]["line"] == "GET /chat?room=1 HTTP/1.1"
    assert messages(found, "client") == expected()
    halves = [
        message
        if isinstance(message, str)
        else "".join(
            base64.b64encode(part).decode()
            for part in (message[: len(message) // 2], message[len(message) // 2 :])
        )
        for message in MESSAGES
    ]
    assert messages(found, "server") == halves
    closes = [event for event in found if event.get("opcode") == "close"]
    assert [(event["code"], event["reason"]) for event in closes] == [(4000, "done")] * 2
    offsets = [event["offset"] for event in found if event["from"] == "client"]
    assert offsets == sorted(offsets) and offsets[-1] < len(exchange.client)


def test_one_direction_of_an_exchange(exchange: Exchange) -> None:
    """The offer counts as agreed where the response is not known."""
    for sender, stream in (("client", exchange.client), ("server", exchange.server)):
        done = wsdump("--json", stdin=stream)
        assert done.returncode == 0, done.stdout
        assert len(messages(objects(done), sender)) == len(MESSAGES)


def test_frames_without_their_handshake(exchange: Exchange) -> None:
    compressed = b"permessage-deflate" in exchange.server
    for sender, stream in zip(("client", "server"), exchange.frames()):
        done = wsdump("--json", *(["--deflate"] if compressed else []), stdin=stream)
        assert done.returncode == 0, done.stdout
        assert len(messages(objects(done), sender)) == len(MESSAGES)


# ---- errors ----

HELLO = frame(FIN | TEXT, b"Hello")  # 11 bytes


@pytest.mark.parametrize(
    ("stream", "offset", "error", "clause"),
    [
        (frame(0x91, b"x"), 0, "WS_ERR_RESERVED_BITS", "RFC 6455, 5.2"),
        (frame(FIN | RSV1 | TEXT, b"x"), 0, "WS_ERR_RESERVED_BITS", "RFC 6455, 5.2"),
        (frame(0x83, b"x"), 0, "WS_ERR_OPCODE", "RFC 6455, 5.2"),
        (frame(PING, b"x"), 0, "WS_ERR_CONTROL_FRAME", "RFC 6455, 5.5"),
        (frame(FIN | PING, b"x" * 126), 1, "WS_ERR_CONTROL_FRAME", "RFC 6455, 5.5"),
        (frame(FIN | CONTINUATION, b"x"), 0, "WS_ERR_FRAGMENTATION", "RFC 6455, 5.4"),
        (frame(TEXT, b"x") + HELLO, 7, "WS_ERR_FRAGMENTATION", "RFC 6455, 5.4"),
        (unmasked(FIN | TEXT, b"x"), 1, "WS_ERR_MASK", "RFC 6455, 5.1"),
        (HEX("81fe007d"), 3, "WS_ERR_LENGTH", "RFC 6455, 5.2"),
        (HEX("81ff000000000000ffff"), 7, "WS_ERR_LENGTH", "RFC 6455, 5.2"),
        (HEX("81ff8000000000000000"), 2, "WS_ERR_LENGTH", "RFC 6455, 5.2"),
        (frame(FIN | TEXT, b"abc\xffdef"), 9, "WS_ERR_UTF8", "RFC 6455, 8.1"),
        (frame(TEXT, b"\xce") + frame(FIN, b"\xce"), 13, "WS_ERR_UTF8", "RFC 6455, 8.1"),
        (frame(FIN | TEXT, b"abc\xe2\x82"), 11, "WS_ERR_UTF8", "RFC 6455, 8.1"),
        (wire.close(1005), 6, "WS_ERR_CLOSE_PAYLOAD", "RFC 6455, 5.5.1 and 7.4"),
        (frame(0x88, b"x"), 6, "WS_ERR_CLOSE_PAYLOAD", "RFC 6455, 5.5.1 and 7.4"),
        (wire.close(1000, b"ab\xff"), 10, "WS_ERR_UTF8", "RFC 6455, 8.1"),
        (wire.close(1000) + HELLO, 8, "WS_ERR_INVALID_STATE", "RFC 6455, 5.5.1"),
        (HELLO[:-1], 10, "WS_ERR_EOF", "RFC 6455, 7.1.4"),
        (HELLO[:1], 1, "WS_ERR_EOF", "RFC 6455, 7.1.4"),
    ],
)
def test_errors_name_their_byte_and_their_clause(
    stream: bytes, offset: int, error: str, clause: str
) -> None:
    """Also after other frames, and after a head, and in any part of a long stream."""
    before = HELLO + frame(FIN | BINARY, bytes(70_000))
    for prefix in (b"", before, PLAIN_REQUEST, PLAIN_REQUEST + before):
        done = dump_client(prefix + stream, "--json")
        (found,) = (event for event in objects(done) if event["type"] == "error")
        assert (found["error"], found["clause"]) == (error, clause)
        assert found["offset"] == len(prefix) + offset
        assert done.returncode == 1
    line = dump_client(before + stream).stdout
    assert f"1 -> @{len(before) + offset:<7} error        {error}: " in line
    assert f" ({clause})\n" in line


@needs.compression
@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"\x06", "WS_ERR_COMPRESSION"),
        (HEX("f248cdc9"), "WS_ERR_COMPRESSION"),  # "Hello" without its end
        (HEX("fa0f00"), "WS_ERR_UTF8"),  # U+00FF as one byte
    ],
)
def test_errors_in_compressed_messages(payload: bytes, error: str) -> None:
    done = dump_server(unmasked(FIN | TEXT | RSV1, payload), "--deflate", "--json")
    (found,) = (event for event in objects(done) if event["type"] == "error")
    assert found["error"] == error
    assert 2 <= found["offset"] <= 2 + len(payload)


@needs.compression
def test_frames_after_damaged_compression_are_still_shown() -> None:
    stream = unmasked(FIN | TEXT | RSV1, b"\x06") + unmasked(FIN | TEXT, b"Hello")
    done = dump_server(stream + unmasked(FIN | RSV1 | BINARY, b"\x01\x02"), "--deflate")
    assert '"Hello"' in done.stdout
    assert done.stdout.endswith("FIN RSV1 2 bytes: 01 02\n")
    assert done.stdout.count("error") == 1


@needs.compression
def test_no_context_takeover_is_enforced() -> None:
    """RFC 7692, 7.2.3.2: the second message refers to the first."""
    stream = HEX("c107f248cdc9c90700") + HEX("c105f200110000")
    assert dump_server(stream, "--deflate").returncode == 0
    done = dump_server(stream, "--deflate=server_no_context_takeover", "--json")
    (found,) = (event for event in objects(done) if event["type"] == "error")
    assert found["error"] == "WS_ERR_COMPRESSION"


@needs.compression
def test_a_decompression_bomb_needs_no_memory() -> None:
    deflate = zlib.compressobj(9, wbits=-15)
    block = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    payload = block * 64
    stream = unmasked(FIN | BINARY | RSV1, payload)
    done = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -v 100000; ./{WSDUMP} --deflate --server -"],
        cwd=ROOT,
        input=stream,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert f"inflated to {64 << 20}: 00 00".encode() in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "error", "clause", "at"),
    [
        (b"Version: 13", b"Version: 8", "WS_ERR_HANDSHAKE_VERSION", "RFC 6455, 4.1", b"8\r\n"),
        (b"ub25jZQ==", b"ub25j", "WS_ERR_HANDSHAKE_KEY", "RFC 6455, 4.1", b"dGhl"),
        (b"GET", b"POST", "WS_ERR_HTTP_METHOD", "RFC 6455, 4.1", b"POST"),
        (b"HTTP/1.1", b"HTTP/1.0", "WS_ERR_HTTP_VERSION", "RFC 6455, 4.1", b"GET"),
        (b"Upgrade: websocket\r\n", b"", "WS_ERR_NOT_UPGRADE", "RFC 6455, 4.2.1", b"GET"),
        (b"Host:", b"Host ", "WS_ERR_HTTP_SYNTAX", "RFC 9112, 2.2 to 5", b"GET"),
    ],
)
def test_invalid_requests(old: bytes, new: bytes, error: str, clause: str, at: bytes) -> None:
    request = RFC_REQUEST.replace(old, new)
    found = [e for e in objects(dump_client(request, "--json")) if e["type"] == "error"]
    assert [(event["error"], event["clause"]) for event in found] == [(error, clause)]
    assert request[found[0]["offset"] :].startswith(at)


def test_invalid_responses(tmp_path: Path) -> None:
    client, server = tmp_path / "client", tmp_path / "server"
    client.write_bytes(RFC_REQUEST)
    for old, new, error in (
        (b"s3pP", b"S3pP", "WS_ERR_HANDSHAKE_ACCEPT"),
        (b"Protocol: chat", b"Protocol: other", "WS_ERR_HANDSHAKE_PROTOCOL"),
        (b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: x\r\n\r\n", "WS_ERR_EXTENSION"),
    ):
        server.write_bytes(RFC_ANSWER.replace(old, new))
        done = wsdump("--json", "-c", str(client), "-s", str(server))
        (found,) = (event for event in objects(done) if event["type"] == "error")
        assert (found["error"], found["from"]) == (error, "server")
        assert done.returncode == 1


def test_a_refusal_is_no_error(tmp_path: Path) -> None:
    client, server = tmp_path / "client", tmp_path / "server"
    client.write_bytes(RFC_REQUEST)
    server.write_bytes(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    done = wsdump("-c", str(client), "-s", str(server))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].endswith("HTTP/1.1 403 Forbidden")


# ---- output ----


def test_what_a_terminal_would_obey_is_escaped() -> None:
    hostile = "\x1b[31m\x07\u009b\u202e\r\n\t"
    escaped = r"\x1b[31m\x07\xc2\x9b\xe2\x80\xae\x0d\x0a\x09"
    stream = RFC_ANSWER.replace(b"Switching", b"Switching \x9b31m\xff")
    stream += unmasked(FIN | TEXT, hostile.encode())
    stream += unmasked(FIN | PING, hostile.encode())
    stream += wire.close(1000, hostile.encode(), None)
    done = dump_server(stream)
    assert done.stdout.count(f'"{escaped}"') == 3
    assert r"101 Switching \x9b31m\xff Protocols" in done.stdout
    for output in (done.stdout, dump_server(stream, "--json").stdout):
        assert all(line.isprintable() for line in output.split("\n"))


def test_payloads_are_shortened() -> None:
    stream = unmasked(FIN | TEXT, b"x" * 79 + "é".encode() + b"x" * 100)
    assert '181 bytes: "' + "x" * 79 + '"...\n' in dump_server(stream).stdout
    assert '181 bytes: "xxx"...\n' in dump_server(stream, "--length", "3").stdout
    assert '181 bytes: "' + "x" * 79 + "é" + "x" * 100 + '"\n' in (
        dump_server(stream, "--full").stdout
    )
    (found,) = objects(dump_server(stream, "--json"))
    assert found["text"] == "x" * 79 + "é" + "x" * 100 and "truncated" not in found
    (found,) = objects(dump_server(stream, "--json", "-l", "3"))
    assert found["text"] == "xxx" and found["truncated"] is True


def test_a_hexadecimal_dump() -> None:
    done = dump_server(unmasked(FIN | BINARY, bytes(range(0x38, 0x4A))), "--hex")
    assert done.stdout.splitlines() == [
        "1 <- @0       binary       FIN 18 bytes:",
        "    00000000  38 39 3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47  |89:;<=>?@ABCDEFG|",
        "    00000010  48 49                                            |HI|",
    ]


def test_colours_only_on_a_terminal() -> None:
    def output(**variables: str) -> bytes:
        master, slave = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", **variables}
        process = subprocess.Popen(
            [f"./{WSDUMP}", "--server", "-"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=slave,
            env=environment,
        )
        os.close(slave)
        process.communicate(unmasked(FIN | TEXT, b"Hello"), 20)
        data = os.read(master, 65536)
        os.close(master)
        return data

    assert b"\x1b[" in output()
    assert b"\x1b[" not in output(NO_COLOR="1")
    assert b"\x1b[" not in output(TERM="dumb")
    assert "\x1b[" not in dump_server(unmasked(FIN | TEXT, b"Hello")).stdout


# ---- the command line ----


@pytest.mark.parametrize(
    "arguments",
    [
        ("--nonsense",),
        ("--length",),
        ("--length", "x"),
        ("a", "b"),
        ("--client", "a", "b"),
        ("--hex", "--json"),
        ("--deflate=nonsense",),
        ("--filter", "tcp", "--client", "a"),
        ("--interface", "lo", "a"),
        ("/does/not/exist",),
        ("--client", "/does/not/exist"),
    ],
)
def test_wrong_arguments_are_explained(arguments: tuple[str, ...]) -> None:
    done = wsdump(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("options", [[], ["--server", "-"]], ids=str)
def test_a_frame_is_printed_as_soon_as_it_has_arrived(options: list[str]) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([f"./{WSDUMP}", *options], cwd=ROOT, stdin=pipe, stdout=pipe) as dump:
        assert dump.stdin and dump.stdout
        for i, text in enumerate([b"Hello", b"world"]):
            for part in (unmasked(FIN | TEXT, text)[:3], unmasked(FIN | TEXT, text)[3:]):
                dump.stdin.write(part)
                dump.stdin.flush()
            assert select.select([dump.stdout], [], [], PATIENCE)[0]
            line = f'1 <- @{7 * i}       text         FIN 5 bytes: "{text.decode()}"\n'
            assert dump.stdout.readline() == line.encode()
        dump.stdin.close()
        assert dump.wait(PATIENCE) == 0


def test_a_head_that_arrives_byte_by_byte() -> None:
    with subprocess.Popen([f"./{WSDUMP}"], cwd=ROOT, stdin=-1, stdout=-1) as dump:
        assert dump.stdin and dump.stdout
        for i in range(len(RFC_REQUEST)):
            dump.stdin.write(RFC_REQUEST[i : i + 1])
            dump.stdin.flush()
        dump.stdin.close()
        assert b"-> @0       request      GET " in dump.stdout.read()


def test_output_that_is_lost_is_an_error() -> None:
    for count in (1, 10_000):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [f"./{WSDUMP}"],
                cwd=ROOT,
                input=unmasked(FIN | TEXT, b"Hello") * count,
                stdout=full,
                stderr=subprocess.PIPE,
            )
        assert done.returncode == 2
        assert done.stderr == b"wsdump: stdout: No space left on device\n"


def test_a_filter_needs_a_capture() -> None:
    done = wsdump("--filter", "tcp", stdin=SERVER_EXAMPLES)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "wsdump: --filter: needs a capture (see --help)\n"


def test_a_stream_that_looks_like_a_capture() -> None:
    stream = unmasked(FIN | 0x20 | TEXT, b"Hello")  # RSV2
    done = wsdump(stdin=stream)
    assert done.returncode == 2
    if "libpcap" not in done.stderr:
        assert "--server" in done.stderr
    assert "WS_ERR_RESERVED_BITS" in dump_server(stream).stdout


def test_help_and_version() -> None:
    done = wsdump("--help")
    assert done.returncode == 0 and "--client FILE" in done.stdout
    done = wsdump("--version")
    assert done.returncode == 0 and done.stdout.startswith("wsdump, wscodec ")


def test_nothing_is_printed_for_nothing() -> None:
    done = wsdump(stdin=b"")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
