from __future__ import annotations

from typing import Any

import pytest
import wire
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, RFC_ANSWER, RFC_REQUEST, echo, goodbye
from programs import Stage


def check(
    stage: Stage,
    pieces: str,
    control: str,
    server: str,
    client: str,
    framework: str,
    compression: str,
    broadcast: str,
) -> None:
    _check_pieces(pieces)
    _check_control(control)
    _check_connections(server, client)
    _check_framework(framework)
    if wscodec.library_can_deflate():
        _check_compression(compression, broadcast)


def _check_pieces(program: str) -> None:
    handshake, frames = program.split("decoder =")
    names = {"received": PLAIN_REQUEST + wire.frame(0x81, b"Hello")}
    exec(handshake, names)
    assert names["reply"] == PLAIN_ANSWER
    exec("decoder =" + frames, names)
    assert names["reply"] == echo(0x81, b"Hello")


def _check_control(program: str) -> None:
    names: dict[str, Any] = {"wscodec": wscodec, "to_send": b"", "decoder": wscodec.Decoder()}
    names["received"] = wire.frame(0x89, b"ping") + wire.close(1000)
    exec(program, names)
    assert names["to_send"] == echo(0x8A, b"ping") + goodbye(1000)


def _check_connections(server: str, client: str) -> None:
    names: dict[str, Any] = {"wscodec": wscodec}
    names["received"] = RFC_REQUEST + wire.frame(0x81, b"Hello") + wire.close(1000)
    exec(server, names)
    assert names["to_send"] == RFC_ANSWER + echo(0x81, b"Hello") + goodbye(1000)
    request, confirm = client.splitlines()
    exec(request, names)
    names["received"] = wscodec.Connection.accept(names["request"], protocols="chat").reply
    exec(confirm, names)
    assert names["connection"].protocol == "chat" and names["response"].status == 101


def _check_framework(program: str) -> None:
    fields = list(wscodec.headers(RFC_REQUEST))
    names: dict[str, Any] = {"wscodec": wscodec, "method": "GET", "fields": fields}
    exec(program, names)
    assert names["reply"] == RFC_ANSWER
    names["method"] = "POST"
    with pytest.raises(wscodec.errors.HttpMethod):
        exec(program, names)


def _check_compression(client: str, broadcast: str) -> None:
    names: dict[str, Any] = {"wscodec": wscodec, "host": "localhost", "news": "x" * 5000}
    offered, request, confirm = client.splitlines()
    exec(f"{offered}\n{request}", names)
    accepted = wscodec.Connection.accept(names["request"], deflate=wscodec.Deflate())
    names["received"] = accepted.reply
    exec(confirm, names)
    agreed = wscodec.Deflate(client_no_context_takeover=True)
    assert accepted.connection and accepted.connection.deflate == agreed
    assert names["connection"].deflate == agreed
    exec(broadcast, names)
    other = wscodec.Connection(wscodec.CLIENT, deflate=names["once"])
    (message,) = other.receive_data(names["frame"])
    assert isinstance(message, wscodec.Message) and message.data == names["news"]
