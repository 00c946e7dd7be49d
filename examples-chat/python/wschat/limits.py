"""Limits: of rates, of connections, of what waits for a client that does not read."""

from __future__ import annotations

import ipaddress
import time
from collections import Counter
from collections.abc import Callable


class Bucket:
    """A limit on a rate: tokens that come back over time.

    rate   Tokens in a second.
    burst  Tokens at most, and at first.
    """

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._at = float(burst), clock()

    def take(self) -> bool:
        """Takes a token; returns whether there was one."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def place_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, since that is
    what a subscriber gets. All others, e.g. Unix sockets, count as one."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((parsed, 64), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)


class Places:
    """A limit on connections, of all clients and of each address."""

    def __init__(self, most: int, most_per_address: int) -> None:
        self._most, self._most_per_address = most, most_per_address
        self._taken: Counter[str] = Counter()
        self.count = 0

    def is_full(self) -> bool:
        return self.count >= self._most

    def is_full_for(self, address: str) -> bool:
        return self._taken[address] >= self._most_per_address

    def take(self, address: str) -> None:
        self.count += 1
        self._taken[address] += 1

    def give_back(self, address: str) -> None:
        self.count -= 1
        self._taken[address] -= 1
        if not self._taken[address]:
            del self._taken[address]
