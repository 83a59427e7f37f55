"""Which gaps are over and were not searched yet, whatever happens to our clock.

A gap is known by its bounds, not by whether it ended after the last one: a clock that was set back
would hide all gaps until it has come so far again, and one that was set on makes gaps that lie in
the future afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from umbel.clock import AHEAD_S
from umbel.store.base import KeptGap

#: Gaps that ended longer before the start are not searched, seconds.
BEFORE_S: Final = 3_600.0
#: What ended just now may still be on its way, seconds.
SETTLE_S: Final = 2.0
#: When it was by the clock of now is known to within so much, seconds.
_UNSURE_S: Final = 600.0


class UnsearchedGaps:
    """One thread. `started` is when it was made (Unix seconds)."""

    def __init__(self, started: float) -> None:
        self._since = started - BEFORE_S
        self._searched: set[tuple[float, float]] = set()

    def take(self, gaps: Iterable[KeptGap], now: float) -> list[tuple[float, float]]:
        """From when to when is to be searched now, of these gaps, which are all that are known."""
        self._since = min(self._since, now - BEFORE_S)
        bounds = {(gap.start, gap.end): gap for gap in gaps if gap.end > self._since}
        self._searched &= bounds.keys()
        new = [
            gap
            for of, gap in bounds.items()
            if of not in self._searched and not now - SETTLE_S <= gap.end <= now + AHEAD_S
        ]
        self._searched |= {(gap.start, gap.end) for gap in new}
        return [_by_the_clock_of(now, gap) for gap in new]


def _by_the_clock_of(now: float, gap: KeptGap) -> tuple[float, float]:
    ahead_s = gap.end - now
    if ahead_s <= AHEAD_S:
        return gap.start, gap.end
    return gap.start - ahead_s - _UNSURE_S, now
