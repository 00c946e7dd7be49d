"""The snippets of docs/guide.md compile without a warning, and do what the guide promises.

Each section with C code has a harness of the same name in this folder. Most harnesses are the
server of the guide with some functions replaced, so that real clients can talk to it."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import guide
import needs
import pytest
import wire
from echo_checks import (
    PATIENCE,
    PLAIN_ANSWER,
    PLAIN_REQUEST,
    Peer,
    ProtocolChecks,
    Server,
    answer,
    echo,
    goodbye,
)
from guide import HARNESSES
from ports import free_port
from websockets.datastructures import HeadersLike
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Origin, Subprotocol
from wire import BINARY, FIN, PING, PONG, ROOT, TEXT, frame

pytestmark = pytest.mark.skipif(not guide.COMPILERS, reason="no C compiler")

NOT_HERE = {guide.SHARED, "tls"}
"""The declarations that all share; and what needs OpenSSL: see tests/examples."""


@contextlib.contextmanager
def serving(section: str, *arguments: str, log: IO[str] | None = None) -> Iterator[Server]:
    server = Server((str(guide.build(section)), *arguments), log=log)
    try:
        yield server
        assert server.stop() == -signal.SIGTERM
    finally:
        server.process.kill()


def client(server: Server, target: str = "/", **options: Any) -> ClientConnection:
    options = {"compression": None, "proxy": None, "max_size": None, **options}
    connection = connect(f"ws://127.0.0.1:{server.port}{target}", **options)
    return cast(ClientConnection, connection)


def output(server: Server) -> str:
    """The next line that the server prints."""
    assert server.process.stdout
    return server.process.stdout.readline().strip()


def close_code(connection: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed):
        connection.recv(PATIENCE)
    return connection.close_code


# The guide as a text


def test_every_section_with_code_has_a_harness() -> None:
    for section in guide.sections_with("c"):
        if section != guide.SHARED:
            assert f'#include "{section}.inc"' in (HARNESSES / f"{section}.c").read_text()


def test_no_harness_is_left_over() -> None:
    assert {path.stem for path in HARNESSES.glob("*.c")} <= set(guide.sections_with("c"))


def test_the_contents_list_every_section() -> None:
    contents = guide.GUIDE.read_text().split("\n## ")[0]
    linked = re.findall(r"^\| .* \| \[(.+)\]\(#(.+)\) \|$", contents, re.MULTILINE)
    assert [guide.slug(name) for name, _ in linked] == [target for _, target in linked]
    assert [guide.SHARED, *(target for _, target in linked)] == list(guide.sections())


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", guide.GUIDE.read_text()):
        path, _, anchor = target.partition("#")
        if path:
            assert (guide.GUIDE.parent / path).exists(), target
        else:
            assert anchor in guide.sections(), target


@pytest.mark.parametrize("compiler", guide.COMPILERS)
@pytest.mark.parametrize("section", [s for s in guide.sections_with("c") if s not in NOT_HERE])
def test_snippets_compile_without_a_warning(section: str, compiler: str) -> None:
    assert guide.build(section, compiler).exists()


# A server, and a client


@pytest.fixture(scope="module", autouse=True)
def build_server() -> None:
    guide.build("a-server")


@pytest.fixture(scope="class")
def running() -> Iterator[Server]:
    with serving("a-server") as server:
        yield server


class TestServer(ProtocolChecks):
    command = (str(guide.BUILD / "a-server-cc"),)
    exit_codes = (-signal.SIGTERM,)


def test_the_complete_server(tmp_path: Path) -> None:
    """Its parts, in one file, as a reader would copy them."""
    parts = [guide.blocks(guide.SHARED, "c"), guide.blocks("a-server", "c")]
    main = guide.blocks("a-server", "c main")
    port = free_port()
    assert "htons(8080)" in main
    source, program = tmp_path / "server.c", tmp_path / "server"
    source.write_text("\n".join([*parts, main.replace("htons(8080)", f"htons({port})")]))
    command = ["cc", *guide.WARNINGS, f"-I{ROOT / 'include'}", "-o", str(program), str(source)]
    command += [f"-L{guide.LIBRARY}", f"-Wl,-rpath,{guide.LIBRARY}", "-lwscodec"]
    subprocess.run(command, check=True)
    with subprocess.Popen([program]) as process:
        try:
            with connect_when_ready(port) as connection:
                connection.send("Hello")
                assert connection.recv(PATIENCE) == "Hello"
        finally:
            process.terminate()


def connect_when_ready(port: int) -> ClientConnection:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return connect(f"ws://127.0.0.1:{port}", proxy=None)
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.05)


@contextlib.contextmanager
def shouting() -> Iterator[tuple[int, queue.Queue[int | None]]]:
    """A server of websockets that sends texts back in upper case: its port, and the codes
    that its clients closed with."""
    codes: queue.Queue[int | None] = queue.Queue()

    def handle(connection: ServerConnection) -> None:
        assert connection.request and connection.request.path == "/chat?x=1"
        connection.send("early")  # together with the response, perhaps
        for message in connection:
            assert isinstance(message, str)
            connection.ping()
            connection.send(message.upper())
        codes.put(connection.close_code)

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1], codes
        server.shutdown()
        thread.join(PATIENCE)


def run_client(port: int, target: str, *messages: str) -> subprocess.CompletedProcess[str]:
    command = [str(guide.build("a-client")), str(port), target, *messages]
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


def test_client() -> None:
    with shouting() as (port, codes):
        done = run_client(port, "/chat?x=1", "one", "two", "three")
        assert codes.get(timeout=PATIENCE) == 1000
    assert (done.returncode, done.stdout) == (0, "early\nONE\nTWO\nTHREE\n")


def test_client_reports_a_refusal() -> None:
    with serving("reject-a-client") as server:
        done = run_client(server.port, "/nowhere")
    assert done.returncode == 3
    assert done.stderr.endswith("(status 404)\n")


def test_close() -> None:
    with serving("close") as server:
        with client(server) as first, client(server) as second:
            first.close(4000, "bye")
            assert output(server) == "4000 by the peer"
            with client(server) as third:
                second.send("stop")
                assert close_code(second) == close_code(third) == 1001
        assert {output(server), output(server)} == {"1001 by us"}
        with server.opened() as peer:
            peer.reset()
        assert output(server) == "1006 by us"


# Messages


def test_limits() -> None:
    with serving("limits") as server:
        with client(server) as connection:
            connection.send(["x" * 16384] * 4)
            assert connection.recv(PATIENCE) == "x" * 65536
            with contextlib.suppress(ConnectionClosed):
                connection.send(["x" * 16384] * 4 + ["x"])
            assert close_code(connection) == 1009
        with client(server) as connection:
            connection.send("x" * 16385)
            assert close_code(connection) == 1009


@needs.compression
def test_broadcast() -> None:
    def offering(bits: int | None) -> dict[str, Any]:
        return {"extensions": [ClientPerMessageDeflateFactory(server_max_window_bits=bits)]}

    with contextlib.ExitStack() as stack, serving("broadcast") as server:
        options = [{}, {"compression": "deflate"}, {"compression": "deflate"}, offering(9)]
        all_clients = [stack.enter_context(client(server, **each)) for each in options]
        for sender in all_clients:
            for text in ("a" * 2000, "Hellö", "", "a" * 2000):
                sender.send(text)
                assert [each.recv(PATIENCE) for each in all_clients] == [text] * 4


@needs.compression
def test_broadcast_compresses() -> None:
    request = PLAIN_REQUEST.replace(
        b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    )
    with serving("broadcast") as server, server.raw() as peer, client(server) as sender:
        peer.send(request)
        while not peer.socket.recv(1000).endswith(b"\r\n\r\n"):
            pass
        for _ in range(2):
            sender.send("a" * 2000)
            first, length = peer.read(2)
            assert first == 0xC1 and length < 50
            peer.read(length)


# Time


def test_ping() -> None:
    with serving("ping-and-keepalive") as server, server.opened() as peer:
        peer.send(frame(FIN | PING, b"payload"), frame(FIN | PING))
        expected = echo(FIN | PONG, b"payload") + echo(FIN | PONG)
        assert peer.read(len(expected)) == expected


def test_keepalive() -> None:
    with serving("ping-and-keepalive") as server:
        with client(server, ping_interval=None) as alive, server.opened() as dead:
            started = time.monotonic()
            assert dead.rest() == echo(FIN | PING)
            assert 1 < time.monotonic() - started < 9
            alive.send("still here")
            assert alive.recv(PATIENCE) == "still here"


def lifetime(peer: Peer) -> float:
    started = time.monotonic()
    with contextlib.suppress(ConnectionResetError):
        peer.rest()
    return time.monotonic() - started


def trickle(peer: Peer, data: bytes) -> None:
    """Sends a byte each tenth of a second, until the connection ends."""
    for i in range(len(data)):
        try:
            peer.send(data[i : i + 1])
        except OSError:
            return
        time.sleep(0.1)
    raise AssertionError("the server kept the connection")


def test_time_outs() -> None:
    """A second of the test is 40 of the server, which looks at its clock once a second."""
    with serving("time-outs") as server:
        with server.raw() as silent:
            assert lifetime(silent) < 8
        with server.raw() as slow:
            trickle(slow, PLAIN_REQUEST)
        with server.opened() as dead, client(server, ping_interval=None) as alive:
            assert 1 < lifetime(dead) < 9
            assert alive.ping().wait(PATIENCE)
        with server.opened() as slow:  # longer than the limit for silence
            text = frame(FIN | BINARY, bytes(100))
            for i in range(30):
                slow.send(text[i : i + 1])
                time.sleep(0.1)
            slow.send(text[30:])
            received = slow.read(102)
            assert received == echo(FIN | BINARY, bytes(100))
        with server.opened() as stubborn:
            stubborn.send(frame(FIN | TEXT, b"close"))
            assert stubborn.read(4) == goodbye(1000)
            assert lifetime(stubborn) < 8
        with server.opened() as polite:  # sends another message before it sees the close
            polite.send(frame(FIN | TEXT, b"close"), frame(FIN | BINARY), wire.close(1000))
            assert polite.rest() == goodbye(1000)
        with server.opened() as peer:
            peer.send(frame(FIN | BINARY, bytes(1000)), wire.close(1000))
            assert peer.rest() == echo(FIN | BINARY, bytes(1000)) + goodbye(1000)


def test_a_client_that_does_not_read_is_dropped() -> None:
    with serving("time-outs") as server, server.opened() as peer:
        message = frame(FIN | BINARY, bytes(1 << 20))
        peer.socket.settimeout(9)
        started = time.monotonic()
        with pytest.raises(ConnectionError):
            while True:
                peer.send(message)
        assert time.monotonic() - started < 9


# The opening handshake


def refusal(server: Server, target: str, headers: HeadersLike) -> Any:
    with pytest.raises(InvalidStatus) as caught:
        client(server, target, additional_headers=headers)
    return caught.value.response


def test_reject() -> None:
    with serving("reject-a-client") as server:
        secret = {"Authorization": "Bearer secret"}
        missing = refusal(server, "/chat", {})
        assert (missing.status_code, missing.body) == (401, b"A token is required.\n")
        assert missing.headers["WWW-Authenticate"] == 'Bearer realm="chat"'
        assert missing.headers["Connection"] == "close"
        wrong = refusal(server, "/chat", {"Authorization": "Bearer guess"})
        assert (wrong.status_code, wrong.body) == (403, b"This token may not use the chat.\n")
        assert refusal(server, "/other", secret).status_code == 404
        with client(server, "/chat", additional_headers=secret) as connection:
            connection.send("kick")
            assert close_code(connection) == 4001
            assert connection.close_reason == "log in first"
        with server.raw() as peer:
            peer.send(PLAIN_REQUEST.replace(b"Version: 13", b"Version: 8"))
            assert answer(peer.rest())[0] == 426


@pytest.mark.parametrize(
    "fields, target, found",
    [
        ([("Cookie", "session=abc")], "/chat?room=1", "abc|room=1"),
        ([("Cookie", "a=1; session=abc; b=2")], "/chat", "abc|-"),
        ([("Cookie", "xsession=1; sessionx=2; session=")], "/", "|-"),
        ([("cookie", "a=1;session=abc")], "/", "abc|-"),
        ([("Cookie", "a=session=1; session")], "/", "-|-"),
        ([("X-Cookie", "session=1"), ("Cookie", "; ;session=x=y;")], "/", "x=y|-"),
        ([], "/?a=b?c", "-|a=b?c"),
    ],
)
def test_cookies(fields: list[tuple[str, str]], target: str, found: str) -> None:
    with serving("cookies-and-headers") as server:
        with client(server, target, additional_headers=fields) as connection:
            assert connection.recv(PATIENCE) == found
            assert connection.response
            assert connection.response.headers["Set-Cookie"] == "seen=1; HttpOnly"
            assert connection.response.headers["Server"] == "guide"


def test_subprotocols() -> None:
    old, new, other = Subprotocol("chat.v1"), Subprotocol("chat.v2"), Subprotocol("mqtt")
    with serving("subprotocols") as server:
        for offered, chosen in (([old, new], new), ([other, old], old), ([new], new)):
            with client(server, subprotocols=offered) as connection:
                assert connection.subprotocol == chosen
                assert connection.recv(PATIENCE) == chosen[-1]
        for refused in ([other], None):
            with pytest.raises(InvalidStatus) as caught:
                client(server, subprotocols=refused)
            assert caught.value.response.status_code == 400


def test_origin() -> None:
    with serving("origin") as server:
        for origin in ("https://example.com", "https://app.example.com:8443", None):
            with client(server, origin=origin and Origin(origin)) as connection:
                connection.send("Hello")
                assert connection.recv(PATIENCE) == "Hello"
        for origin in ("http://example.com", "https://app.example.com", "null"):
            with pytest.raises(InvalidStatus) as caught:
                client(server, origin=Origin(origin))
            assert caught.value.response.status_code == 403


# Large messages, compression, threads


def test_stream(tmp_path: Path) -> None:
    """Memory does not grow with the message, in either direction."""
    count, part = 2000, bytes(range(256)) * 400  # 200 MB
    digest = hashlib.sha256(part * count).hexdigest()
    path = tmp_path / "file"
    with serving("stream-large-messages", str(path)) as server:
        with client(server) as connection:
            connection.send(part for _ in range(count))
            assert connection.recv(60) == str(count * len(part))
            assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
            received = hashlib.sha256()
            connection.send("get")
            for chunk in connection.recv_streaming():
                assert isinstance(chunk, bytes)
                received.update(chunk)
            assert received.hexdigest() == digest
            assert connection.ping().wait(PATIENCE)
        assert server.peak_memory() < 8 << 20


def read_frame(peer: Peer) -> tuple[int, bytes]:
    """The first byte of a server's frame, and its payload."""
    first, length = peer.read(2)
    if length > 125:
        length = int.from_bytes(peer.read(2 if length == 126 else 8), "big")
    return first, peer.read(length)


