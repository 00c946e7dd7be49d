"""Runs a server on asyncio's own event loop, or on uvloop's: SERVER [--uvloop] PORT."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any


def run(main: Callable[[int], Coroutine[Any, Any, None]]) -> None:
    if "--uvloop" in sys.argv:
        import uvloop

        uvloop.run(main(int(sys.argv[-1])))
    else:
        asyncio.run(main(int(sys.argv[-1])))
