from __future__ import annotations

import re

from programs import Stage

from .servers import ECHO


def check(stage: Stage, client: str) -> None:
    stage.serve(ECHO)
    assert re.fullmatch(r"\d+\.\d ms\n", stage.run(client))
