from __future__ import annotations

import urllib.error
import urllib.request

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
    with connect(uri, origin="https://chat.example") as peer:  # type: ignore[arg-type]
        assert peer.recv(PATIENCE) == "Hello me"
    for wrong, status in (
        ({"uri": stage.uri}, 401),
        ({"uri": uri.replace("secret", "guess")}, 401),
        ({"uri": uri, "origin": "https://evil.example"}, 403),
    ):
        with pytest.raises(InvalidStatus) as refused:
            connect(**wrong)  # type: ignore[arg-type]
        assert refused.value.response.status_code == status
    refused_client = stage.start(client.replace("secret", "guess"))
    assert refused_client.end() == 1 and "401" in refused_client.output
