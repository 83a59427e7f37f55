"""First requests of people who log in with each request anew, by a proxy's or a provider's word:
they have no session that begins, and the audit is to tell all the same that they came."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from umbel.clock import Clock

#: After so long without a line the next request is told as the first one, seconds.
EVERY_S: Final = 86_400.0
_REMEMBERED: Final = 10_000


class FirstRequests:
    """On the event loop. Counts in the memory of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def note(self, *key: str) -> bool:
        """Whether this is the first request of the day of whoever is named."""
        now = self._clock.monotonic()
        at = self._at.get(key)
        if at is not None and now - at < EVERY_S:
            return False
        self._at.pop(key, None)
        self._at[key] = now
        while len(self._at) > _REMEMBERED:
            self._at.popitem(last=False)
        return True
