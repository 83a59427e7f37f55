"""How many look-ups a second are made, and how many more may be."""

from __future__ import annotations

from collections import deque
from typing import Final

from umbel.clock import Clock

_WINDOW_S: Final = 10.0


class LookupRate:
    """A token bucket of one second's look-ups, and what was taken of late. One thread; `recent`
    is for any."""

    def __init__(self, per_second: int, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._left = float(per_second)
        self._at = clock.monotonic()
        self._taken: deque[tuple[float, int]] = deque()
        self.total = 0

    def left(self) -> int:
        """How many may be made now."""
        now = self._clock.monotonic()
        self._left = min(float(self._per_second), self._left + (now - self._at) * self._per_second)
        self._at = now
        return int(self._left)

    def take(self, count: int) -> None:
        """So many are made."""
        self._left -= count
        self.total += count
        self._taken.append((self._clock.monotonic(), count))
        self._forget()

    def recent(self) -> float:
        """Look-ups a second over the last ten."""
        since = self._clock.monotonic() - _WINDOW_S
        return sum(count for at, count in tuple(self._taken) if at > since) / _WINDOW_S

    def _forget(self) -> None:
        since = self._clock.monotonic() - _WINDOW_S
        while self._taken and self._taken[0][0] <= since:
            self._taken.popleft()
