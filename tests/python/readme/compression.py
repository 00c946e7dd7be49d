from __future__ import annotations

import needs
from programs import Stage
from wscodec import Deflate

MARKS = [needs.compression]


def check(stage: Stage, server: str, client: str) -> None:
    stage.serve(server)
    told, agreed = stage.run(client).splitlines()
    fields = {"server_max_window_bits": 12, "client_max_window_bits": 12}
    no_context = {"server_no_context_takeover": True, "client_no_context_takeover": True}
    assert agreed == repr(Deflate(**fields, **no_context))  # type: ignore[arg-type]
    assert told == repr(Deflate(**fields, **no_context, level=1))  # type: ignore[arg-type]
