"""Plain HTTP, the opening handshake, figures and logs."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from chat_client import Join, open_socket
from chat_server import PATIENCE, ROOT, ChatServer, wait_until
from redis_server import RedisServer
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

Start = Callable[..., ChatServer]

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "wscodec-chat",
}


def refused_with(server: ChatServer, **options: object) -> int:
    """The status with which an opening handshake is refused."""
    with pytest.raises(InvalidStatus) as refused:
        open_socket(server, **options)
    return refused.value.response.status_code


class HttpChecks:
    command: tuple[str, ...]

    def test_the_page_is_at_the_root(
        self, start: Start, redis: RedisServer, tmp_path: Path
    ) -> None:
        page = tmp_path / "page.html"
        page.write_text("<!doctype html><title>ü</title>" + "x" * 100_000)
        server = start("--redis", redis.address, "--page", str(page))
        response = server.get("/?room=lobby")
        assert response.status == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.body == page.read_bytes()
        assert response.headers["x-content-type-options"] == "nosniff"
        policy = response.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} < set(policy)

    def test_requests_that_do_not_wait_get_one_response(self, shared: ChatServer) -> None:
        with socket.create_connection(("127.0.0.1", shared.port), PATIENCE) as tcp:
            tcp.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n" * 50)
            response = b""
            while part := tcp.recv(65536):
                response += part
        assert response.startswith(b"HTTP/1.1 200 ")
        assert response.count(b"HTTP/1.1 ") == 1

    def test_head_has_no_body(self, shared: ChatServer) -> None:
        response = shared.request("HEAD", "/health")
        assert (response.status, response.body) == (200, b"")
        assert int(response.headers["content-length"]) == len(shared.get("/health").body)

    def test_a_healthy_process_says_so(self, shared: ChatServer) -> None:
        assert shared.get("/health").status == 200

    def test_other_paths_are_not_found(self, shared: ChatServer) -> None:
        assert shared.get("/other").status == 404
        assert shared.request("GET", "/other", UPGRADE).status == 404

    def test_other_methods_are_not_allowed(self, shared: ChatServer) -> None:
        response = shared.request("POST", "/health")
        assert response.status == 405
        assert response.headers["allow"] == "GET, HEAD"

    def test_the_chat_needs_an_upgrade(self, shared: ChatServer) -> None:
        assert shared.get("/chat").status == 426

    def test_the_chat_needs_its_subprotocol(self, shared: ChatServer) -> None:
        assert refused_with(shared, subprotocols=None) == 400
        assert refused_with(shared, subprotocols=[Subprotocol("chat")]) == 400
        with open_socket(shared) as socket:
            assert socket.subprotocol == "wscodec-chat"

    def test_only_pages_of_known_origins_may_connect(
        self, start: Start, redis: RedisServer
    ) -> None:
        options = ("--origin", "https://a.example", "--origin", "https://b.example:8443")
        server = start("--redis", redis.address, *options)
        for origin in ("https://a.example", "https://b.example:8443", None):
            open_socket(server, origin=Origin(origin) if origin else None).close()
        assert refused_with(server, origin=Origin("https://evil.example")) == 403
        assert server.metric('chat_handshakes_total{outcome="origin"}') == 1

    def test_an_invalid_request_is_refused(self, shared: ChatServer) -> None:
        assert (
            shared.request("GET", "/chat", {**UPGRADE, "Sec-WebSocket-Key": "x"}).status == 400
        )
        assert (
            shared.request("GET", "/chat", {**UPGRADE, "Sec-WebSocket-Version": "8"}).status
            == 426
        )
        assert shared.request("GET", "/", {"X": "x" * 100_000}).status == 431

    def test_figures_count_what_happens(self, server: ChatServer, join: Join) -> None:
        ann, bob = join(server, "Ann"), join(server, "Bob")
        ann.said(1)
        bob.texts(1)
        metrics = server.metrics()
        assert metrics["chat_connections"] == 2
        assert metrics["chat_connections_total"] >= 2
        assert metrics['chat_handshakes_total{outcome="accepted"}'] == 2
        assert metrics["chat_messages_received_total"] == 3
        assert metrics["chat_messages_sent_total"] >= 5
        assert metrics["chat_received_bytes_total"] > 300
        assert metrics["chat_sent_bytes_total"] > 300
        assert metrics["chat_waiting_bytes"] == 0
        assert metrics["chat_slow_clients_total"] == 0
        assert metrics["chat_redis_up"] == 1
        assert metrics["chat_rooms"] >= 1
        bob.close()
        wait_until(lambda: server.metric("chat_connections") == 1)
        metrics = server.metrics()
        assert metrics['chat_close_received_total{code="1000"}'] == 1
        assert metrics['chat_close_sent_total{code="1000"}'] == 1
        ann.send(type="unknown")
        assert ann.close_code() == 1008
        wait_until(lambda: server.metric("chat_connections") == 0)
        assert server.metric('chat_close_sent_total{code="1008"}') == 1

    def test_json_logs_have_an_object_for_each_line(
        self, start: Start, redis: RedisServer, join: Join, tmp_path: Path
    ) -> None:
        log = tmp_path / "log"
        with log.open("w") as file:
            server = start("--redis", redis.address, "--verbose", "--json", log=file)
            ann = join(server, "Ann", "attic")
            ann.socket.close(1000, 'bye "\n\x1b\u202e')
            wait_until(lambda: server.metric("chat_connections") == 0)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        for line in lines:
            assert {"time", "level", "event"} <= line.keys()
            assert line["level"] in ("info", "warning")
        closed = [line for line in lines if line["event"] == "closed"]
        assert len(closed) == 1
        assert closed[0]["address"].startswith("127.0.0.1:")
        assert closed[0]["room"] == "attic"
        assert closed[0]["client"] == "client-Ann"
        assert closed[0]["code"] == 1000
        assert closed[0]["reason"] == 'bye "\n\x1b\u202e'

    def test_text_logs_escape_what_drives_a_terminal(
        self, start: Start, redis: RedisServer, join: Join, tmp_path: Path
    ) -> None:
        log = tmp_path / "log"
        with log.open("w") as file:
            server = start("--redis", redis.address, "--verbose", log=file)
            join(server, "Ann").socket.close(1000, "bye\n\x1b[31m\u202e")
            wait_until(lambda: server.metric("chat_connections") == 0)
        text = log.read_text()
        assert "bye\\x0a\\x1b[31m" in text
        assert "\x1b" not in text and "\u202e" not in text

    def test_without_verbose_a_healthy_process_is_silent(
        self, start: Start, redis: RedisServer, join: Join, tmp_path: Path
    ) -> None:
        log = tmp_path / "log"
        with log.open("w") as file:
            server = start("--redis", redis.address, log=file)
            join(server, "Ann").close()
        assert log.read_text() == ""

    def run(self, *options: str) -> tuple[int, str, str]:
        command = [*self.command, *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10)
        return done.returncode, done.stdout, done.stderr

    def test_help_names_the_options(self) -> None:
        code, out, err = self.run("--help")
        assert (code, err) == (0, "")
        for option in ("--listen", "--redis", "--drain-delay", "--max-per-address"):
            assert option in out

    @pytest.mark.parametrize(
        "options",
        [
            ("--unknown",),
            ("--listen", "nowhere"),
            ("--listen", "127.0.0.1:65536"),
            ("--redis", "nowhere"),
            ("--rate", "0"),
            ("--max-connections", "-1"),
            ("--drain-delay", "soon"),
            ("--name", "a b"),
            ("--name", ""),
            ("--rate",),
        ],
        ids=" ".join,
    )
    def test_a_mistake_on_the_command_line_is_named(self, options: tuple[str, ...]) -> None:
        code, out, err = self.run(*options)
        assert (code, out) == (2, "")
        assert options[0] in err

    def test_a_page_that_does_not_exist_is_named(self) -> None:
        code, _, err = self.run("--page", "/nowhere/page.html")
        assert code != 0
        assert "/nowhere/page.html" in err
