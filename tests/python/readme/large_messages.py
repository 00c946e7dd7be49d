from __future__ import annotations

import os

from programs import Stage


def check(stage: Stage, server: str, client: str) -> None:
    content = os.urandom(3_000_000)
    (stage.folder / "download").write_bytes(content)
    stage.serve(server)
    assert stage.run(client, "download") == "saved\n"
    assert (stage.folder / "upload").read_bytes() == content
