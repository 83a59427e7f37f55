"""Code throttle: wrong codes of a second factor are limited by user, wherever they come from.

Whoever tries codes knows the password already, so that no stranger can keep somebody out by a limit
for users, and it can be strict: ten wrong codes, then one in a quarter of an hour. Of the million
codes three are right at a time: who guesses for a year finds one with a probability of a tenth, and
35,000 refusals are in the audit by then. Recovery codes cannot be guessed and are not limited, so
that their owner gets in meanwhile. Counts are in the memory of one process, as those of passwords.
"""

from __future__ import annotations

import math
import threading
from typing import Final

from umbel.clock import Clock

#: So many attempts at once, and so many seconds until one more.
BURST: Final = 10
EVERY_S: Final = 900.0


class CodeThrottle:
    """Counts attempts by user, of whom there are as many as the settings name. Any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def begin(self, user: str) -> int | None:
        """Count one attempt. Returns None, or, if there were too many, the whole seconds to wait;
        the attempt is not counted then."""
        with self._lock:
            wait_s = (self._level(user) + 1 - BURST) * EVERY_S
            if wait_s > 0:
                return math.ceil(wait_s)
            self._add(user, 1)
            return None

    def take_back(self, user: str) -> None:
        """Uncount an attempt that was right, or not checked."""
        with self._lock:
            self._add(user, -1)

    def _level(self, user: str) -> float:
        level, at = self._levels.get(user, (0.0, 0.0))
        return max(0.0, level - (self._clock.monotonic() - at) / EVERY_S)

    def _add(self, user: str, count: int) -> None:
        level = max(0.0, self._level(user) + count)
        self._levels[user] = (level, self._clock.monotonic())
