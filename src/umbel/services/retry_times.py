"""When something is tried again that did not work: later and later."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import Final

#: The longest that something is let alone, seconds.
AGAIN_MAX_S: Final = 60.0


class RetryTimes:
    """By key. What failed is tried again after `first_s` seconds, and each time it is let alone
    twice as long. Times are those of the monotonic clock. One thread."""

    def __init__(self, first_s: float) -> None:
        self._first_s = first_s
        self._due: dict[Hashable, tuple[float, float]] = {}

    def is_due(self, key: Hashable, now: float) -> bool:
        """Whether it is to be tried now; what never failed is."""
        return key not in self._due or now >= self._due[key][0]

    def put_off(self, key: Hashable, now: float) -> None:
        """It failed now."""
        wait_s = min(self._due[key][1] * 2, AGAIN_MAX_S) if key in self._due else self._first_s
        self._due[key] = now + wait_s, wait_s

    def forget(self, key: Hashable) -> None:
        """It worked."""
        self._due.pop(key, None)

    def forget_others(self, keys: Collection[Hashable]) -> None:
        """Nothing else is there any more."""
        self._due = {key: each for key, each in self._due.items() if key in keys}
