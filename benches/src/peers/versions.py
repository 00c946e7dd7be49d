"""Prints the versions of the peers in Python."""

import platform
from importlib.metadata import version

print(f"Python {platform.python_version()}")
for name in ("websockets", "wsproto", "aiohttp"):
    print(name, version(name))
