from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import pytest
from programs import PATIENCE, Stage
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect


def check(stage: Stage, server: str, client: str) -> None:
    stage.serve(server)
    assert stage.run(client) == "Hello me\n"
    with urllib.request.urlopen(f"http://127.0.0.1:{stage.port}/health") as page:
        assert (page.status, page.read()) == (200, b"OK\n")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"http://127.0.0.1:{stage.port}/other")

    uri = stage.uri.replace("//", "//me:secret@")
    chat: Any = "https://chat.example"
    with connect(uri, origin=chat) as peer:
        assert peer.recv(PATIENCE) == "Hello me"
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"uri": stage.uri}, 401),
        ({"uri": uri.replace("secret", "guess")}, 401),
        ({"uri": uri, "origin": "https://evil.example"}, 403),
    ]
    for arguments, status in wrong:
        with pytest.raises(InvalidStatus) as refused:
            connect(**arguments)
        assert refused.value.response.status_code == status
    refused_client = stage.start(client.replace("secret", "guess"))
    assert refused_client.end() == 1 and "401" in refused_client.output
