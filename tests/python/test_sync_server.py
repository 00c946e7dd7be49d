"""wscodec.sync: serve(), the opening handshake, handlers, shutdown()."""

from __future__ import annotations

import errno
import os
import re
import resource
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import wire
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, RFC_REQUEST, Peer, answer, echo, goodbye
from sync_peers import (  # noqa: F401
    PATIENCE,
    Records,
    met,
    nothing_is_left,
    port_of,
    raw,
    serving,
    uri_of,
    wait_until,
)
from sync_peers import echo as echo_handler
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from wire import BINARY, FIN, TEXT, frame
from wscodec.errors import InvalidArgument, InvalidState
from wscodec.sync import (
    ConnectionClosedOK,
    Headers,
    Request,
    Response,
    Server,
    ServerConnection,
    State,
    basic_auth,
    serve,
    unix_serve,
)

pytestmark = pytest.mark.filterwarnings("error")


def answered(
    server: Server, request: bytes = PLAIN_REQUEST
) -> tuple[int, dict[str, str], bytes]:
    with Peer(port_of(server)) as peer:
        peer.send(request)
        return answer(peer.rest())


def with_field(line: str, request: bytes = PLAIN_REQUEST) -> bytes:
    return request[:-2] + line.encode() + b"\r\n\r\n"


# The opening handshake


def test_a_handler_sees_the_request_and_the_response() -> None:
    seen: list[Any] = []

    def handler(connection: ServerConnection) -> None:
        assert connection.response is not None
        seen.extend([connection.request.path, connection.response.status_code])
        seen.extend([connection.request.headers["Host"], connection.subprotocol])
        seen.append(connection.remote_address)
        seen.append(connection.local_address)

    with serving(handler, subprotocols=["superchat", "chat"]) as server:
        with Peer(port_of(server)) as peer:
            peer.send(RFC_REQUEST)
            assert peer.read(len(PLAIN_ANSWER) + 35).endswith(b"superchat\r\n\r\n")
            assert peer.read(4) == goodbye(1000)
            expected = ["/chat", 101, "server.example.com", "superchat"]
            addresses = [peer.socket.getsockname(), server.socket.getsockname()]
            assert seen == [*expected, *addresses]


