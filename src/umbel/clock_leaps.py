"""Whether somebody set the clock while a process runs, by the clock that nobody sets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from umbel.clock import AHEAD_S, Clock, suspended_s

log = logging.getLogger(__name__)

#: How far a clock is set on at most that is believed at once, and how long one is not believed that
#: was set on farther, seconds.
BELIEVED_S: Final = 3_600.0
DOUBTED_FOR_S: Final = 86_400.0


class ClockLeaps:
    """One thread. Time that a machine slept was lived through, and is no leap."""

    def __init__(self, clock: Clock, suspended: Callable[[], float] = suspended_s) -> None:
        self._clock = clock
        self._suspended = suspended
        self._offset_s = self._offset()

    def since_last(self) -> float:
        """By how much it was set since this was called last, seconds: above 0 on, below 0 back. 0
        where it was less than a minute."""
        before, self._offset_s = self._offset_s, self._offset()
        leap_s = self._offset_s - before
        return leap_s if abs(leap_s) > AHEAD_S else 0.0

    def _offset(self) -> float:
        return self._clock.now() - self._clock.monotonic() - self._suspended()


class RemovalTime:
    """The time by which it is judged what is old enough to be removed. Any thread.

    A clock that goes wrong for a minute must not take a history with it: where it was set on by
    more than an hour, what that made old stays for a day. Set back before, all of it stays."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._leaps = ClockLeaps(clock)
        self._lock = threading.Lock()
        self._ahead_s = 0.0
        self._until = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return self._clock.now() - self.doubted_s()

    def doubted_s(self) -> float:
        """How far the clock was set on by what is not believed, seconds."""
        with self._lock:
            leap_s, at = self._leaps.since_last(), self._clock.monotonic()
            if at >= self._until:
                self._ahead_s = 0.0
            self._ahead_s = max(0.0, self._ahead_s + leap_s)
            if leap_s > 0:
                self._until = at + DOUBTED_FOR_S
            doubted_s = self._ahead_s if self._ahead_s > BELIEVED_S else 0.0
            if leap_s > 0 and doubted_s:
                log.warning(
                    "The clock was set on by %.1f hours. What is old by it alone is removed in a "
                    "day, unless it is set back.",
                    doubted_s / 3_600,
                )
            return doubted_s
