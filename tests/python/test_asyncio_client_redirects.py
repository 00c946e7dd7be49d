"""Redirections."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from client_peers import Raw, accepting, redirect, run, scripted, serving
from wscodec.asyncio.client import connect, unix_connect
from wscodec.exceptions import InvalidStatus, InvalidURI, SecurityError

USER_FIELDS = {
    "Authorization": "Bearer secret",
    "Cookie": "secret=1",
    "Proxy-Authorization": "Basic secret",
    "X-Other": "kept",
}


def fields(request: bytes) -> dict[str, str]:
    lines = request.decode().split("\r\n")[1:-2]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def target(request: bytes) -> str:
    return request.decode().split(" ")[1]


@pytest.mark.parametrize(
    "status",
    [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ],
)
def test_redirections_are_followed(status: str) -> None:
    async def main() -> None:
        async with serving() as port:
            async with scripted(redirect(f"ws://127.0.0.1:{port}/there?x", status)) as raw:
                async with connect(raw.uri) as connection:
                    assert connection.request.path == "/there?x"
                    await connection.send("hello")
                    assert await connection.recv() == "hello"
                await raw.ended.get()

    run(main())


def test_relative_ones_keep_the_origin_and_what_is_for_it() -> None:
    async def main() -> None:
        async with scripted(redirect("other?y"), accepting) as raw:
            uri = raw.uri.replace("//", "//u:p@") + "a/b"
            headers = {"Cookie": "secret=1"}
            connection = await connect(uri, additional_headers=headers, close_timeout=0.1)
            await connection.close()
        first, second = raw.requests
        assert (target(first), target(second)) == ("/a/b", "/a/other?y")
        for request in raw.requests:
            assert fields(request)["cookie"] == "secret=1"
            assert fields(request)["authorization"] == "Basic dTpw"

    run(main())


def test_another_origin_does_not_get_what_was_for_the_first() -> None:
    async def main() -> None:
        async with scripted(accepting) as second, scripted(redirect(second.uri)) as first:
            connection = await connect(
                first.uri, additional_headers=USER_FIELDS, close_timeout=0.1
            )
            await connection.close()
        assert fields(first.requests[0])["authorization"] == "Bearer secret"
        names = fields(second.requests[0])
        assert names["x-other"] == "kept" and names["host"] == f"127.0.0.1:{second.port}"
        assert not {"authorization", "cookie", "proxy-authorization"} & set(names)
        assert b"secret" not in second.requests[0]

    run(main())


def test_another_origin_does_not_get_the_credentials_of_the_uri() -> None:
    async def main() -> None:
        async with scripted(accepting) as second, scripted(redirect(second.uri)) as first:
            uri = first.uri.replace("//", "//u:p@")
            await (await connect(uri, close_timeout=0.1)).close()
        assert "authorization" in fields(first.requests[0])
        assert "authorization" not in fields(second.requests[0])

    run(main())


def test_the_first_origin_does_not_get_them_again_from_another_one() -> None:
    async def main() -> None:
        async with scripted(b"") as first:

            def back(_: bytes) -> bytes:
                return redirect(first.uri + "back")

            async with scripted(back) as second:
                async with scripted(redirect(second.uri), accepting) as real:
                    first.port = real.port
                    connection = await connect(
                        real.uri, additional_headers=USER_FIELDS, close_timeout=0.1
                    )
                    await connection.close()
        assert [target(request) for request in real.requests] == ["/", "/back"]
        assert b"secret" in real.requests[0] and b"secret" not in real.requests[1]

    run(main())


def test_every_connect_starts_at_the_given_uri_with_all_that_was_given() -> None:
    """A redirection that is not permanent must not be remembered."""

    async def main() -> None:
        async with scripted(accepting) as second, scripted(redirect(second.uri)) as first:
            connecting = connect(first.uri, additional_headers=USER_FIELDS, close_timeout=0.1)
            for _ in range(2):
                await (await connecting).close()
        assert len(first.requests) == len(second.requests) == 2
        assert all(b"secret" in request for request in first.requests)

    run(main())


def test_ten_redirections_are_followed_and_eleven_are_not() -> None:
    def chain(length: int) -> list[Any]:
        return [*(redirect(f"/{i}") for i in range(1, length + 1)), accepting]

    async def main() -> None:
        async with scripted(*chain(10)) as raw:
            await (await connect(raw.uri, close_timeout=0.1)).close()
        assert target(raw.requests[-1]) == "/10"
        async with scripted(*chain(11)) as raw:
            with pytest.raises(SecurityError, match="more than 10") as caught:
                await connect(raw.uri)
        assert len(raw.requests) == 11
        assert caught.value.response.headers["Location"] == "/11"

    run(main())


def test_open_timeout_covers_all_redirections() -> None:
    async def main() -> None:
        async with scripted(b"") as silent, scripted(redirect(silent.uri)) as raw:
            with pytest.raises(TimeoutError):
                await connect(raw.uri, open_timeout=1)
            await silent.ended.get()

    run(main())


def test_a_redirection_without_a_target_is_a_refusal() -> None:
    async def main() -> None:
        async with scripted(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n") as raw:
            with pytest.raises(InvalidStatus) as caught:
                await connect(raw.uri)
        assert caught.value.response.status_code == 302

    run(main())


def test_a_redirection_to_something_else_is_an_error() -> None:
    async def main() -> None:
        async with scripted(redirect("ftp://server.example/")) as raw:
            with pytest.raises(InvalidURI):
                await connect(raw.uri)
            await raw.ended.get()

    run(main())


def test_an_address_that_was_given_is_not_used_for_another_origin() -> None:
    async def main() -> None:
        async with scripted(redirect("ws://two.example/")) as raw:
            for options in (
                {"host": "127.0.0.1", "port": raw.port},
                {"sock": socket.create_connection(("127.0.0.1", raw.port))},
            ):
                with pytest.raises(SecurityError, match="redirects"):
                    await connect("ws://one.example/", **options)
        assert len(raw.requests) == 2

    run(main())


def test_an_address_that_was_given_is_used_for_the_same_origin() -> None:
    async def main() -> None:
        async with scripted(redirect("/other"), accepting) as raw:
            connection = await connect(
                "ws://one.example/", host="127.0.0.1", port=raw.port, close_timeout=0.1
            )
            await connection.close()
        assert [target(request) for request in raw.requests] == ["/", "/other"]

    run(main())


def test_a_socket_is_good_for_one_connection() -> None:
    async def main() -> None:
        async with scripted(redirect("/other"), accepting) as raw:
            sock = socket.create_connection(("127.0.0.1", raw.port))
            with pytest.raises(SecurityError, match="one connection"):
                await connect("ws://one.example/", sock=sock)
        assert len(raw.requests) == 1

    run(main())


def test_a_unix_socket_is_for_one_origin(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    requests: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        where = {1: "/other", 2: "ws://two.example/"}[len(requests)]
        writer.write(redirect(where))
        await reader.read()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_unix_server(talk, path)
        with pytest.raises(SecurityError):
            await unix_connect(path)
        server.close()
        await asyncio.sleep(0.01)

    run(main())
    assert [target(request) for request in requests] == ["/", "/other"]


def test_the_keys_of_requests_differ() -> None:
    async def main() -> Raw:
        async with scripted(redirect("/other"), accepting) as raw:
            await (await connect(raw.uri, close_timeout=0.1)).close()
        return raw

    keys = [re.search(rb"Key: (\S+)", request) for request in run(main()).requests]
    assert len({found[1] for found in keys if found}) == 2