def test_pings_during_a_download(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(100 << 20))
    with serving("stream-large-messages", str(path)) as server:
        with server.opened() as peer, client(server) as other:
            peer.send(frame(FIN | TEXT, b"get"))
            assert other.ping().wait(PATIENCE)
            peer.send(frame(FIN | PING, b"?"))
            before = 0
            while (got := read_frame(peer)) != (FIN | PONG, b"?"):
                before += len(got[1])
            assert 0 < before < 50 << 20


@needs.compression
def test_compression() -> None:
    with serving("compression") as server:
        with client(server, compression="deflate") as connection:
            assert connection.response
            agreed = connection.response.headers["Sec-WebSocket-Extensions"]
            assert "server_no_context_takeover" in agreed
            assert "client_no_context_takeover" in agreed
            for text in ("x" * 5000, "short", "x" * 5000):
                connection.send(text)
                assert connection.recv(PATIENCE) == text
            connection.send(b"a secret, please")
            assert connection.recv(PATIENCE) == "s" * 4095


@needs.compression
def test_the_memory_that_compression_costs() -> None:
    done = subprocess.run(
        [guide.build("compression"), "--memory"], capture_output=True, text=True, check=True
    )
    measured = [int(line.rsplit(" ", 1)[1]) for line in done.stdout.splitlines()]
    table = re.findall(r"^\| .*\| \**([\d,]+).* \|$", guide.sections()["compression"], re.M)
    assert measured == [int(number.replace(",", "")) for number in table]
    assert measured[0] == 341_906


