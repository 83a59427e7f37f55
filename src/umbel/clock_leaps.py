"""Whether somebody set the clock while a process runs, by the clock that nobody sets."""

from __future__ import annotations

from collections.abc import Callable

from umbel.clock import AHEAD_S, Clock, suspended_s


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
