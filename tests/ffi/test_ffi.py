"""Echo servers in Go, Java and LuaJIT over the connection layer, without a line of C."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "target" / "tests-ffi"
LIBRARY = ROOT / "target" / "lib"
JNA = "/usr/share/java/jna.jar"


def run(*command: str, folder: Path = HERE, **variables: str) -> str:
    environment = {**os.environ, **variables}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def go() -> list[str]:
    flags = {
        "CGO_CFLAGS": f"-I{ROOT}/include",
        "CGO_LDFLAGS": f"-L{LIBRARY} -Wl,-rpath,{LIBRARY} -lwscodec",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOCACHE": str(WORK / "go"),
    }
    program = WORK / "echo_go"
    run("go", "build", "-o", str(program), ".", folder=HERE / "go", **flags)
    return [str(program)]


def java() -> list[str]:
    run("javac", "-Xlint:all", "-Werror", "-cp", JNA, "-d", str(WORK), "java/Echo.java")
    return ["java", "-cp", f"{JNA}:{WORK}", "Echo", str(LIBRARY / "libwscodec.so")]


def luajit() -> list[str]:
    declarations = WORK / "wscodec.i"
    header = str(ROOT / "include" / "wscodec.h")
    declarations.write_text(run("cc", "-E", "-P", "-DWSCODEC_FFI", header), encoding="utf-8")
    program = str(HERE / "luajit" / "echo_server.lua")
    return ["luajit", program, str(declarations), str(LIBRARY / "libwscodec.so")]


@pytest.fixture(scope="module", params=[go, java, luajit], ids=["go", "java", "luajit"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    WORK.mkdir(parents=True, exist_ok=True)
    command = request.param()
    environment = {**os.environ, "GODEBUG": "cgocheck=1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout
        yield f"ws://127.0.0.1:{int(server.stdout.readline())}/"
        server.kill()


@pytest.fixture
def client(url: str) -> Iterator[ClientConnection]:
    with connect(url, max_size=None, proxy=None) as connection:
        yield connection


def echo(client: ClientConnection, message: str | bytes) -> None:
    client.send(message)
    assert client.recv(timeout=20) == message


def test_messages_come_back(client: ClientConnection) -> None:
    for message in ("Hello", "", b"\x00\xff", "größe \U0001f600", b"x" * 70_000):
        echo(client, message)


def test_compression_was_agreed_on(client: ClientConnection) -> None:
    assert [extension.name for extension in client.protocol.extensions] == ["permessage-deflate"]
    for message in ("the quick brown fox " * 1000, "again " * 3):
        echo(client, message)


def test_without_compression(url: str) -> None:
    with connect(url, compression=None, max_size=None, proxy=None) as client:
        for message in ("Hello", b"a" * 500_000, "b" * 900_000):
            echo(client, message)


def test_fragments_are_put_together(client: ClientConnection) -> None:
    client.send(iter(["Hel", "", "lo, ", "world" * 1000]))
    assert client.recv(timeout=20) == "Hello, " + "world" * 1000


def test_a_ping_is_answered(client: ClientConnection) -> None:
    assert client.ping(b"are you there").wait(timeout=20)


def test_a_close_is_answered_with_its_code(url: str) -> None:
    with connect(url, proxy=None) as client:
        echo(client, "Hello")
        client.close(4001, "bye")
        assert client.protocol.close_rcvd is not None
        assert client.protocol.close_rcvd.code == 4001


@pytest.mark.parametrize(
    ("frame", "code"),
    [(b"\x83\x80\x01\x02\x03\x04", 1002), (b"\x81\x81\x00\x00\x00\x00\xff", 1007)],
    ids=["a reserved opcode", "text that is not UTF-8"],
)
def test_an_error_is_told(url: str, frame: bytes, code: int) -> None:
    with connect(url, proxy=None) as client:
        client.socket.sendall(frame)
        with pytest.raises(ConnectionClosedError) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code


def test_a_message_that_is_too_big_is_refused(url: str) -> None:
    with connect(url, compression=None, proxy=None) as client:
        client.socket.sendall(b"\x82\xff" + (1 << 20 | 1).to_bytes(8, "big"))
        with pytest.raises(ConnectionClosedError) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_a_request_that_is_not_acceptable_is_refused(url: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(url, additional_headers={"Sec-WebSocket-Extensions": "="}, proxy=None)
    assert refused.value.response.status_code == 400
