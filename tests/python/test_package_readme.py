"""What python/README.md shows works."""

from __future__ import annotations

import re

import wire
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
