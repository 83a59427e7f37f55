"""Monotonic timestamps of changes: by the store's own clock, and never the same twice.

Lists that are ordered by the last change, and the cursors into them, rely on it: each change
is later than all before it, also within one batch and when the clock is set back.
"""

from __future__ import annotations

from typing import Final

from umbel.clock import Clock

#: How far two changes of one moment are apart, seconds: a float of our time can tell them.
STEP_S: Final = 1e-6


class Stamps:
    """Gives one stamp (Unix seconds) for each change, every one later than `last`."""

    def __init__(self, clock: Clock, last: float = 0.0) -> None:
        self._clock = clock
        self._last = last
        self._now = 0.0

    def begin(self) -> None:
        """A batch is taken in now."""
        self._now = self._clock.now()

    def next(self) -> float:
        """The stamp of the batch's next change."""
        last = self._last + STEP_S
        self._last = last if last > self._now else self._now
        return self._last
