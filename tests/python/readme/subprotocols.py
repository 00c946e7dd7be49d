from __future__ import annotations

import pytest
from programs import Stage
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect


def check(stage: Stage, server: str, client: str) -> None:
    stage.serve(server)
    assert stage.run(client) == "We speak chat.v2\n"
    for offered in (None, ["chat.v3"]):
        with pytest.raises(InvalidStatus, match="400"):
            connect(stage.uri, subprotocols=offered)  # type: ignore[arg-type]
