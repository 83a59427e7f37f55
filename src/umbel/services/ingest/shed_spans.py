"""Spans of time in which messages were left out, for want of room: gaps like any other.

What they told is missing, also where their tasks were heard of before or after, so the count of
what workers ran does not show it: a task whose start was stored and whose end was left out counts
as heard. As a gap it makes the tasks of that time suspected, and has results searched for those of
which nothing was heard at all.
"""

from __future__ import annotations

import threading
from typing import Final

from umbel.cluster.gaps import Gap

#: A span is over when so long nothing was left out, seconds.
OVER_AFTER_S: Final = 2.0
#: A longer span is told in parts, lest a collector that is killed takes it along, seconds.
PART_S: Final = 30.0


class ShedSpans:
    """Noted by the thread that reads, taken by the one that writes. Times are Unix seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start: float | None = None
        self._end = 0.0

    def note(self, start: float, end: float) -> None:
        """Something that happened from `start` to `end` was left out at `end`."""
        with self._lock:
            is_set_back = self._start is not None and end < self._end - OVER_AFTER_S
            if self._start is None or is_set_back:
                self._start = start
            self._end = end

    def take(self, now: float) -> tuple[Gap, ...]:
        """The span that is over at `now`, or long; a clock that was set ends it."""
        with self._lock:
            start = self._start
            if start is None or (
                abs(now - self._end) < OVER_AFTER_S and self._end - start < PART_S
            ):
                return ()
            self._start = None
            return (Gap(start, max(start, self._end), "shed"),)
