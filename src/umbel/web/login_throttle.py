"""Login throttle: wrong passwords are limited by address, and by the user name that is tried.

Each address and each name has a leaky bucket, which a wrong attempt fills and time empties: after
10 wrong attempts an address may try once in 10 s. An attempt counts before its password is
checked, so that many at once gain nothing, and is taken back when the password was right. The
bucket of a name is larger, since whoever fills it keeps its owner out for a moment. Sessions and
tokens are not throttled.

A program that sends its password with every request must not be kept out by guessers elsewhere. So
a name that logged in from an address is *welcome* there and has a bucket of its own, until too
many wrong passwords for this name come from this address. Past the bound, a right password gets
the same answer as a wrong one. Counts are in the memory of one process: with k web servers a
guesser has k times the attempts.
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
_REMEMBERED_MAX: Final = 20_000


class LoginThrottle:
    """Counts login attempts. Any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_at: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._welcome: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, address: str, user: str) -> int | None:
        """Count one attempt. Returns None, or, if there were too many, the whole seconds to
        wait; the attempt is not counted then."""
        buckets = self._buckets(address, user)
        with self._lock:
            waits = [self._wait_s(key, burst, every) for key, burst, every in buckets]
            if max(waits) > 0:
                return math.ceil(max(waits))
            for key, _, every in buckets:
                self._add(key, every, 1)
            return None

    def take_back(self, address: str, user: str) -> None:
        """Uncount an attempt that was not checked."""
        with self._lock:
            for key, _, every in self._buckets(address, user):
                self._add(key, every, -1)

    def right(self, address: str, user: str) -> None:
        """Uncount an attempt whose password was right, and make the name welcome there."""
        self.take_back(address, user)
        with self._lock:
            self._welcome[network_of(address), user] = None
            self._welcome.move_to_end((network_of(address), user))
            while len(self._welcome) > _REMEMBERED_MAX:
                self._welcome.popitem(last=False)

    def is_welcome(self, address: str, user: str) -> bool:
        """Whether this name logged in from this address before, and has attempts left there.
        Counts nothing."""
        key, burst, every = self._buckets(address, user)[0]
        with self._lock:
            is_welcome_name = (network_of(address), user) in self._welcome
            return is_welcome_name and self._wait_s(key, burst, every) <= 0

    def _level(self, key: str, every: float) -> float:
        level, at = self._full_at.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock.monotonic() - at) / every)

    def _wait_s(self, key: str, burst: int, every: float) -> float:
        return (self._level(key, every) + 1 - burst) * every

    def _add(self, key: str, every: float, count: int) -> None:
        level = max(0.0, self._level(key, every) + count)
        self._full_at[key] = (level, self._clock.monotonic())
        self._full_at.move_to_end(key)
        while len(self._full_at) > _REMEMBERED_MAX:
            self._full_at.popitem(last=False)

    def _buckets(self, address: str, user: str) -> tuple[tuple[str, int, float], ...]:
        """The buckets that an attempt counts in. Guesses elsewhere, or at other names, must not
        keep out a welcome client; and on this machine the bucket of the address is enough, since
        nobody has many such addresses."""
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