def test_an_ordinary_request_is_answered_with_426_or_what_process_request_says() -> None:
    plain = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving() as server:
        assert answered(server, plain)[0] == 426

    def process_request(connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/health":
            return connection.respond(200, "OK\n")
        return None

    with serving(process_request=process_request) as server:
        status, fields, body = answered(server, plain)
        assert (status, fields["content-type"], body) == (
            200,
            "text/plain; charset=utf-8",
            b"OK\n",
        )
        assert answered(server, plain.replace(b"GET", b"HEAD"))[2] == b""
        with raw(server) as peer:
            peer.send(frame(FIN | TEXT, b"hi"))
            assert peer.read(4) == echo(FIN | TEXT, b"hi")


def test_process_response_may_change_or_replace_the_response() -> None:
    def process_response(
        connection: ServerConnection, request: Request, response: Response
    ) -> Response | None:
        response.headers["X-Seen"] = request.path
        return Response(403) if "Origin" in request.headers else None

    with serving(process_response=process_response, server_header="mine") as server:
        with Peer(port_of(server)) as peer:
            peer.send(PLAIN_REQUEST.replace(b"Origin", b"X-Origin"))
            head = peer.read(len(PLAIN_ANSWER) + len(b"Server: mine\r\nX-Seen: /chat\r\n"))
            assert b"X-Seen: /chat\r\n" in head
            assert b"Server: mine\r\n" in head
            assert head.endswith(b"\r\n\r\n")
        assert answered(server)[0] == 403


@pytest.mark.parametrize("name", ["process_request", "process_response", "select_subprotocol"])
def test_a_callback_that_raises_is_a_500_and_logged(name: str) -> None:
    def fail(*_: object) -> None:
        raise LookupError("my bug")

    records = Records()
    with serving(logger=records.logger, **{name: fail}) as server:
        assert answered(server, with_field("Sec-WebSocket-Protocol: x"))[0] == 500
        assert any(r.exc_info and "my bug" in str(r.exc_info[1]) for r in records.records)


def test_origins_are_checked() -> None:
    origins = ["https://a.example", re.compile(r"https://[a-z]+\.b\.example")]
    request = PLAIN_REQUEST.replace(b"Origin: http://example.com", b"Origin: %b")
    without = PLAIN_REQUEST.replace(b"Origin: http://example.com\r\n", b"")
    with serving(origins=origins) as server:
        for origin in (b"https://a.example", b"https://x.b.example"):
            with Peer(port_of(server)) as peer:
                peer.send(request % origin)
                assert peer.read(12) == b"HTTP/1.1 101"
        assert answered(server, request % b"https://evil.example")[0] == 403
        assert answered(server, without)[0] == 403
    with serving(origins=[None]) as server, Peer(port_of(server)) as peer:
        peer.send(without)
        assert peer.read(12) == b"HTTP/1.1 101"


def test_basic_auth_sets_the_username_or_answers_401() -> None:
    names: list[str] = []
    auth = basic_auth("room", ("me", "secret"))
    with serving(lambda c: names.append(c.username), process_request=auth) as server:
        credentials = b64encode(b"me:secret").decode()
        with Peer(port_of(server)) as peer:
            peer.send(with_field(f"Authorization: Basic {credentials}"))
            assert peer.read(len(PLAIN_ANSWER) + 4) == PLAIN_ANSWER + goodbye(1000)
        assert names == ["me"]
        status, fields, _ = answered(server, with_field("Authorization: Basic eA=="))
        assert (status, fields["www-authenticate"][:18]) == (401, 'Basic realm="room"')


def test_a_connection_cannot_be_used_before_it_is_open() -> None:
    states = []

    def process_request(connection: ServerConnection, request: Request) -> None:
        states.append((connection.state, connection.close_code, connection.response))
        calls: list[Any] = [connection.recv, connection.ping, connection.pong]
        for call in [*calls, lambda: connection.send("x"), lambda: connection.send(["x"])]:
            with pytest.raises(InvalidState):
                call()

    with serving(process_request=process_request) as server, raw(server):
        assert states == [(State.CONNECTING, None, None)]


def test_close_in_process_request_drops_the_client() -> None:
    with serving(process_request=lambda c, _: c.close()) as server:
        with Peer(port_of(server)) as peer:
            peer.send(PLAIN_REQUEST)
            assert peer.rest() == b""


@pytest.mark.parametrize("name", ["process_request", "select_subprotocol", "process_response"])
def test_nothing_is_called_after_a_callback_that_has_closed_the_connection(name: str) -> None:
    calls: list[str] = []

    def called(each: str) -> Any:
        def callback(connection: ServerConnection, *_: Any) -> None:
            calls.append(each)
            if each == name:
                connection.start_close()

        return callback

    order = ["process_request", "select_subprotocol", "process_response"]
    options: Any = {each: called(each) for each in order}
    with serving(called("handler"), **options) as server:
        with Peer(port_of(server)) as peer:
            peer.send(PLAIN_REQUEST)
            assert peer.rest() == b""
    assert calls == order[: order.index(name) + 1]


def test_open_timeout_bounds_the_opening_handshake() -> None:
    with serving(open_timeout=0.3) as server:
        for sent in (b"", PLAIN_REQUEST[:-2]):
            started = time.monotonic()
            with Peer(port_of(server)) as peer:
                peer.send(sent)
                assert peer.rest() == b""
                assert 0.25 < time.monotonic() - started < 3
        with raw(server) as peer:
            time.sleep(0.5)
            peer.send(frame(FIN | TEXT, b"hi"))
            assert peer.read(4) == echo(FIN | TEXT, b"hi")


def test_frames_right_behind_the_request_are_received() -> None:
    with serving() as server, Peer(port_of(server)) as peer:
        peer.send(PLAIN_REQUEST, frame(FIN | TEXT, b"hi"), frame(FIN | TEXT, b"ho"))
        expected = PLAIN_ANSWER + echo(FIN | TEXT, b"hi") + echo(FIN | TEXT, b"ho")
        assert peer.read(len(expected)) == expected


# Handlers


def test_a_handler_that_returns_closes_with_1000() -> None:
    with serving(lambda _: None) as server, raw(server) as peer:
        assert peer.read(4) == goodbye(1000)


def test_a_handler_that_raises_closes_with_1011_and_is_logged() -> None:
    def handler(connection: ServerConnection) -> None:
        raise LookupError("my bug")

    records = Records()
    with serving(handler, logger=records.logger) as server, raw(server) as peer:
        assert peer.read(4) == goodbye(1011)
        assert "connection handler failed" in records.messages()
        (record,) = [r for r in records.records if r.exc_info]
        assert record.exc_info is not None and "my bug" in str(record.exc_info[1])
        assert isinstance(getattr(record, "websocket", None), ServerConnection)


def test_the_end_of_the_connection_in_a_handler_is_no_error() -> None:
    records = Records()
    with serving(lambda c: c.recv(), logger=records.logger) as server:
        with raw(server) as peer:
            peer.send(wire.close(4000))
        wait_until(lambda: any("ended" in message for message in records.messages()))
        assert not [r for r in records.records if r.levelname == "ERROR"]


def test_a_subclass_can_be_used() -> None:
    class Mine(ServerConnection):
        room = "none"

    def handler(connection: ServerConnection) -> None:
        assert isinstance(connection, Mine)
        connection.room = "kitchen"
        connection.send(f"{connection.room} {connection.server is server}")

    with serving(handler, create_connection=Mine) as server, raw(server) as peer:
        assert peer.read(14) == echo(FIN | TEXT, b"kitchen True")


# shutdown()


def test_shutdown_closes_with_1001_and_waits_for_the_handlers() -> None:
    ended = threading.Event()

    def handler(connection: ServerConnection) -> None:
        with pytest.raises(ConnectionClosedOK):
            connection.recv()
        time.sleep(0.3)
        ended.set()

    with serving(handler) as server, raw(server) as peer, ThreadPoolExecutor() as threads:
        address = server.socket.getsockname()
        closing = threads.submit(server.shutdown)
        assert peer.read(4) == goodbye(1001)
        peer.send(wire.close(1001))
        peer.socket.close()
        closing.result(PATIENCE)
        assert ended.is_set()
        assert server.fileno() == -1
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
    assert server.connections == set()


def test_shutdown_has_a_code_and_a_reason() -> None:
    with serving() as server, raw(server) as peer, ThreadPoolExecutor() as threads:
        with pytest.raises(InvalidArgument):
            server.shutdown(code=1005, reason="x")
        closing = threads.submit(server.shutdown, code=1012, reason="back soon")
        assert peer.read(13) == wire.close(1012, b"back soon", None)
        peer.send(wire.close(1012))
        peer.socket.close()
        closing.result(PATIENCE)


def test_shutdown_can_let_connections_go_on() -> None:
    with serving() as server, raw(server) as peer, ThreadPoolExecutor() as threads:
        closing = threads.submit(server.shutdown, close_connections=False)
        wait_until(lambda: server.fileno() == -1)
        peer.send(frame(FIN | TEXT, b"hi"))
        assert peer.read(4) == echo(FIN | TEXT, b"hi")
        assert not closing.done()
        peer.socket.close()
        closing.result(PATIENCE)


def test_opening_handshakes_get_a_503_at_shutdown() -> None:
    may_go = threading.Event()

    def process_request(connection: ServerConnection, request: Request) -> None:
        may_go.wait(PATIENCE)

    with serving(process_request=process_request) as server:
        with Peer(port_of(server)) as silent, Peer(port_of(server)) as slow:
            with Peer(port_of(server)) as waiting, ThreadPoolExecutor() as threads:
                slow.send(PLAIN_REQUEST[:50])
                waiting.send(PLAIN_REQUEST)
                wait_until(lambda: len(server._threads) == 3)
                time.sleep(0.1)
                closing = threads.submit(server.shutdown)
                assert answer(silent.rest())[0] == 503
                assert answer(slow.rest())[0] == 503
                may_go.set()
                assert answer(waiting.rest())[0] == 503
                for peer in (silent, slow, waiting):
                    peer.socket.close()
                closing.result(PATIENCE)


def test_shutdown_can_be_repeated_and_called_by_a_handler() -> None:
    servers: list[Server] = []

    def handler(connection: ServerConnection) -> None:
        servers[0].shutdown()
        servers[0].shutdown()

    with serving(handler) as server:
        servers.append(server)
        with raw(server) as peer:
            assert peer.read(4) == goodbye(1001)
            peer.socket.close()
        server.shutdown()
    server.serve_forever()  # returns at once


def test_handlers_that_shut_the_server_down_do_not_wait_for_each_other() -> None:
    barrier = threading.Barrier(2)

    def handler(connection: ServerConnection) -> None:
        barrier.wait(PATIENCE)
        connection.server.shutdown()

    with serving(handler) as server:
        for peer in [raw(server), raw(server)]:
            with peer:
                assert peer.read(4) == goodbye(1001)


def test_shutdown_closes_what_an_earlier_one_has_let_go_on() -> None:
    with serving() as server, raw(server) as peer, ThreadPoolExecutor() as threads:
        closing = threads.submit(server.shutdown, close_connections=False)
        wait_until(lambda: server.fileno() == -1)
        threads.submit(server.shutdown)
        assert peer.read(4) == goodbye(1001)
        peer.socket.close()
        closing.result(PATIENCE)


def test_an_exception_of_a_signal_handler_while_a_thread_starts_loses_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """serve_forever() raises it. The thread has started, and goes on until the end."""

    class Stop(BaseException):
        pass

    start, stopped = threading.Thread.start, threading.Event()

    def start_and_stop(thread: threading.Thread) -> None:
        start(thread)
        if threading.current_thread().name == "serving":
            raise Stop

    def serve_until_stop() -> None:
        with pytest.raises(Stop):
            server.serve_forever()
        stopped.set()

    with serve(echo_handler, "127.0.0.1", 0) as server:
        monkeypatch.setattr(threading.Thread, "start", start_and_stop)
        thread = threading.Thread(target=serve_until_stop, name="serving")
        thread.start()
        with raw(server) as peer:
            assert stopped.wait(PATIENCE)
            peer.send(frame(FIN | TEXT, b"hi"))
            assert peer.read(4) == echo(FIN | TEXT, b"hi")
    thread.join(PATIENCE)


def test_a_server_that_never_served_shuts_down() -> None:
    with serve(echo_handler, "127.0.0.1", 0) as server:
        assert server.fileno() == server.socket.fileno() >= 0


def test_only_one_thread_serves() -> None:
    with serving() as server, raw(server):
        with pytest.raises(InvalidState):
            server.serve_forever()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_serve_forever(number: int) -> None:
    """SIGINT by KeyboardInterrupt, SIGTERM by a handler that calls shutdown()."""
    program = """if True:
        import signal
        from wscodec.sync import serve

        def echo(connection):
            for message in connection:
                connection.send(message)

        try:
            with serve(echo, "127.0.0.1", 0) as server:
                signal.signal(signal.SIGTERM, lambda *_: server.shutdown())
                print(server.socket.getsockname()[1], flush=True)
                server.serve_forever()
        except KeyboardInterrupt:
            print("interrupted")
        print("done")
    """
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", program]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with connect(f"ws://127.0.0.1:{process.stdout.readline().strip()}/", proxy=None) as client:
        client.send("hi")
        assert client.recv(PATIENCE) == "hi"
        process.send_signal(number)
        with pytest.raises(Exception, match="1001"):
            client.recv(PATIENCE)
    out, err = process.communicate(timeout=PATIENCE)
    assert out == ("interrupted\n" if number == signal.SIGINT else "") + "done\n"
    assert (err, process.returncode) == ("", 0)


# What can fail


def test_a_server_without_descriptors_goes_on_when_there_are_some_again() -> None:
    records = Records()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with serving(logger=records.logger) as server, raw(server):
        wait_until(lambda: server.connections)
        peers = [socket.socket() for _ in range(3)]
        highest = max(int(name) for name in os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, limits[1]))
        try:
            fillers = []
            while True:
                try:
                    fillers.append(os.dup(0))
                except OSError as error:
                    assert error.errno == errno.EMFILE
                    break
            for peer in peers:
                peer.connect(server.socket.getsockname())
            wait_until(lambda: any("accept failed" in m for m in records.messages()))
            time.sleep(0.5)
            assert len(records.messages()) < 20  # it does not try without pause
        finally:
            for each in fillers:
                os.close(each)
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for peer in peers:
            peer.settimeout(PATIENCE)
            peer.sendall(PLAIN_REQUEST)
            assert peer.recv(12) == b"HTTP/1.1 101"
            peer.close()


