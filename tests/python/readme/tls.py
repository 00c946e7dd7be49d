from __future__ import annotations

import shutil
from pathlib import Path

from programs import Stage


def check(stage: Stage, server: str, client: str, certificates: Path) -> None:
    for name in ("localhost.pem", "localhost.key", "ca.pem"):
        shutil.copy(certificates / name, stage.folder)
    stage.serve(server)
    assert stage.run(client) == "Hello over TLS\n"
    untrusting = stage.start(client.replace('cafile="ca.pem"', ""))
    assert untrusting.end() == 1 and "CERTIFICATE_VERIFY_FAILED" in untrusting.output
