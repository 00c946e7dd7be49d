"""The echo servers in Python. They have one command line."""

from __future__ import annotations

import ssl
import sys

from conversation import Certificate
from echo_checks import Server

UVLOOP = """
import asyncio, os, runpy, sys, uvloop
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
sys.path.insert(0, os.path.dirname(sys.argv[1]))  # as if it were started alone
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""
SERVERS = {
    "asyncio": (sys.executable, "python/examples/echo_server.py"),
    "uvloop": (sys.executable, "-c", UVLOOP, "python/examples/echo_server.py"),
    "threads": (sys.executable, "python/examples/echo_threads.py"),
    "trio": (sys.executable, "python/examples/echo_trio.py"),
}


def start(name: str, certificate: Certificate | None = None, *options: str) -> Server:
    """With a certificate: under TLS."""
    if certificate is None:
        return Server(SERVERS[name], *options)
    context = ssl.create_default_context(cafile=certificate.ca)
    files = ("--cert", certificate.cert, "--key", certificate.key)
    return Server(SERVERS[name], *files, *options, tls=context)
