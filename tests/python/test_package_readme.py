"""The code in python/README.md works."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import needs
import pytest
import wire
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, RFC_ANSWER, RFC_REQUEST, echo, goodbye
from wire import ROOT


def test_the_first_example_replies_to_a_request_and_a_frame() -> None:
    text = (ROOT / "python" / "README.md").read_text()
    (program,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    handshake, frames = program.split("decoder =")
    names = {"received": PLAIN_REQUEST + wire.frame(0x81, b"Hello")}
    exec(handshake, names)
    assert names["reply"] == PLAIN_ANSWER
    exec("decoder =" + frames, names)
    assert names["reply"] == echo(0x81, b"Hello")


def indented(start: str, end: str) -> str:
    """The indented code between two phrases of the text."""
    text = (ROOT / "python" / "README.md").read_text()
    section = text.partition(start)[2].partition(end)[0]
    return textwrap.dedent("".join(re.findall(r"^(?:    .*)?\n", section, re.MULTILINE)))


def test_the_example_of_control_replies_to_a_ping_and_a_close() -> None:
    names: dict[str, Any] = {"wscodec": wscodec, "to_send": b"", "decoder": wscodec.Decoder()}
    names["received"] = wire.frame(0x89, b"ping") + wire.close(1000)
    exec(indented("`Control` replies", "`Connection` is"), names)
    assert names["to_send"] == echo(0x8A, b"ping") + goodbye(1000)


def test_the_examples_of_connections_echo_and_confirm() -> None:
    names: dict[str, Any] = {"wscodec": wscodec}
    names["received"] = RFC_REQUEST + wire.frame(0x81, b"Hello") + wire.close(1000)
    exec(indented("`Connection` is", "Browsers connect"), names)
    assert names["to_send"] == RFC_ANSWER + echo(0x81, b"Hello") + goodbye(1000)
    program = indented("A client creates", "## Within")
    request, confirm = re.split(r"^(?=connection)", program, flags=re.MULTILINE)
    exec(request, names)
    names["received"] = wscodec.Connection.accept(names["request"], protocols="chat").reply
    exec(confirm, names)
    assert names["connection"].protocol == "chat" and names["response"].status == 101


def test_the_example_for_frameworks_builds_the_reply_from_fields() -> None:
    fields = list(wscodec.headers(RFC_REQUEST))
    names: dict[str, Any] = {"wscodec": wscodec, "method": "GET", "fields": fields}
    exec(indented("## Within", "In HTTP/2"), names)
    assert names["reply"] == RFC_ANSWER
    names["method"] = "POST"
    with pytest.raises(wscodec.errors.HttpMethod):
        exec(indented("## Within", "In HTTP/2"), names)


@needs.compression
def test_the_example_of_compression_agrees_and_broadcasts() -> None:
    code = indented("## Compression", "\n## ")
    server, client, response, broadcast = re.split(
        r"^(?=offered|connection, response|once)", code, flags=re.MULTILINE
    )
    names: dict[str, Any] = {"wscodec": wscodec, "host": "localhost", "news": "x" * 5000}
    exec(client, names)
    names["head"] = names["request"]
    exec(server, names)
    names["received"] = names["reply"]
    agreed = wscodec.Deflate(client_no_context_takeover=True)
    assert names["connection"].deflate == agreed
    exec(response, names)
    assert names["connection"].deflate == agreed
    exec(broadcast, names)
    other = wscodec.Connection(wscodec.CLIENT, deflate=names["once"])
    (message,) = other.receive_data(names["frame"])
    assert isinstance(message, wscodec.Message) and message.data == names["news"]