def test_threads() -> None:
    with contextlib.ExitStack() as stack, serving("threads-and-processes") as server:
        clients = [stack.enter_context(client(server)) for _ in range(8)]
        for number in range(50):
            for i, each in enumerate(clients):
                each.send(f"message {number} of {i}")
        for i, each in enumerate(clients):
            got = {each.recv(PATIENCE) for _ in range(50)}
            assert got == {f"MESSAGE {number} OF {i}" for number in range(50)}
        for _ in range(50):
            with server.opened() as gone:  # leaves before its results are ready
                gone.send(frame(FIN | TEXT, b"work"))
        clients[0].send("last")
        assert clients[0].recv(PATIENCE) == "LAST"


@pytest.mark.parametrize(
    "section", [pytest.param("http2-and-http3", marks=needs.compression), "embedding"]
)
def test_without_a_network(section: str) -> None:
    done = subprocess.run([guide.build(section)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_embedding_with_the_static_library() -> None:
    if not guide.ARCHIVE.exists():
        pytest.skip("the static library was not built")
    program = guide.build("embedding", "cc", static=True)
    whole = program.stat().st_size
    program = guide.build("embedding", "cc", "-Wl,--gc-sections", static=True)
    assert program.stat().st_size < whole
    needed = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    assert "libc.so" in needed and "wscodec" not in needed
    assert subprocess.run([program]).returncode == 0


def test_a_plug_in_keeps_the_functions_private(tmp_path: Path) -> None:
    if not guide.ARCHIVE.exists():
        pytest.skip("the static library was not built")
    source, plug_in = tmp_path / "plug_in.c", tmp_path / "plug_in.so"
    source.write_text("#include <wscodec.h>\nint own(void) { return (int)ws_version(); }\n")
    command = ["cc", "-shared", "-fPIC", f"-I{ROOT / 'include'}", "-o", str(plug_in)]
    command += [str(source), str(guide.ARCHIVE), "-Wl,--exclude-libs,ALL"]
    subprocess.run(command, check=True)
    symbols = subprocess.run(["nm", "-D", plug_in], capture_output=True, text=True).stdout
    assert " T own" in symbols and "ws_" not in symbols


# The log


def wait_for(text: str, path: Path) -> None:
    """A connection is logged when it ends, which may be after the client has left."""
    deadline = time.monotonic() + PATIENCE
    while text not in path.read_text():
        assert time.monotonic() < deadline, f"{text!r} was not logged"
        time.sleep(0.01)


def test_logging(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as log, serving("logging", log=log) as server:
        with client(server, "/chat?\u00e9", origin=Origin("https://a.example")) as connection:
            connection.close(4000, 'line\n\x1b[31m"red"')
        wait_for("closed by the peer", path)
        with pytest.raises(InvalidStatus):
            client(server, origin=Origin("https://b.example"))
        with client(server) as connection:
            connection.send("x" * 1001)
            assert close_code(connection) == 1009
        wait_for("WS_ERR_TOO_BIG", path)
        with server.raw() as peer:
            peer.send(PLAIN_REQUEST.replace(b"Origin: http://example.com\r\n", b""))
            peer.half_close()
            assert peer.rest() == PLAIN_ANSWER
        wait_for("WS_ERR_EOF", path)
        with server.raw() as peer:
            peer.send(b"GET /\x1b HTTP/1.1\r\n\r\n")
            peer.rest()
    assert path.read_text().splitlines() == [
        'accepted, 101, target "/chat?%C3%A9", origin "https://a.example"',
        'closed by the peer, 4000, "line\\x0a\\x1b[31m\\x22red\\x22"',
        'refused, 403, the origin is not allowed, target "/", origin "https://b.example"',
        'accepted, 101, target "/", origin ""',
        "failed, WS_ERR_TOO_BIG, a message or frame is larger than the limit, 1001 bytes",
        'accepted, 101, target "/chat", origin ""',
        "failed, WS_ERR_EOF, the stream ended unexpectedly",
    ]