def test_a_connection_for_which_there_are_no_descriptors_fails_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    records = Records()
    with serving(logger=records.logger) as server:
        for module, name in ((selectors, "DefaultSelector"), (socket, "socketpair")):
            with raw(server):  # so that it accepts connections
                pass
            wait_until(lambda: not server._threads)
            with monkeypatch.context() as patch:
                patch.setattr(module, name, fail)
                with raw(server) as peer:
                    assert peer.rest() == b""
        with monkeypatch.context() as patch:
            patch.setattr(socket, "socketpair", fail)
            with pytest.raises(OSError, match="Too many"):
                serve(echo_handler, "127.0.0.1", 0)
        with raw(server) as peer:
            peer.send(frame(FIN | TEXT, b"hi"))
            assert peer.read(4) == echo(FIN | TEXT, b"hi")
    assert sum("Too many open files" in message for message in records.messages()) == 2


def test_a_thread_that_cannot_be_started_ends_only_its_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = Records()
    with serving(logger=records.logger) as server:
        start = threading.Thread.start

        def fail(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", fail)
        with Peer(port_of(server)) as peer:
            assert peer.rest() == b""
        monkeypatch.setattr(threading.Thread, "start", start)
        wait_until(lambda: any("cannot start" in message for message in records.messages()))
        with raw(server) as peer:
            peer.send(frame(FIN | TEXT, b"hi"))
            assert peer.read(4) == echo(FIN | TEXT, b"hi")


def test_clients_that_vanish_leave_nothing_behind() -> None:
    """See also nothing_is_left."""
    with serving() as server:
        for sent in (b"", PLAIN_REQUEST[:40], PLAIN_REQUEST):
            for way in ("reset", "close"):
                peer = Peer(port_of(server))
                peer.send(sent)
                peer.reset() if way == "reset" else peer.socket.close()
        for sent in (b"\x81", frame(FIN | BINARY, bytes(500_000))):
            peer = raw(server)
            peer.send(sent)
            peer.reset()
        wait_until(lambda: not server._threads)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"port": None}, InvalidArgument),
        ({"max_size": 0}, InvalidArgument),
        ({"max_queue": (1, 2)}, InvalidArgument),
        ({"max_queue": "x"}, InvalidArgument),
        ({"ping_interval": 0}, InvalidArgument),
        ({"ping_timeout": -1}, InvalidArgument),
        ({"close_timeout": 0}, InvalidArgument),
        ({"open_timeout": 0}, InvalidArgument),
        ({"compression": "gzip"}, InvalidArgument),
        ({"compress_from": -1}, InvalidArgument),
        ({"subprotocols": "chat"}, TypeError),
        ({"subprotocols": ["a b"]}, InvalidArgument),
        ({"process_request": 5}, TypeError),
        ({"nonsense": 1}, TypeError),
    ],
)
def test_wrong_arguments_are_refused_at_once(
    arguments: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        serve(echo_handler, "127.0.0.1", **{"port": 0, **arguments})
    with pytest.raises(TypeError):
        serve("handler", "127.0.0.1", 0)  # type: ignore[arg-type]


def test_an_address_in_use_is_an_error_and_leaves_nothing_behind() -> None:
    with serve(echo_handler, "127.0.0.1", 0) as server, pytest.raises(OSError):
        serve(echo_handler, "127.0.0.1", port_of(server))


def test_a_socket_can_be_given() -> None:
    sock = socket.create_server(("127.0.0.1", 0))
    with serve(echo_handler, sock=sock) as server:
        assert server.socket is sock
    with pytest.raises(InvalidArgument):
        serve(echo_handler, "127.0.0.1", 0, sock=sock)


def test_a_unix_socket_can_be_served(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with unix_serve(echo_handler, path) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(path))
            peer.sendall(PLAIN_REQUEST + frame(FIN | TEXT, b"hi"))
            expected, got = PLAIN_ANSWER + echo(FIN | TEXT, b"hi"), b""
            while len(got) < len(expected):
                got += peer.recv(1000)
            assert got == expected
        server.shutdown()
        thread.join(PATIENCE)
    with pytest.raises(InvalidArgument):
        unix_serve(echo_handler)


def test_a_rejection_reaches_a_client() -> None:
    def process_request(connection: ServerConnection, request: Request) -> Response:
        return Response(404, headers=Headers({"X-Why": "because"}), body=b"not here")

    with serving(process_request=process_request) as server:
        with pytest.raises(InvalidStatus) as caught:
            connect(uri_of(server), proxy=None)
        response = caught.value.response
        assert (response.status_code, response.body) == (404, b"not here")
        assert response.headers["X-Why"] == "because"


def test_a_connection_has_an_id_and_a_logger() -> None:
    with met() as (one, _), met() as (other, _):
        assert one.id == one.id != other.id
        assert one.logger.extra == {"websocket": one}
