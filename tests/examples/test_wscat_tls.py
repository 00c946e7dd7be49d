"""wscat with wss: against the server of websockets, with certificates that openssl made."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import needs
import pytest
from certificates import context
from echo_checks import PATIENCE
from recorded import objects
from test_echo_client import serving
from test_wscat_c import BINARY, run
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection

pytestmark = needs.program(BINARY)


def echo(connection: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            connection.send(connection.recv())


@contextlib.contextmanager
def secure(certificates: Path, host: str = "localhost", **options: Any) -> Iterator[str]:
    options.setdefault("ssl", context(certificates))
    with serving(echo, **options) as url:
        yield f"wss://{host}:{url.rsplit(':', 1)[1]}"


def test_messages_are_echoed(certificates: Path) -> None:
    lines = "".join(f"{i} {'x' * i}\n" for i in range(0, 3000, 7))
    with secure(certificates) as url:
        done = run("--ca", f"{certificates}/ca.pem", url, sent=lines)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == lines


def test_long_messages_do_not_block(certificates: Path) -> None:
    """Both sides write more than the buffers of sockets hold."""
    line = "0123456789abcdef" * 200_000
    with secure(certificates) as url:
        done = run(
            "--ca", f"{certificates}/ca.pem", "--no-compression", url, *[line[:100_000]] * 20
        )
        piped = run("--ca", f"{certificates}/ca.pem", url, sent=f"{line}\n" * 3)
    assert done.returncode == piped.returncode == 0
    assert done.stdout == f"{line[:100_000]}\n" * 20
    assert piped.stdout == f"{line}\n" * 3


def test_the_name_is_sent_and_an_address_is_not(certificates: Path) -> None:
    names: list[str | None] = []
    server = context(certificates)
    server.sni_callback = lambda _, name, __: names.append(name)
    for host in ("localhost", "127.0.0.1"):
        with secure(certificates, host, ssl=server) as url:
            assert run("--ca", f"{certificates}/ca.pem", url, "x").returncode == 0
    assert names == ["localhost", None]


@pytest.mark.parametrize(
    ("name", "host", "ca", "why"),
    [
        ("localhost", "localhost", None, "unable to get local issuer certificate"),
        ("other", "localhost", "ca.pem", "hostname mismatch"),
        ("other", "127.0.0.1", "ca.pem", "IP address mismatch"),
    ],
)
def test_a_certificate_is_verified(
    certificates: Path, name: str, host: str, ca: str | None, why: str
) -> None:
    options = ["--ca", f"{certificates}/{ca}"] if ca else []
    with secure(certificates, host, ssl=context(certificates, name)) as url:
        done = run(*options, url, "secret")
        insecure = run("--insecure", url, "hello")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"wscat: {url}: {why}\n"
    assert (insecure.returncode, insecure.stdout) == (0, "hello\n")


def test_the_certificates_of_the_system_are_used(
    certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificates}/ca.pem")
    with secure(certificates) as url:
        assert run(url, "hello").stdout == "hello\n"


def test_a_client_certificate(certificates: Path) -> None:
    server = context(certificates)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(certificates / "ca.pem")
    ca = ["--ca", f"{certificates}/ca.pem"]
    mine = ["--cert", f"{certificates}/client.pem", "--key", f"{certificates}/client.key"]
    with secure(certificates, ssl=server) as url:
        assert run(*ca, *mine, url, "hello").stdout == "hello\n"
        assert run(*ca, url, "hello").returncode == 1
        assert run(*ca, *mine[:2], url, "hello").returncode == 2


def test_what_was_agreed_is_reported(certificates: Path) -> None:
    with secure(certificates) as url:
        done = run("--ca", f"{certificates}/ca.pem", "--json", url, "x")
    opened = objects(done)[0]
    assert opened["tls"] == "TLSv1.3" and opened["cipher"].startswith("TLS_")


def test_a_server_without_tls(certificates: Path) -> None:
    with serving(echo) as url:
        done = run(url.replace("ws:", "wss:"), "x")
    assert done.returncode == 1 and done.stderr.count("\n") == 1


def test_a_response_without_tls() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.handle_request).start()
        done = run("--json", f"wss://127.0.0.1:{server.server_port}", "x")
    assert done.returncode == 1 and done.stderr.endswith(": the response is not TLS\n")
    (error,) = objects(done)
    assert (error["type"], error["message"]) == ("error", "the response is not TLS")


def test_a_server_that_is_silent_is_left_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = run("--timeout", "1", f"wss://127.0.0.1:{listener.getsockname()[1]}/", "x")
    assert done.returncode == 1 and "no response to the TLS handshake" in done.stderr


@pytest.mark.parametrize("option", ["--ca", "--cert"])
def test_files_that_are_no_certificates(tmp_path: Path, option: str) -> None:
    path = tmp_path / "x.pem"
    path.write_text("nonsense")
    options = [option, str(path)] + (["--key", str(path)] if option == "--cert" else [])
    done = run(*options, "wss://127.0.0.1:1/", "x")
    assert done.returncode == 1 and done.stderr.startswith(f"wscat: {path}: ")


@pytest.mark.parametrize("option", ["--ca", "--cert"])
def test_files_that_do_not_exist(option: str) -> None:
    options = [option, "/none"] + (["--key", "/none"] if option == "--cert" else [])
    done = run(*options, "wss://127.0.0.1:1/", "x")
    assert done.returncode == 1
    assert done.stderr == "wscat: /none: No such file or directory\n"


def test_a_connection_that_is_cut(certificates: Path) -> None:
    """The end of TCP without the end of TLS, after the handshake."""

    def work() -> None:
        peer = listener.accept()[0]
        secured = context(certificates).wrap_socket(peer, server_side=True)
        secured.recv(65536)
        socket.socket(fileno=secured.detach()).close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=work)
        thread.start()
        port = listener.getsockname()[1]
        done = run("--ca", f"{certificates}/ca.pem", f"wss://localhost:{port}", "x")
        thread.join(PATIENCE)
    assert done.returncode == 1
    assert "closed before the response was complete" in done.stderr
