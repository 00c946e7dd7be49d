"""The PROXY protocol, versions 1 and 2, without I/O: the address of the client, which a proxy
says before anything else.

https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
"""

from __future__ import annotations

import ipaddress
import re
import struct
from typing import NamedTuple

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
MAX_LINE = 107
"""Bytes of a header of version 1, with CRLF."""

MAX_HEADER = 4096
"""Bytes of a header of version 2. Additions can have 64 KiB, but are short."""

_PORT = re.compile("0|[1-9][0-9]{0,4}")
_FIXED = len(SIGNATURE) + 4
_FAMILIES = {0x11: 4, 0x21: 16}
"""Bytes of an address in version 2: TCP over IPv4, and over IPv6."""


class ProxyError(ValueError):
    """What the connection begins with is no header of the PROXY protocol."""


class Header(NamedTuple):
    """A header that is complete."""

    client: tuple[str, int] | None
    """The address and port of the client; None if the proxy speaks for itself."""
    length: int
    """Bytes of the header. What follows is for the server."""


def parse(data: bytes) -> Header | None:
    """Reads the header at the start of what has arrived; None if more must arrive.

    Raises ProxyError at the first byte that is invalid.
    """
    if data.startswith(SIGNATURE[: len(data)]):
        return _version_2(data)
    if data.startswith(b"PROXY "[: len(data)]):
        return _version_1(data)
    raise ProxyError("no header of the PROXY protocol")


def _version_1(data: bytes) -> Header | None:
    length = data.find(b"\n", 0, MAX_LINE) + 1
    if not length:
        if len(data) >= MAX_LINE:
            raise ProxyError("the line is too long")
        return None
    if data[length - 2] != ord("\r"):
        raise ProxyError("the line does not end with CRLF")
    fields = data[: length - 2].decode("latin-1").split(" ")
    if fields[1] == "UNKNOWN":
        return Header(None, length)
    if len(fields) != 6 or fields[1] not in ("TCP4", "TCP6"):
        raise ProxyError("invalid line")
    version = int(fields[1][-1])
    host, _ = _address(fields[2], version), _address(fields[3], version)
    port, _ = _port(fields[4]), _port(fields[5])
    return Header((host, port), length)


def _address(text: str, version: int) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ProxyError("invalid address") from None
    if address.version != version or "%" in text:
        raise ProxyError("invalid address")
    return str(address)


def _port(text: str) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise ProxyError("invalid port")
    return int(text)


def _version_2(data: bytes) -> Header | None:
    if len(data) > len(SIGNATURE) and data[len(SIGNATURE)] not in (0x20, 0x21):
        raise ProxyError("invalid version or command")
    if len(data) < _FIXED:
        return None
    command, family, size = struct.unpack_from("!BBH", data, len(SIGNATURE))
    width = _FAMILIES.get(family, 0) if command == 0x21 else 0
    if _FIXED + size > MAX_HEADER or size < (2 * width + 4 if width else 0):
        raise ProxyError("invalid length")
    if len(data) < _FIXED + size:
        return None
    if not width:
        return Header(None, _FIXED + size)
    host = ipaddress.ip_address(data[_FIXED : _FIXED + width])
    (port,) = struct.unpack_from("!H", data, _FIXED + 2 * width)
    return Header((str(host), port), _FIXED + size)
