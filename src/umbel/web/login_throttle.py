"""Guessing passwords is slowed down: by address, and by the name that is tried.

Each has a bucket that a wrong attempt fills and time empties. An attempt counts before it is
checked, so that many at once gain nothing, and is taken back when it was right. A name takes
more than an address, since whoever fills it keeps its owner out for a moment; sessions and
tokens are not asked.

A program that sends its password with every request is not kept out by guessers elsewhere: a
name that was right from an address stays welcome there, as long as nobody guesses too much at that
very name from that very address, and has a bucket of its own. Whoever is past the bound gets the
same answer to a right guess as to a wrong one.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import Final

from umbel.clock import Clock
from umbel.services.fair_shares import network_of

#: So many attempts at once, and so many seconds until one more.
ADDRESS_BURST, ADDRESS_EVERY_S = 10, 10.0
USER_BURST, USER_EVERY_S = 40, 5.0
#: How many addresses and names are remembered; the oldest are forgotten first.
_KEPT: Final = 20_000


class Attempts:
    """Counts attempts. Any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_at: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._welcome: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, address: str, user: str) -> int | None:
        """Count one; the whole seconds to wait if there were too many, and then none is
        counted."""
        buckets = self._buckets(address, user)
        with self._lock:
            waits = [self._wait_s(key, burst, every) for key, burst, every in buckets]
            if max(waits) > 0:
                return math.ceil(max(waits))
            for key, _, every in buckets:
                self._add(key, every, 1)
            return None

    def take_back(self, address: str, user: str) -> None:
        """The attempt does not count."""
        with self._lock:
            for key, _, every in self._buckets(address, user):
                self._add(key, every, -1)

    def right(self, address: str, user: str) -> None:
        """The attempt was right: it does not count."""
        self.take_back(address, user)
        with self._lock:
            self._welcome[network_of(address), user] = None
            self._welcome.move_to_end((network_of(address), user))
            while len(self._welcome) > _KEPT:
                self._welcome.popitem(last=False)

    def is_welcome(self, address: str, user: str) -> bool:
        """Whether this name was right from this address before, and has attempts left there.
        Counts nothing."""
        key, burst, every = self._buckets(address, user)[0]
        with self._lock:
            known = (network_of(address), user) in self._welcome
            return known and self._wait_s(key, burst, every) <= 0

    def _level(self, key: str, every: float) -> float:
        level, at = self._full_at.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock.monotonic() - at) / every)

    def _wait_s(self, key: str, burst: int, every: float) -> float:
        return (self._level(key, every) + 1 - burst) * every

    def _add(self, key: str, every: float, count: int) -> None:
        level = max(0.0, self._level(key, every) + count)
        self._full_at[key] = (level, self._clock.monotonic())
        self._full_at.move_to_end(key)
        while len(self._full_at) > _KEPT:
            self._full_at.popitem(last=False)

    def _buckets(self, address: str, user: str) -> tuple[tuple[str, int, float], ...]:
        """Those that an attempt counts in. Guesses elsewhere, or at other names, must not keep out
        whoever was right from here before; and the bound of the address is enough for whoever is
        on this machine, which nobody has many of."""
        network = network_of(address)
        if (network, user) in self._welcome:
            return ((f"pair {network} {user[:100]}", ADDRESS_BURST, ADDRESS_EVERY_S),)
        of_address = (f"address {network}", ADDRESS_BURST, ADDRESS_EVERY_S)
        if _is_local(network):
            return (of_address,)
        return (of_address, (f"user {user[:100]}", USER_BURST, USER_EVERY_S))


def _is_local(network: str) -> bool:
    """Whether it is this machine: loopback, or a unix socket."""
    return network == "unix socket" or network.startswith("127.") or network == "::/64"
