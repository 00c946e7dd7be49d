"""What python/README.md shows works."""

from __future__ import annotations

import re
import textwrap

import needs
import wire
import wscodec
from echo_checks import PLAIN_ANSWER, PLAIN_REQUEST, echo
from wire import ROOT


def test_the_example() -> None:
    text = (ROOT / "python" / "README.md").read_text()
    (program,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    handshake, frames = program.split("decoder =")
    names = {"received": PLAIN_REQUEST + wire.frame(0x81, b"Hello")}
    exec(handshake, names)
    assert names["reply"] == PLAIN_ANSWER
    exec("decoder =" + frames, names)
    assert names["reply"] == echo(0x81, b"Hello")


@needs.compression
def test_compression() -> None:
    text = (ROOT / "python" / "README.md").read_text()
    section = text.partition("## Compression")[2].partition("\n## ")[0]
    code = textwrap.dedent("".join(re.findall(r"^(?:    .*)?\n", section, re.MULTILINE)))
    server, client, answer, broadcast = re.split(
        r"^(?=offered|response|once)", code, flags=re.MULTILINE
    )
    names = {"wscodec": wscodec, "host": "localhost", "news": "x" * 5000}
    exec(client, names)
    names["head"] = names["request"]
    exec(server, names)
    names["received"] = names["reply"]
    agreed = wscodec.Deflate(client_no_context_takeover=True)
    assert names["connection"].deflate == agreed  # type: ignore[attr-defined]
    exec(answer, names)
    assert names["connection"].deflate == agreed  # type: ignore[attr-defined]
    exec(broadcast, names)
    other = wscodec.Connection(wscodec.CLIENT, deflate=names["once"])  # type: ignore[arg-type]
    (message,) = other.receive_data(names["frame"])  # type: ignore[arg-type]
    assert isinstance(message, wscodec.Message) and message.data == names["news"]
