"""What both sides of a real exchange sent, byte by byte, to feed wsdump."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from typing import Any, NamedTuple

from echo_checks import PATIENCE
from test_echo_client import serving
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection
from websockets.typing import Subprotocol
from wire import ROOT

WSDUMP = "target/tools/wsdump"

MESSAGES: list[str | bytes] = [
    "Hello",
    "",
    "Grüße, 世界! \U0001f389",
    b"\x00\xff" * 300,
    "abc" * 20_000,
    b"",
    json.dumps({"key": ["value"] * 50}),
    "abc" * 20_000,
]


class Exchange(NamedTuple):
    """The streams of bytes; they start with heads."""

    client: bytes
    server: bytes

    def frames(self) -> tuple[bytes, bytes]:
        """The streams without their heads."""
        return self.client.split(b"\r\n\r\n", 1)[1], self.server.split(b"\r\n\r\n", 1)[1]


def wsdump(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [f"./{WSDUMP}", *arguments], cwd=ROOT, input=stdin, capture_output=True, timeout=60
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def objects(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """What --json printed."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def messages(found: list[dict[str, Any]], sender: str) -> list[str]:
    """The text, or the base64, of each data message that one side sent."""
    result: list[str] = []
    for event in found:
        if event["type"] != "frame" or event["from"] != sender:
            continue
        if event["opcode"] in ("text", "binary"):
            result.append("")
        if event["opcode"] in ("text", "binary", "continuation"):
            result[-1] += event["text"] if "text" in event else event["base64"]
    return result


def copy(source: socket.socket, target: socket.socket, record: list[bytes]) -> None:
    while data := source.recv(65536):
        record.append(data)
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def record(compression: str | None) -> Exchange:
    """A client of websockets talks to a server of websockets, through a relay. The server
    echoes each message in two fragments."""

    def echo(connection: ServerConnection) -> None:
        for message in connection:
            half = len(message) // 2
            connection.send([message[:half], message[half:]])

    records: tuple[list[bytes], list[bytes]] = ([], [])
    extensions: dict[str, Any] = {}
    if compression:
        extensions["extensions"] = [ServerPerMessageDeflateFactory()]

    def relay() -> None:
        near = listener.accept()[0]
        far = socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])))
        with near, far:
            back = threading.Thread(target=copy, args=(far, near, records[1]))
            back.start()
            copy(near, far, records[0])
            back.join(PATIENCE)

    with (
        serving(echo, **extensions) as url,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        thread = threading.Thread(target=relay)
        thread.start()
        with connect(
            f"ws://127.0.0.1:{listener.getsockname()[1]}/chat?room=1",
            compression=compression,
            subprotocols=[Subprotocol("chat")],
            max_size=None,
            proxy=None,
        ) as client:
            for message in MESSAGES:
                client.send(message)
                assert client.recv() == message
            client.ping("are you there").wait(PATIENCE)
            client.close(4000, "done")
        thread.join(PATIENCE)
    return Exchange(b"".join(records[0]), b"".join(records[1]))
