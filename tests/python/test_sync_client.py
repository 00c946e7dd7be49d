"""wscodec.sync: connect(), its handshake, redirections, proxies, reconnect()."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import client_peers
import pytest
from certificates import context, trusting
from client_peers import (  # noqa: F401
    accepting,
    no_settings,
    proxying,
    redirect,
    reply,
    scripted,
)
from sync_peers import (  # noqa: F401
    PATIENCE,
    Records,
    in_background,
    nothing_is_left,
    port_of,
    serving,
    uri_of,
    wait_until,
)
from sync_peers import echo as echo_handler
from wscodec._client_opening import USER_AGENT
from wscodec.errors import HandshakeAccept, InvalidArgument
from wscodec.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidMessage,
    InvalidProxy,
    InvalidProxyMessage,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
    SecurityError,
)
from wscodec.sync import (
    ClientConnection,
    State,
    connect,
    reconnect,
    serve,
    unix_connect,
    unix_serve,
)

pytestmark = pytest.mark.filterwarnings("error")


def exchange(uri: str, **options: Any) -> None:
    with connect(uri, **options) as connection:
        for message in ("hello", b"x" * 300_000):
            connection.send(message)
            assert connection.recv(PATIENCE) == message


# The opening handshake


def test_the_request_has_what_was_asked_for() -> None:
    with in_background(scripted(accepting)) as server:
        connection = connect(
            server.uri.replace("127.0.0.1", "me:secret@127.0.0.1") + "chat?room=1",
            origin="https://page.example",
            subprotocols=["a", "b"],
            additional_headers={"X-Mine": "yes"},
            compression=None,
            close_timeout=0.2,
        )
        lines = server.requests[0].decode().split("\r\n")
        assert lines[0] == "GET /chat?room=1 HTTP/1.1"
        for line in (
            f"Host: 127.0.0.1:{server.port}",
            "Origin: https://page.example",
            "Sec-WebSocket-Protocol: a, b",
            "X-Mine: yes",
            f"User-Agent: {USER_AGENT}",
            "Authorization: Basic bWU6c2VjcmV0",
        ):
            assert line in lines
        assert not any("Extensions" in line for line in lines)
        assert connection.request.path == "/chat?room=1"
        assert connection.request.headers["X-Mine"] == "yes"
        assert connection.response.status_code == 101
        assert connection.state is State.OPEN
        connection.close()


def test_frames_right_behind_the_response_are_received() -> None:
    with in_background(scripted(lambda r: accepting(r) + b"\x81\x02hi\x81\x01")) as server:
        with connect(server.uri, close_timeout=0.2) as connection:
            assert connection.recv(PATIENCE) == "hi"


def test_a_close_right_behind_the_response_is_seen_before_a_send() -> None:
    with in_background(scripted(lambda r: accepting(r) + b"\x88\x02\x03\xe8")) as server:
        with connect(server.uri, close_timeout=0.2) as connection:
            with pytest.raises(ConnectionClosedOK):
                connection.send("x")


def test_a_response_in_pieces_is_read() -> None:
    ours, theirs = socket.socketpair()

    def answer_slowly() -> None:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += theirs.recv(4096)
        response = accepting(request)
        for at in range(0, len(response), 20):
            theirs.sendall(response[at : at + 20])
            time.sleep(0.005)

    thread = threading.Thread(target=answer_slowly)
    thread.start()
    with theirs, connect("ws://x/", sock=ours, close_timeout=0.2) as connection:
        thread.join(PATIENCE)
        assert connection.socket is ours


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (reply("404 Not Found", b"no such room"), InvalidStatus),
        (reply("200 OK", b"hello"), InvalidStatus),
        (b"nonsense\r\n\r\n", InvalidMessage),
        (
            b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            HandshakeAccept,
        ),
    ],
)
def test_a_wrong_response_is_an_error(response: bytes, error: type[Exception]) -> None:
    with in_background(scripted(response)) as server:
        with pytest.raises(error) as caught:
            connect(server.uri)
        if error is InvalidStatus:
            body = getattr(caught.value, "response").body  # noqa: B009
            assert response.endswith(body) and body


def test_a_server_that_hangs_up_is_an_error() -> None:
    for response in (b"", b"HTTP/1.1 101 Switch"):
        with in_background(scripted(response, stays=False)) as server:
            with pytest.raises(InvalidMessage) as caught:
                connect(server.uri)
            assert isinstance(caught.value.__cause__, EOFError)


def test_open_timeout_bounds_everything() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        uri = f"ws://127.0.0.1:{server.getsockname()[1]}/"
        for proxy in (None, uri.replace("ws:", "http:")):
            started = time.monotonic()
            with pytest.raises(TimeoutError):
                connect(uri, open_timeout=0.3, proxy=proxy)
            assert 0.25 < time.monotonic() - started < 3
        with pytest.raises(TimeoutError):
            connect(uri.replace("ws:", "wss:"), open_timeout=0.3)


def test_at_the_timeout_a_response_whose_body_is_incomplete_counts() -> None:
    response = b"HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nlater"
    with in_background(scripted(response)) as server:
        with pytest.raises(InvalidStatus) as caught:
            connect(server.uri, open_timeout=1.5)
        assert caught.value.response.body == b"later"


def test_nobody_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        connect(f"ws://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"uri": "http://x/"}, InvalidURI),
        ({"ssl": ssl.create_default_context()}, InvalidArgument),
        ({"subprotocols": "chat"}, TypeError),
        ({"subprotocols": ["a b"]}, InvalidArgument),
        ({"additional_headers": {"Upgrade": "x"}}, InvalidArgument),
        ({"compression": "zstd"}, InvalidArgument),
        ({"open_timeout": -1}, InvalidArgument),
        ({"max_queue": 0}, InvalidArgument),
        ({"proxy": "ftp://x"}, InvalidProxy),
        ({"proxy": 5}, TypeError),
        (
            {"proxy": "http://127.0.0.1:1", "proxy_ssl": ssl.create_default_context()},
            ValueError,
        ),
        ({"nonsense": 1}, TypeError),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        connect(**{"uri": "ws://127.0.0.1:1/", **arguments})


def test_a_unix_socket_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with unix_serve(echo_handler, path) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with unix_connect(path) as connection:
            connection.send("hi")
            assert connection.recv(PATIENCE) == "hi"
            assert connection.request.headers["Host"] == "localhost"
        server.shutdown()
        thread.join(PATIENCE)
    with pytest.raises(InvalidArgument):
        unix_connect()


def test_the_address_can_be_another_than_that_of_the_uri() -> None:
    with serving() as server:
        address = ("127.0.0.1", port_of(server))
        with connect("ws://name.example/", address=address) as connection:
            connection.send("hi")
            assert connection.recv(PATIENCE) == "hi"
            assert connection.request.headers["Host"] == "name.example"


def test_a_subclass_can_be_used() -> None:
    class Mine(ClientConnection):
        pass

    with serving() as server, connect(uri_of(server), create_connection=Mine) as connection:
        assert isinstance(connection, Mine)


# Redirections


def test_a_redirection_is_followed_without_what_is_for_the_first_server_only() -> None:
    with in_background(scripted(accepting)) as second:
        with in_background(scripted(redirect(second.uri + "there"))) as first:
            uri = first.uri.replace("127.0.0.1", "me:secret@127.0.0.1")
            headers = {"Cookie": "a=1", "X-Mine": "yes"}
            with connect(uri, additional_headers=headers, close_timeout=0.2) as connection:
                assert connection.request.path == "/there"
        assert b"Cookie" in first.requests[0] and b"Authorization" in first.requests[0]
        assert b"Cookie" not in second.requests[0]
        assert b"Authorization" not in second.requests[0]
        assert b"X-Mine: yes" in second.requests[0]


def test_a_redirection_within_a_server_keeps_everything() -> None:
    with in_background(scripted(redirect("/there"), accepting)) as server:
        uri = server.uri.replace("127.0.0.1", "me:secret@127.0.0.1")
        with connect(uri, close_timeout=0.2):
            assert server.requests[1].startswith(b"GET /there ")
            assert b"Authorization" in server.requests[1]


def test_too_many_redirections_are_an_error() -> None:
    with in_background(scripted(redirect("/again"))) as server:
        with pytest.raises(SecurityError, match="10"):
            connect(server.uri)
        assert len(server.requests) == 11


def test_a_given_way_is_for_one_server_only() -> None:
    with in_background(scripted(redirect("ws://other.example/"))) as server:
        address = ("127.0.0.1", server.port)
        with pytest.raises(SecurityError, match="address"):
            connect("ws://name.example/", address=address)
        with pytest.raises(SecurityError, match="sock"):
            connect("ws://name.example/", sock=socket.create_connection(address))


# Proxies


def test_messages_go_through_the_proxy() -> None:
    with in_background(client_peers.serving()) as port, in_background(proxying()) as proxy:
        exchange(f"ws://server.example:{port}/", proxy=f"http://u:p@127.0.0.1:{proxy.port}")
        lines = proxy.requests[0].decode().split("\r\n")
        assert lines[0] == f"CONNECT server.example:{port} HTTP/1.1"
        assert "Proxy-Authorization: Basic dTpw" in lines
        wait_until(lambda: proxy.ended.qsize() == 1)


def test_the_environment_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with in_background(client_peers.serving()) as port, in_background(proxying()) as proxy:
        monkeypatch.setenv("ws_proxy", f"http://127.0.0.1:{proxy.port}")
        exchange(f"ws://127.0.0.1:{port}/")
        wait_until(lambda: proxy.ended.qsize() == 1)
        exchange(f"ws://127.0.0.1:{port}/", proxy=None)
        assert len(proxy.requests) == 1


def test_a_proxy_that_refuses_is_an_error() -> None:
    with in_background(proxying()) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        proxy.response = b"HTTP/1.1 407 Who are you\r\n\r\n"
        with pytest.raises(InvalidProxyStatus) as caught:
            connect("ws://server.example/", proxy=url)
        assert caught.value.status == 407
        wait_until(lambda: proxy.ended.qsize() == 1)
        proxy.response = b"SSH-2.0\r\n\r\n"
        with pytest.raises(InvalidProxyMessage):
            connect("ws://server.example/", proxy=url)
        wait_until(lambda: proxy.ended.qsize() == 2)


@pytest.mark.parametrize("server_tls", [False, True])
@pytest.mark.parametrize("proxy_tls", [False, True])
def test_tls_to_the_server_the_proxy_or_both(
    certificates: Path, server_tls: bool, proxy_tls: bool
) -> None:
    """TLS inside TLS on every version of Python."""
    of_server = context(certificates) if server_tls else None
    of_proxy = context(certificates, "other") if proxy_tls else None
    options: dict[str, Any] = {}
    if server_tls:
        options["ssl"] = trusting(certificates)
    if proxy_tls:
        options["proxy_ssl"] = trusting(certificates)
        options["proxy_server_hostname"] = "other.example"
    with serving(ssl=of_server) as server, in_background(proxying(ssl=of_proxy)) as proxy:
        exchange(
            f"{'wss' if server_tls else 'ws'}://127.0.0.1:{port_of(server)}/",
            proxy=f"{'https' if proxy_tls else 'http'}://127.0.0.1:{proxy.port}",
            **options,
        )
        assert len(proxy.requests) == 1
        wait_until(lambda: proxy.ended.qsize() == 1)


# reconnect()


def flaky(*results: Any) -> Callable[[bytes], bytes]:
    """A response for scripted(): each in turn, the last one repeated."""
    left = list(results)

    def respond(request: bytes) -> bytes:
        result = left.pop(0) if len(left) > 1 else left[0]
        return accepting(request) if result is accepting else result  # type: ignore[no-any-return]

    return respond


def test_reconnect_tries_again_after_transient_errors() -> None:
    delays: list[float] = []

    def counted() -> Iterator[float]:
        for _ in range(5):
            delays.append(0.01)
            yield 0.01

    records = Records()
    responses = flaky(reply("503 Busy"), reply("502 Bad"), accepting, reply("404 Gone"))
    with in_background(scripted(responses)) as server:
        got = 0
        with pytest.raises(InvalidStatus) as caught:
            for connection in reconnect(
                server.uri, reconnect_delays=counted, logger=records.logger, close_timeout=0.2
            ):
                assert connection.state is State.OPEN
                got += 1
        assert (got, len(delays), caught.value.response.status_code) == (1, 2, 404)
        assert len([m for m in records.messages() if "reconnecting" in m]) == 2


def test_reconnect_closes_each_connection_and_goes_on_after_its_loss() -> None:
    with serving() as server:
        connections = []
        for connection in reconnect(uri_of(server), reconnect_delays=lambda: iter([0.01] * 5)):
            connections.append(connection)
            connection.send(str(len(connections)))
            assert connection.recv(PATIENCE) == str(len(connections))
            if len(connections) == 3:
                break
        assert [each.state for each in connections[:2]] == [State.CLOSED] * 2
        connections[2].close()


def test_the_exception_to_raise_is_that_of_process_exception() -> None:
    def mine(error: Exception) -> Exception:
        return LookupError("mine")

    with in_background(scripted(reply("503 Busy"))) as server:
        with pytest.raises(LookupError) as caught:
            next(iter(reconnect(server.uri, process_exception=mine)))
        assert isinstance(caught.value.__cause__, InvalidStatus)


def test_when_the_delays_end_the_exception_is_raised() -> None:
    with in_background(scripted(reply("503 Busy"))) as server:
        with pytest.raises(InvalidStatus):
            next(iter(reconnect(server.uri, reconnect_delays=lambda: iter([0.0, 0.0]))))
        assert len(server.requests) == 3


def test_connect_is_reconnect_if_it_is_not_to_be_legacy() -> None:
    with serving() as server:
        for connection in connect(uri_of(server), legacy=False):
            connection.close()
            break
        with connect(uri_of(server), legacy=True) as connection:
            assert connection.state is State.OPEN


def test_reconnect_can_be_used_like_connect_but_not_twice_at_once() -> None:
    with serving() as server:
        connecting = reconnect(uri_of(server))
        for _ in range(2):
            with connecting as connection:
                connection.send("hi")
                assert connection.recv(PATIENCE) == "hi"
                with pytest.raises(RuntimeError):
                    connecting.__enter__()


def test_a_server_that_vanishes_is_noticed() -> None:
    with in_background(scripted(accepting, stays=False)) as server:
        with connect(server.uri) as connection, pytest.raises(ConnectionClosedError):
            connection.recv(PATIENCE)


def test_serve_and_connect_agree_on_compression() -> None:
    with serve(echo_handler, "127.0.0.1", 0, compress_from=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with connect(uri_of(server), compress_from=0) as connection:
            agreed = connection.deflate
            if agreed is not None:  # the library can compress
                assert agreed.server_no_context_takeover and agreed.client_no_context_takeover
            for message in ("x" * 10000, b"y" * 100_000, ""):
                connection.send(message)
                assert connection.recv(PATIENCE) == message
        server.shutdown()
        thread.join(PATIENCE)
