"""wss://, with the server of websockets."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from certificates import context, trusting
from client_peers import (
    accepting,
    cancelled_after,
    leaves_nothing_open,
    redirect,
    run,
    scripted,
    serving,
)
from wscodec.asyncio.client import connect, unix_connect
from wscodec.exceptions import InvalidMessage, SecurityError


def test_messages_are_exchanged(certificates: Path) -> None:
    async def main() -> None:
        async with serving(ssl=context(certificates)) as port:
            for host in ("localhost", "127.0.0.1"):
                async with connect(
                    f"wss://{host}:{port}/", ssl=trusting(certificates)
                ) as connection:
                    for message in ("hello", b"x" * 1_000_000):
                        await connection.send(message)
                        assert await connection.recv() == message
                    assert connection.transport.get_extra_info("ssl_object") is not None
                assert connection.close_code == 1000

    run(main())


def test_messages_that_follow_the_response_at_once_are_received(certificates: Path) -> None:
    def respond(request: bytes) -> bytes:
        return accepting(request) + b"\x81\x03one\x82\x03two"

    async def main() -> None:
        async with scripted(respond, ssl=context(certificates)) as raw:
            connection = await connect(
                f"wss://localhost:{raw.port}/", ssl=trusting(certificates), close_timeout=0.1
            )
            assert await connection.recv() == "one"
            assert await connection.recv() == b"two"
            await connection.close()

    run(main())


def test_by_default_the_certificates_of_the_system_are_trusted(
    certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with serving(ssl=context(certificates)) as port:
            with pytest.raises(ssl.SSLCertVerificationError):
                await connect(f"wss://localhost:{port}/")
            monkeypatch.setenv("SSL_CERT_FILE", f"{certificates}/ca.pem")
            async with connect(f"wss://localhost:{port}/") as connection:
                await connection.send("hello")

    run(main())


def test_the_name_in_the_certificate_must_be_that_of_the_server(certificates: Path) -> None:
    async def main() -> None:
        async with serving(ssl=context(certificates, "other")) as port:
            options: dict[str, Any] = {"ssl": trusting(certificates)}
            for host in ("localhost", "127.0.0.1"):
                with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
                    await connect(f"wss://{host}:{port}/", **options)
            options["server_hostname"] = "other.example"
            async with connect(f"wss://localhost:{port}/", **options) as connection:
                assert connection.request.headers["Host"] == f"localhost:{port}"
            async with connect(
                "wss://other.example/", host="127.0.0.1", port=port, ssl=trusting(certificates)
            ):
                pass

    run(main())


def test_a_client_can_have_a_certificate(certificates: Path) -> None:
    server = context(certificates)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(certificates / "ca.pem")
    client = trusting(certificates)
    client.load_cert_chain(certificates / "client.pem", certificates / "client.key")

    async def main() -> None:
        async with serving(ssl=server) as port:
            async with connect(f"wss://localhost:{port}/", ssl=client) as connection:
                await connection.send("hello")
                assert await connection.recv() == "hello"
            with pytest.raises((ssl.SSLError, ConnectionError, InvalidMessage)):
                await connect(f"wss://localhost:{port}/", ssl=trusting(certificates))

    run(main())


def test_a_connected_socket_and_a_unix_socket(certificates: Path, tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(ssl=context(certificates)) as port:
            sock = socket.create_connection(("127.0.0.1", port))
            options: dict[str, Any] = {"ssl": trusting(certificates)}
            async with connect("wss://localhost/", sock=sock, **options) as connection:
                await connection.send("hello")
                assert await connection.recv() == "hello"
        path = str(tmp_path / "socket")

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(accepting(await reader.readuntil(b"\r\n\r\n")) + b"\x81\x02hi")
            await reader.read()
            writer.close()

        server = await asyncio.start_unix_server(talk, path, ssl=context(certificates))
        connection = await unix_connect(path, close_timeout=0.1, **options)
        assert await connection.recv() == "hi"
        await connection.close()
        server.close()
        await asyncio.sleep(0.01)

    run(main())


def test_a_redirection_from_ws_to_wss_is_followed(
    certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificates}/ca.pem")

    async def main() -> None:
        async with serving(ssl=context(certificates)) as port:
            async with scripted(redirect(f"https://localhost:{port}/")) as raw:
                async with connect(raw.uri) as connection:
                    assert connection.transport.get_extra_info("ssl_object") is not None

    run(main())


def test_a_redirection_from_wss_to_ws_is_not_followed(certificates: Path) -> None:
    async def main() -> None:
        async with scripted(accepting) as plain:
            async with scripted(redirect(plain.uri), ssl=context(certificates)) as raw:
                with pytest.raises(SecurityError, match="wss to ws"):
                    await connect(f"wss://localhost:{raw.port}/", ssl=trusting(certificates))
                await raw.ended.get()
            assert plain.requests == []

    run(main())


def test_a_server_without_tls(certificates: Path) -> None:
    async def main() -> None:
        async with serving() as port:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await connect(f"wss://localhost:{port}/", ssl=trusting(certificates))

    run(main())


def test_a_server_that_is_silent_is_left_after_open_timeout(certificates: Path) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            port = listener.getsockname()[1]
            connecting = asyncio.ensure_future(
                connect(f"wss://localhost:{port}/", open_timeout=0.2)._connect()
            )
            peer, _ = await loop.sock_accept(listener)
            with pytest.raises(TimeoutError):
                await connecting
            with peer:
                while await loop.sock_recv(peer, 65536):
                    pass

    leaves_nothing_open(main())


@pytest.mark.parametrize("turns", range(0, 30, 3))
def test_a_cancelled_attempt_leaves_nothing_open(certificates: Path, turns: int) -> None:
    async def main() -> None:
        async with serving(ssl=context(certificates)) as port:
            client = connect(f"wss://localhost:{port}/", ssl=trusting(certificates))
            await cancelled_after(turns, client)

    leaves_nothing_open(main())
